"""Which of a publisher's compiled layers a gateway needs: the state to reach, and the cheapest way there.

It must not read a layer; it believes what the publisher's role says of them, which is checked against the
layers themselves when they are installed.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schoolguard.intake.rollout.stages import BadStages, Stage, Stages, read_stages
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.names import COMPILED
from schoolguard.language import N_, Said

_PATH = re.compile(r"layers/([0-9a-f]{64})\.layer\.zst\Z")
_STATE = re.compile(r"[0-9a-f]{64}\Z")
_BASE, _DELTA = "base", "delta"

_BAD = N_("{path}: this is no description of a layer")
_BAD_STAGES = N_("{path}: this is no description of stages: {why}")
_HEADS = N_("the publisher's layers lead to {count} states and not to one")
_NO_WAY = N_("no base and no layers lead to the publisher's state {state}")


class ChainUnusable(Said):
    """The layers that a publisher lists do not make one state; ``word`` says why for programs."""

    def __init__(self, word: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.word = word


@dataclass(frozen=True, slots=True)
class Layer:
    """One compiled layer: its digest, unpacked, the state that it makes, the one that it follows.

    ``follows`` is empty in a base. ``stage`` is that of a branch, which leads beside what is for all.
    """

    target: Target
    digest: str
    state: str
    follows: str
    stage: str = ""


def layers_of(targets: Mapping[str, Target]) -> tuple[Layer, ...]:
    """Return the layers of the publisher's own role; raises ``ChainUnusable`` for one that is none."""
    mine = sorted(path for path, target in targets.items() if target.role == COMPILED)
    return tuple(_layer(targets[path]) for path in mine)


def head_of(layers: Iterable[Layer]) -> str | None:
    """Return the state for all, which no layer follows but branches, or ``None`` when there is no layer."""
    layers = tuple(layer for layer in layers if not layer.stage)
    if not layers:
        return None
    heads = {layer.state for layer in layers} - {layer.follows for layer in layers}
    if len(heads) != 1:
        raise ChainUnusable("several-states", _HEADS, count=len(heads))
    return heads.pop()


def stages_of(layers: Iterable[Layer]) -> Stages:
    """Return which states gateways of earlier stages have; raises ``ChainUnusable``."""
    layers = tuple(layers)
    head = head_of(layers)
    for layer in layers:
        if layer.state == head and not layer.stage and "stages" in layer.target.custom:
            try:
                return read_stages(layer.target.custom["stages"])
            except BadStages as error:
                raise ChainUnusable("bad-stages", _BAD_STAGES, path=layer.target.path, why=error) from error
    return Stages()


def state_for(layers: Sequence[Layer], gateway: str, schools: Collection[str]) -> str | None:
    """Return the state that a gateway is to enforce, ``None`` when there is no layer."""
    head = head_of(layers)
    return None if head is None else stages_of(layers).state_for(gateway, schools, head)


def every_way(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the layers that a gateway without any needs, whatever its stage: for a copy to carry away."""
    head, stages = head_of(layers), stages_of(layers)
    states = dict.fromkeys(filter(None, (head, stages.canary, stages.shadow)))
    return tuple(dict.fromkeys(layer for state in states for layer in route(layers, state)))


def route(layers: Sequence[Layer], head: str, *installed: str) -> tuple[Layer, ...]:
    """Return the layers to fetch, oldest first, that cost the fewest bytes; the first may be a base.

    Without a base first, they go on from one of the states ``installed``. Raises ``ChainUnusable``.
    """
    ways: list[tuple[int, int, str, tuple[Layer, ...]]] = []
    number = itertools.count()  # no two ways are compared further than this
    ways += [(0, next(number), state, ()) for state in installed]
    ways += [(each.target.length, next(number), each.state, (each,)) for each in layers if not each.follows]
    heapq.heapify(ways)
    done: set[str] = set()
    while ways:
        cost, _, state, way = heapq.heappop(ways)
        if state == head:
            return way
        if state in done:
            continue
        done.add(state)
        for each in layers:
            if each.follows == state:
                step = (cost + each.target.length, next(number), each.state, (*way, each))
                heapq.heappush(ways, step)
    raise ChainUnusable("no-way", _NO_WAY, state=head)


def _layer(target: Target) -> Layer:
    path, custom = _PATH.match(target.path), target.custom
    kind, state, follows = (custom.get(member) for member in ("kind", "state", "follows"))
    wanted = {_BASE: "", _DELTA: follows}.get(kind) if isinstance(kind, str) else None
    if path is None or not _is_state(state) or wanted != follows or not (kind == _BASE or _is_state(follows)):
        raise ChainUnusable("bad-layer", _BAD, path=target.path)
    stage = custom.get("stage", "")
    if stage not in ("", Stage.CANARY.value, Stage.SHADOW.value):
        raise ChainUnusable("bad-layer", _BAD, path=target.path)
    return Layer(target, path[1], str(state), str(follows), str(stage))


def _is_state(value: object) -> bool:
    return isinstance(value, str) and _STATE.match(value) is not None
