"""The versions of the compiled lists that were ever on their way: what changed, when, how far they came.

A version is a content for each list. Going back makes a new version of an old one's contents; TUF's own
versions, of which this knows nothing, only grow as well. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schoolguard.hub.rollout.reasons import Kept
from schoolguard.intake.rollout.stages import Stage

Contents = Mapping[str, str]
"""The content of each list by its target name."""

TAKEN_BACK, PASSED = "taken-back", "passed"
"""Stages of the past: put back, and followed by a newer one."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version; ``stage`` is where it is or what became of it, ``since`` when that began.

    ``of`` is the version whose contents it repeats, 0 for none; ``enforced`` tells whether all ever enforced
    it. ``found`` is what the publisher found when
    it was compiled: names, bytes, and what it changes against what all schools had then.
    """

    number: int
    state: str
    time: float
    stage: str
    since: float
    contents: Contents
    former: str = ""
    of: int = 0
    reason: Kept = ""
    enforced: bool = False
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def returnable(self) -> bool:
        """Whether one person may put its contents in force again: all had it, and it was not taken back.

        For anything else the number of people that is configured must agree to its lists.
        """
        return self.enforced and self.stage != TAKEN_BACK


def noted(versions: Sequence[Version], now: float, places: Mapping[Stage, Version]) -> tuple[Version, ...]:
    """Return the history with what is in each stage now; ``places`` are versions without a number yet.

    A state that moves on to the next stage stays the same version.
    """
    found = list(versions)
    for stage in (Stage.ALL, Stage.CANARY, Stage.SHADOW):
        if stage in places:
            _enter(found, stage, places[stage], now)
    present = {stage.value: place.state for stage, place in places.items()}
    return tuple(_passed(version, present, now) for version in found)


def kept(versions: Sequence[Version], most: int) -> tuple[Version, ...]:
    """Return the newest versions, and those in a stage now whatever their age."""
    newest = {version.number for version in versions[-most:]}
    return tuple(each for each in versions if each.number in newest or each.stage in tuple(Stage))


def current(versions: Iterable[Version], stage: Stage) -> Version | None:
    """Return the version in a stage."""
    return next((version for version in reversed(tuple(versions)) if version.stage == stage.value), None)


def before(versions: Sequence[Version], version: Version) -> Version | None:
    """Return the version that all schools had before one."""
    return next((each for each in reversed(versions) if each.state == version.former != ""), None)


def taken_back(versions: Iterable[Version], state: str, reason: Kept, now: float) -> tuple[Version, ...]:
    """Return the history in which the version with a state, in whatever stage, was taken back."""
    return tuple(
        replace(each, stage=TAKEN_BACK, since=now, reason=reason)
        if each.state == state and each.stage in tuple(Stage)
        else each
        for each in versions
    )


def changed(after: Contents, former: Contents) -> list[str]:
    """Return the lists that differ."""
    return sorted(path for path in {*after, *former} if after.get(path, "") != former.get(path, ""))


def _enter(found: list[Version], stage: Stage, place: Version, now: float) -> None:
    for at, version in enumerate(found):
        if version.state == place.state and version.stage in tuple(Stage):
            if version.stage != stage.value:
                enforced = version.enforced or stage is Stage.ALL
                found[at] = replace(
                    version, stage=stage.value, since=now, former=place.former, enforced=enforced
                )
            return
    of = next((each.number for each in reversed(found) if each.state == place.state), 0)
    number = max((each.number for each in found), default=0) + 1
    here = replace(place, stage=stage.value, time=now, since=now, enforced=stage is Stage.ALL)
    found.append(replace(here, number=number, of=of))


def _passed(version: Version, present: Mapping[str, str], now: float) -> Version:
    if version.stage in tuple(Stage) and present.get(version.stage) != version.state:
        return replace(version, stage=PASSED, since=now)
    return version
