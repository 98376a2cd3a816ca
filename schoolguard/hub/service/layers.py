"""Compiles all accepted lists and publishes the result as layers: a base now and then, deltas in between.

Lists are compiled and layers made in child processes. A kill at any step loses a compile, nothing else: what
is published is what the metadata say, and the next run begins with them.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import Signer

from schoolguard.categories import BY_NAME
from schoolguard.hub.service.list_check import list_id
from schoolguard.hub.service.plan import (
    BASE,
    DELTA,
    Layer,
    Published,
    layer_path,
    next_published,
    published_of,
    wants_base,
)
from schoolguard.hub.service.settings import LayerSettings
from schoolguard.hub.service.taking import LISTS, targets_before
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.service.wholes import Wholes, header_of
from schoolguard.hub.tuf.compiled import draft_compiled
from schoolguard.hub.tuf.drafts import drop_draft
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.signing import File
from schoolguard.intake.guardrails.effects import effect_reasons
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.names import COMPILED, TARGETS, is_partner_id, served_target
from schoolguard.language import N_, Said
from schoolguard.lists.compile import Outcome
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.request import Request, outcome_from_json, request_to_json
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

_CHILD = N_("the layers could not be made: {why}")
_EFFECTS = N_("the lists together would do what nobody may: {why}")

_log = logging.getLogger("schoolguard.hub")


class LayersFailed(Said):
    """No new layers are published; those before stay."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What the child made: the state, the layers' digests (no delta: nothing), and where they lie."""

    state: str
    base: str
    delta: str
    folder: Path


