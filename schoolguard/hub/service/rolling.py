"""The way of lists put on the disk: reads what decisions rest on, writes what was decided, before anything is
compiled.

It must not publish. One thread at a time uses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from securesystemslib.signer import Key

from schoolguard.hub.rollout import versions as history
from schoolguard.hub.rollout.approvals import Approvals, read_approvers
from schoolguard.hub.rollout.deciding import (
    Decided,
    Sources,
    contents,
    decide,
    list_name,
    take_back,
    told_back,
)
from schoolguard.hub.rollout.log import DecisionLog
from schoolguard.hub.rollout.reports import Reports
from schoolguard.hub.rollout.settings import RolloutSettings
from schoolguard.hub.rollout.state import State, read_state, write_state
from schoolguard.hub.rollout.tracks import Step, Track
from schoolguard.hub.rollout.versions import Version
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.wholes import Wholes
from schoolguard.intake.rollout.stages import Stage
from schoolguard.language import Said

STATE, DECISIONS, REPORTS_DB, WHOLES = "rollout.json", "decisions.log", "rollout.db", "wholes"

_log = logging.getLogger("schoolguard.hub")


@dataclass(frozen=True, slots=True)
class Rolling:
    """The files of one publisher's folder; ``approvers`` are public keys by id."""

    folder: Path
    settings: RolloutSettings
    approvers: Mapping[str, Key]
    needed: int
    wholes: Wholes
    reports: Reports
    clock: Callable[[], float]

    @property
    def log(self) -> DecisionLog:
        """What people decided."""
        return DecisionLog(self.folder / DECISIONS, self.approvers)

    @property
    def approvals(self) -> Approvals:
        """Who agreed to what; raises ``CannotDecide``."""
        return Approvals(self.log.read(), self.needed)

    def state(self) -> State:
        """Return the state written last; raises ``StateBroken``."""
        return read_state(self.folder / STATE) or State()

    def in_force(self, path: str) -> str:
        """Return the content of a list that all schools enforce."""
        track = self.state().tracks.get(path)
        return "" if track is None else track.content(Stage.ALL)

    def has_agreed(self, path: str, content: str) -> bool:
        """Return whether enough people agreed to a list's content; raises ``CannotDecide``."""
        return self.approvals.agreed(list_name(path), content)

    def decided(self, pushed: Mapping[str, str], partners: frozenset[str], *, published: bool) -> Decided:
        """Move all lists on and write that down; ``published`` tells whether any layers are.

        Raises ``StateBroken``, ``CannotDecide``, ``CannotKeepReports``, ``OSError``.
        """
        now = self.clock()
        state = read_state(self.folder / STATE)
        if state is None:
            state = adopted(pushed, now) if published else State()
        sources = Sources(pushed, partners, self._held, self.approvals, self.reports.effects)
        decided = decide(state, sources, self.settings, now)
        for own in decided.by_itself:
            self.log.note(own)
            _log.error("list taken back", extra={"list": own.list, "reason": own.reason})
        if decided.state != state:
            write_state(self.folder / STATE, decided.state)
        return decided

    def refuse(self, state: State, version: Version, reason: Said) -> State:
        """Take back what a version changed against what all enforce, and write that down."""
        now, former = self.clock(), contents(state, Stage.ALL)
        if version.contents == former:  # it is on its way to all: what was there before
            before = history.current(state.versions, Stage.ALL)
            former = {} if before is None else dict(before.contents)
        for own in told_back(version, former, reason, now):
            self.log.note(own)
            _log.error("list taken back", extra={"list": own.list, "reason": own.reason})
        state = take_back(state, version, former, reason, now)
        write_state(self.folder / STATE, state)
        return state

    def note(self, state: State, places: Mapping[Stage, Version]) -> State:
        """Write down which versions are in which stage; forget versions and reports that are too old."""
        versions = history.noted(state.versions, self.clock(), places)
        state = replace(state, versions=history.kept(versions, self.settings.kept))
        write_state(self.folder / STATE, state)
        self.reports.forget({version.state for version in places.values()})
        return state

    def wanted(self, state: State) -> frozenset[str]:
        """Return every content that a list or a kept version needs."""
        found = {content for track in state.tracks.values() for content in track.contents}
        return frozenset(found.union(*(version.contents.values() for version in state.versions)))

    def _held(self, content: str) -> bool:
        return self.wholes.held(content)


def adopted(pushed: Mapping[str, str], now: float) -> State:
    """Return the state of a publisher that published before it had one: everything is with all."""
    return State({path: Track(all=Step(content, now)) for path, content in pushed.items()})


def rolling_of(
    folder: Path, settings: HubSettings, enrolled: Enrolled, clock: Callable[[], float]
) -> Rolling:
    """Return the way of lists of a publisher's folder; raises ``NoApprovers``."""
    approvers = read_approvers(settings.approvers, settings.agreements)
    reports = Reports(folder / REPORTS_DB, enrolled.key_of)
    wholes = Wholes(folder / WHOLES)
    return Rolling(folder, settings.rollout, approvers, settings.agreements, wholes, reports, clock)
