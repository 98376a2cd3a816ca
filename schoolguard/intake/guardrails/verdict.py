"""What the guardrails say of an update: reasons that a program can read and a person too. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

from schoolguard.language import N_, Said

SHOWN = 20
"""Names that a reason gives as examples; its count says how many there are."""


class Action(IntEnum):
    """What follows from a reason, gravest last: told, the entry left out, a person asked, all refused."""

    NOTE = 0
    DROP = 1
    HOLD = 2
    REFUSE = 3


class Code(StrEnum):
    """One word for each reason, for receipts and counters; never renamed."""

    GROWTH = "growth"
    SHRINK = "shrink"
    CHURN = "churn"
    EMPTY = "empty"
    TOO_MANY_ENTRIES = "too-many-entries"
    TOP_LEVEL = "top-level"
    PUBLIC_SUFFIX = "public-suffix"
    PRIVATE_SUFFIX = "private-suffix"
    PROTECTED = "protected"
    PROTECTED_BELOW = "protected-below"
    POPULAR = "popular"
    POPULAR_HEAD = "popular-head"
    LOOK_ALIKE = "look-alike"
    BROAD_PATTERN = "broad-pattern"
    JUNK = "junk"
    DENSITY = "density"


MESSAGES: Mapping[Code, str] = MappingProxyType(
    {
        Code.GROWTH: N_("{found} names come in, {limit} are accepted at once"),
        Code.SHRINK: N_("{found} names go, {limit} are accepted at once"),
        Code.CHURN: N_("{found} names change, {limit} are accepted at once"),
        Code.EMPTY: N_("no entry in the whole list"),
        Code.TOO_MANY_ENTRIES: N_("more than {limit} entries"),
        Code.TOP_LEVEL: N_("whole top-level domains: {names}"),
        Code.PUBLIC_SUFFIX: N_("whole zones where anyone registers names: {names}"),
        Code.PRIVATE_SUFFIX: N_("zones of hosting services with many owners: {names}"),
        Code.PROTECTED: N_("names in the safety net: {names}"),
        Code.PROTECTED_BELOW: N_("names with names of the safety net below them: {names}"),
        Code.POPULAR: N_("{found} of the popular names are new, {limit} are accepted at once: {names}"),
        Code.POPULAR_HEAD: N_("{found} of the most popular names are new, {limit} are accepted: {names}"),
        Code.LOOK_ALIKE: N_("names that look like well-known ones: {names}"),
        Code.BROAD_PATTERN: N_("expressions that match names of the safety net or popular names: {names}"),
        Code.JUNK: N_("{found} lines are no entries, {limit} are accepted"),
        Code.DENSITY: N_("{found} bytes for an entry, {limit} are accepted"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing found: what follows, how much was found of how much, and the first names it is about."""

    code: Code
    action: Action
    found: float = 0
    limit: float = 0
    names: tuple[str, ...] = ()

    @property
    def said(self) -> Said:
        """The reason for people."""
        names = ", ".join(self.names) + (", ..." if self.found > len(self.names) else "")
        return Said(MESSAGES[self.code], found=f"{self.found:g}", limit=f"{self.limit:g}", names=names)

    def to_json(self) -> dict[str, Any]:
        """Return the reason for a receipt."""
        return {
            "code": self.code.value,
            "action": self.action.name.lower(),
            "found": self.found,
            "limit": self.limit,
            "names": list(self.names),
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Names of a list before and after, and how many of them come in and go."""

    before: int
    after: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """All reasons about one update of one list, gravest first; ``dropped`` are names to leave out of it."""

    list_id: str
    counts: Counts
    reasons: tuple[Reason, ...] = ()
    dropped: frozenset[str] = frozenset()

    @property
    def action(self) -> Action:
        """What follows from all reasons together; ``NOTE`` for none."""
        return max((reason.action for reason in self.reasons), default=Action.NOTE)

    @property
    def accepted(self) -> bool:
        """Whether the update may be enforced without anyone being asked, without what is dropped."""
        return self.action < Action.HOLD

    def to_json(self) -> dict[str, Any]:
        """Return the verdict for a receipt."""
        counts = self.counts
        return {
            "list": self.list_id,
            "action": self.action.name.lower(),
            "accepted": self.accepted,
            "before": counts.before,
            "after": counts.after,
            "added": counts.added,
            "removed": counts.removed,
            "dropped": len(self.dropped),
            "reasons": [reason.to_json() for reason in self.reasons],
        }