class Layers:
    """The publisher's compiled layers; ``stack`` are those that are published."""

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        turns: Turns,
        signers: Sequence[Signer],
        wholes: Wholes,
        settings: LayerSettings,
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._repository = repository
        self._turns = turns
        self._signers = signers
        self._wholes = wholes
        self._settings = settings
        self._clock = clock
        self._running = threading.Lock()
        self._stack: Stack | None = None

    def stack(self) -> Stack:
        """Return the layers in force, looked up as gateways do; empty before the first."""
        if self._stack is None:
            newest = self._whole(self.published().newest)
            self._stack = Stack([Snapshot.open(newest)] if newest.is_file() else [])
        return self._stack

    def published(self) -> Published:
        """Return the layers that are published now."""
        return published_of(targets_before(self._repository, COMPILED).values())

    def update(self, known: WellKnown, limits: Limits) -> int | None:
        """Compile and publish what changed; return the timestamp's version, None when nothing changed.

        Raises ``LayersFailed``, ``RepositoryFailed``, ``OSError``.
        """
        with self._running:
            sources = self._sources()
            published = self.published()
            if not sources and not published.newest:
                return None
            outcome = self._compiled(sources)
            if outcome.digest == published.newest:
                return None
            self._check(outcome.path, known, limits)
            whole = self._kept(outcome)
            made = self._made(self._whole(published.newest), whole)
            version = self._publish(published, made)
            self._stack = Stack([Snapshot.open(whole)])
            self._clear(made)
            return version

    def _sources(self) -> tuple[ListSource, ...]:
        folder = self._folder / "lists"
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for target in self._pushed():
            header = header_of(self._wholes.path(target.sha256))
            path = folder / f"{target.sha256}.list"
            if not path.is_file():
                self._wholes.write_list(target.sha256, path)
            bit = BY_NAME[header.category].bit
            id = list_id(header.partner, header.list)
            found.append(ListSource(id, str(path), bit, Kind(header.kind), "adblock", Exceptions.OFF,
                                    max_shrink=None, max_growth=None))  # judged before  # fmt: skip
        names = {Path(source.path).name for source in found}
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
        return tuple(found)

    def _pushed(self) -> list[Target]:
        """Return every accepted list that is here whole, and forget all others."""
        found = []
        for role in partner_roles(self._repository):
            targets = targets_before(self._repository, role)
            found += [target for path, target in sorted(targets.items()) if path.startswith(LISTS)]
        for target in found:
            if not self._wholes.path(target.sha256).is_file():
                _log.error("a list must be pushed again, whole", extra={"path": target.path})
        return [target for target in found if self._wholes.path(target.sha256).is_file()]

    def _compiled(self, sources: tuple[ListSource, ...]) -> Outcome:
        target = self._folder / "snapshots"
        request = Request(sources, target, None, self._folder / "archive", int(self._clock()))
        answer = _child(["schoolguard.lists.child", "-"], request_to_json(request))
        return outcome_from_json(answer)

    def _check(self, path: Path, known: WellKnown, limits: Limits) -> None:
        found = effect_reasons(self.stack(), Stack([Snapshot.open(path)]), known, limits)
        refused = tuple(reason.said for reason in found if reason.action >= Action.HOLD)
        if refused:
            raise LayersFailed(_EFFECTS, why=refused)

    def _whole(self, state: str) -> Path:
        return self._folder / "whole" / f"{state}.snapshot"

    def _kept(self, outcome: Outcome) -> Path:
        """Give the snapshot a name of its own: the compiler deletes its old ones, the next delta needs it."""
        path = self._whole(outcome.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            os.link(outcome.path, path)
        return path

    def _made(self, old: Path, new: Path) -> _Made:
        folder = self._folder / "made"
        shutil.rmtree(folder, ignore_errors=not folder.exists())
        folder.mkdir(parents=True)
        words = [str(old) if old.is_file() else "-", str(new), str(folder)]
        made = json.loads(_child(["schoolguard.hub.service.layer_child", *words], ""))
        return _Made(made["state"], made["base"], made["delta"], folder)

    def _publish(self, published: Published, made: _Made) -> int:
        base, delta = self._layers(published, made)
        after = next_published(published, base, delta, self._settings)
        files = {layer.path: File(made.folder / layer.kind, layer.custom) for layer in (base, delta) if layer}
        keep = [each.path for each in (after.base, *after.deltas) if each and each.path not in files]
        with self._turns.taken():
            now = self._clock()
            with self._repository.locked():
                drop_draft(self._repository, COMPILED)  # of a run that was killed
            draft_compiled(self._repository, files, self._signers, now, keep=keep)
            done = publish(self._repository, self._signers, now)
        told = {"state": made.state, "layers": sorted(files), "timestamp": done.timestamp}
        _log.info("layers published", extra=told)
        return done.timestamp

    def _layers(self, published: Published, made: _Made) -> tuple[Layer | None, Layer | None]:
        repeated = made.state in published.states
        delta = None
        if made.delta and published.base and not repeated:
            size = (made.folder / DELTA).stat().st_size
            delta = Layer(layer_path(made.delta), size, DELTA, made.state, published.newest)
        wanted = delta is None or wants_base(published, made.state, self._base_age(published), self._settings)
        size = (made.folder / BASE).stat().st_size
        return (Layer(layer_path(made.base), size, BASE, made.state) if wanted else None), delta

    def _base_age(self, published: Published) -> float:
        """Return how long the base has been published: its file was written just before."""
        targets = targets_before(self._repository, COMPILED)
        target = targets.get(published.base.path) if published.base else None
        if target is None:
            return 0.0
        path = self._repository.served / served_target(target.path, target.sha256)
        return self._clock() - path.stat().st_mtime if path.is_file() else 0.0

    def _clear(self, made: _Made) -> None:
        shutil.rmtree(made.folder)
        for path in self._whole(made.state).parent.iterdir():
            if path.name != f"{made.state}.snapshot":
                path.unlink()
        wanted = {target.sha256 for target in self._pushed()}
        self._wholes.collect(wanted, self._clock())


def partner_roles(repository: Repository) -> list[str]:
    """Return the roles of all partners that are taken in."""
    top = repository.published(TARGETS)
    roles = (top.signed.delegations.roles or {}) if top is not None and top.signed.delegations else {}
    return sorted(role for role in roles if is_partner_id(role.removeprefix("partner-")) and role != COMPILED)


def _child(words: list[str], given: str) -> str:
    run = subprocess.run(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", *words], input=given, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise LayersFailed(_CHILD, why=run.stderr.strip() or run.returncode)
    return run.stdout
