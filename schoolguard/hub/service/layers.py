"""Compiles accepted lists, stage by stage, and publishes the result: a line of layers for all, and branches.

Lists are compiled and layers made in child processes. A kill at any step loses a compile, nothing else: where
each list is was written down first, what is published is what the metadata say, and the next run begins with
both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer

from schoolguard.hub.rollout import versions as history
from schoolguard.hub.rollout.deciding import contents
from schoolguard.hub.rollout.state import State
from schoolguard.hub.rollout.versions import Version
from schoolguard.hub.service.compiled_lists import Compiled, CompiledLists
from schoolguard.hub.service.effects import clashes
from schoolguard.hub.service.laying_out import LayingOut
from schoolguard.hub.service.making import Made, Making
from schoolguard.hub.service.plan import Published, published_of
from schoolguard.hub.service.rolling import Rolling
from schoolguard.hub.service.settings import LayerSettings
from schoolguard.hub.service.settling import Settling
from schoolguard.hub.service.subscribed_contents import SubscribedContents
from schoolguard.hub.service.taking import LISTS, targets_before
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.service.wholes import Wholes
from schoolguard.hub.tuf.delegations import FETCHED
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.rollout.stages import Stage
from schoolguard.intake.trust.names import COMPILED, PARTNER, TARGETS, is_partner_id
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack


class Layers:
    """The publisher's compiled layers; ``due`` is when a list goes on by itself (Unix seconds)."""

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        turns: Turns,
        signers: Sequence[Signer],
        wholes: Wholes,
        settings: LayerSettings,
        clock: Callable[[], float],
        rolling: Rolling,
        fetched: SubscribedContents,
    ) -> None:
        self._repository = repository
        self._laying = LayingOut(repository, turns, signers, clock)
        self._wholes = wholes
        self._clock = clock
        self._rolling = rolling
        self._fetched = fetched
        self._lists = CompiledLists(folder, wholes, clock, fetched)
        self._making = Making(folder / "made", repository, self._lists, settings, clock)
        self._running = threading.Lock()
        self._stack: Stack | None = None
        self.due: float | None = None

    def stack(self) -> Stack:
        """Return the layers that all enforce, looked up as gateways do; empty before the first."""
        if self._stack is None:
            newest = self._lists.whole(self.published().newest)
            self._stack = Stack([Snapshot.open(newest)] if newest.is_file() else [])
        return self._stack

    def published(self) -> Published:
        """Return the layers of all that are published now."""
        return published_of(targets_before(self._repository, COMPILED).values())

    def update(self, known: WellKnown, limits: Limits) -> int | None:
        """Move lists on, compile and publish; return the timestamp's version, None when nothing changed.

        Raises ``LayersFailed``, ``StateBroken``, ``CannotDecide``, ``CannotKeepReports``, what publishing
        raises, and ``OSError``.
        """
        with self._running:
            pushed = {**self._pushed(), **self._fetched.pushed()}
            published = self.published()
            partners = frozenset(role.removeprefix(PARTNER) for role in partner_roles(self._repository))
            decided = self._rolling.decided(pushed, partners | {FETCHED}, published=bool(published.newest))
            self.due = decided.due
            if not decided.state.tracks and not published.newest:
                return None
            state, compiled = self._settling(published, known, limits).settled(decided.state)
            version = self._published(state, published, compiled, known, limits)
            self._stack = Stack([Snapshot.open(compiled[Stage.ALL].path)])
            self._clear(state, compiled, pushed)
            return version

    def _pushed(self) -> dict[str, str]:
        """Return the content of every accepted list by its target name."""
        found = {}
        for role in partner_roles(self._repository):
            for path, target in targets_before(self._repository, role).items():
                if path.startswith(LISTS):
                    found[path] = target.sha256
        return found

    def _published(
        self,
        state: State,
        published: Published,
        compiled: Mapping[Stage, Compiled],
        known: WellKnown,
        limits: Limits,
    ) -> int | None:
        made: dict[Stage, Made] = {}
        line, files = published, dict[str, Path]()
        of_all = compiled[Stage.ALL]
        if of_all.state != published.newest:
            made[Stage.ALL] = self._making.made(Stage.ALL, published.newest, of_all)
            line, files = self._making.line(published, made[Stage.ALL])
        branches = []
        for stage in (each for each in (Stage.CANARY, Stage.SHADOW) if each in compiled):
            branch = self._making.standing(stage, compiled[stage], of_all)
            if branch is None:
                made[stage] = self._making.made(stage, of_all.state, compiled[stage])
                branch, file = self._making.branch(stage, made[stage], of_all)
                files[branch.path] = file
            branches.append(branch)
        self._note(state, compiled, made, known, limits)
        states = {stage: each.state for stage, each in compiled.items()}
        return self._laying.publish(line, branches, states, self._rolling.settings.canaries, files)

    def _note(
        self,
        state: State,
        compiled: Mapping[Stage, Compiled],
        made: Mapping[Stage, Made],
        known: WellKnown,
        limits: Limits,
    ) -> None:
        """Write down which version is where, with what the publisher found of those that are new."""
        places = {}
        former = self._former(state, compiled[Stage.ALL])
        for stage, each in compiled.items():
            found: dict[str, Any] = {"names": each.names, "bytes": each.path.stat().st_size}
            if stage in made:
                found |= made[stage].changes
                if stage is not Stage.ALL:
                    new = Stack([Snapshot.open(each.path)])
                    found["clashes"] = clashes(self.stack(), new, known, limits)
            before = former if stage is Stage.ALL else compiled[Stage.ALL].state
            places[stage] = Version(
                0, each.state, 0, stage.value, 0, contents(state, stage), before, found=found
            )
        self._rolling.note(state, places)

    def _former(self, state: State, of_all: Compiled) -> str:
        version = history.current(state.versions, Stage.ALL)
        return "" if version is None or version.state == of_all.state else version.state

    def _settling(self, published: Published, known: WellKnown, limits: Limits) -> Settling:
        return Settling(self._rolling, self._lists, published.newest, self.stack(), known, limits)

    def _clear(self, state: State, compiled: Mapping[Stage, Compiled], pushed: Mapping[str, str]) -> None:
        self._making.clear()
        of_stages = {content for stage in Stage for content in contents(state, stage).values()}
        self._lists.clear({each.state for each in compiled.values()}, of_stages, tuple(compiled))
        wanted = self._rolling.wanted(self._rolling.state())
        wanted = wanted.union(pushed.values())
        self._wholes.collect(wanted, self._clock())
        self._fetched.collect(wanted, self._clock())


def partner_roles(repository: Repository) -> list[str]:
    """Return the roles of all partners that are taken in."""
    top = repository.published(TARGETS)
    roles = (top.signed.delegations.roles or {}) if top is not None and top.signed.delegations else {}
    return sorted(role for role in roles if is_partner_id(role.removeprefix("partner-")) and role != COMPILED)
