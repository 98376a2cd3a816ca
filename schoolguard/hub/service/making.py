"""Makes the layers to publish from snapshots: the next piece of the line for all, and a branch for a stage.

It must not publish. What is published already and still right is not made again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schoolguard.hub.service.compiled_lists import Compiled, CompiledLists, child
from schoolguard.hub.service.plan import BASE, DELTA, Layer, Published, layer_path, next_published, wants_base
from schoolguard.hub.service.settings import LayerSettings
from schoolguard.hub.service.taking import targets_before
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.rollout.stages import Stage
from schoolguard.intake.trust.names import COMPILED, served_target


@dataclass(frozen=True, slots=True)
class Made:
    """What the child made: the state, the layers' digests (no delta: empty), where they lie, what changes."""

    state: str
    base: str
    delta: str
    folder: Path
    changes: Mapping[str, int]


class Making:
    """Works in a folder of its own; one thread at a time."""

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        lists: CompiledLists,
        settings: LayerSettings,
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._repository = repository
        self._lists = lists
        self._settings = settings
        self._clock = clock

    def made(self, stage: Stage, old: str, new: Compiled) -> Made:
        """Return a base and, where it can be, a delta from the state ``old``; raises ``LayersFailed``."""
        folder = self._folder / stage.value
        shutil.rmtree(folder, ignore_errors=not folder.exists())
        folder.mkdir(parents=True)
        former = self._lists.whole(old)
        words = [str(former) if former.is_file() else "-", str(new.path), str(folder)]
        made = json.loads(child(["schoolguard.hub.service.layer_child", *words], ""))
        return Made(made["state"], made["base"], made["delta"], folder, made["changes"])

    def line(self, published: Published, made: Made) -> tuple[Published, dict[str, Path]]:
        """Return what is published for all next, and the files of what is new in it."""
        delta = None
        if made.delta and published.base and made.state not in published.states:
            delta = self._layer(made, DELTA, follows=published.newest)
        base = None
        if delta is None or wants_base(published, made.state, self._base_age(published), self._settings):
            base = self._layer(made, BASE)
        files = {layer.path: made.folder / layer.kind for layer in (base, delta) if layer}
        return next_published(published, base, delta, self._settings), files

    def standing(self, stage: Stage, compiled: Compiled, of_all: Compiled) -> Layer | None:
        """Return the branch of a stage that is published and leads from all's state to the stage's."""
        for path, target in targets_before(self._repository, COMPILED).items():
            said = {word: str(target.custom.get(word, "")) for word in ("kind", "state", "follows", "stage")}
            layer = Layer(path, target.length, **said)
            leads = layer.state == compiled.state and layer.follows in ("", of_all.state)
            if leads and layer.stage == stage.value:
                return layer
        return None

    def branch(self, stage: Stage, made: Made, of_all: Compiled) -> tuple[Layer, Path]:
        """Return the layer that leads to a stage's state, and its file."""
        if made.delta:
            return self._layer(made, DELTA, of_all.state, stage.value), made.folder / DELTA
        return self._layer(made, BASE, "", stage.value), made.folder / BASE

    def clear(self) -> None:
        """Delete what was made; it is published."""
        shutil.rmtree(self._folder, ignore_errors=not self._folder.exists())

    def _layer(self, made: Made, kind: str, follows: str = "", stage: str = "") -> Layer:
        digest = made.delta if kind == DELTA else made.base
        size = (made.folder / kind).stat().st_size
        return Layer(layer_path(digest), size, kind, made.state, follows, stage)

    def _base_age(self, published: Published) -> float:
        """Return how long the base has been published: its file was written just before."""
        targets = targets_before(self._repository, COMPILED)
        target = targets.get(published.base.path) if published.base else None
        if target is None:
            return 0.0
        path = self._repository.served / served_target(target.path, target.sha256)
        return self._clock() - path.stat().st_mtime if path.is_file() else 0.0
