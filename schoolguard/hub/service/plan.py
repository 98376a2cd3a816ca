"""Which compiled layers stay published, and whether the next one is a delta or a new base. Values only.

The published deltas are one line of states, oldest first, that ends in the newest. The base is one of these
states. A gateway takes the deltas from its own state on, or the base and those after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schoolguard.hub.service.settings import LayerSettings
from schoolguard.intake.trust.contents import Target

BASE, DELTA = "base", "delta"
_FIELDS = ("kind", "state", "follows")


@dataclass(frozen=True, slots=True)
class Layer:
    """A published layer; ``state`` is what it makes, ``follows`` what of, nothing for a base.

    ``stage`` is that of a branch, nothing in the line.
    """

    path: str
    length: int
    kind: str
    state: str
    follows: str = ""
    stage: str = ""

    @property
    def custom(self) -> dict[str, Any]:
        """What the metadata say of it."""
        found = {"kind": self.kind, "state": self.state, "follows": self.follows}
        return found | ({"stage": self.stage} if self.stage else {})


@dataclass(frozen=True, slots=True)
class Published:
    """The layers that are published: the base, and the deltas in line."""

    base: Layer | None = None
    deltas: tuple[Layer, ...] = ()

    @property
    def newest(self) -> str:
        """The state that gateways arrive at; nothing before the first base."""
        if self.deltas:
            return self.deltas[-1].state
        return self.base.state if self.base else ""

    @property
    def states(self) -> frozenset[str]:
        """Every state that one of the layers makes or follows."""
        layers = (*self.deltas, *((self.base,) if self.base else ()))
        return frozenset(state for layer in layers for state in (layer.state, layer.follows) if state)

    @property
    def since_base(self) -> tuple[Layer, ...]:
        """The deltas above the base."""
        states = [delta.follows for delta in self.deltas]
        state = self.base.state if self.base else ""
        return self.deltas[states.index(state) :] if state in states else ()


def layer_path(digest: str) -> str:
    """Return the target name of a layer by its digest, that of the file when it is unpacked."""
    return f"layers/{digest}.layer.zst"


def published_of(targets: Iterable[Target]) -> Published:
    """Return the layers that ``targets`` are; branches, and what is no layer of one line, are left out."""
    layers = [
        Layer(target.path, target.length, *(str(target.custom.get(each, "")) for each in _FIELDS))
        for target in targets
        if "stage" not in target.custom
    ]
    base = next((layer for layer in layers if layer.kind == BASE), None)
    by_start = {layer.follows: layer for layer in layers if layer.kind == DELTA}
    made = {layer.state for layer in by_start.values()}
    start = next((follows for follows in sorted(by_start) if follows not in made), None)
    line: list[Layer] = []
    while start in by_start and len(line) < len(by_start):
        line.append(by_start[start])
        start = line[-1].state
    return Published(base, tuple(line))


def wants_base(published: Published, state: str, base_age: float, settings: LayerSettings) -> bool:
    """Return whether a new base is due with the state that comes now."""
    base, above = published.base, published.since_base
    if base is None or state in published.states or base_age > settings.base_every:
        return True
    return len(above) + 1 > settings.deltas or sum(layer.length for layer in above) > base.length / 2


def next_published(
    published: Published, base: Layer | None, delta: Layer | None, settings: LayerSettings
) -> Published:
    """Return what is published with a new base, a new delta, or both."""
    if delta is None:
        return Published(base)  # the line is broken: every gateway takes the base
    return Published(base or published.base, (*published.deltas, delta)[-settings.kept :])


def listed(
    published: Published, branches: Iterable[Layer], stages: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return what the metadata say of each layer by its target name.

    ``stages`` stand with every layer of the line that makes the newest state: whichever of them a gateway
    goes by, it reads the same.
    """
    line = [*published.deltas, *((published.base,) if published.base else ())]
    said = {branch.path: branch.custom for branch in branches}
    for layer in line:
        more = {"stages": dict(stages)} if stages and layer.state == published.newest else {}
        said[layer.path] = layer.custom | more
    return said
