"""The rules that one group hears, found by name and category, and how two rules meet. It records nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from schoolguard.config.finding import Wrong
from schoolguard.config.groups import ReadGroup
from schoolguard.config.rules import Aim, ReadRule
from schoolguard.config.schools import ReadSchool
from schoolguard.policy.rule import Rule, Verb

GroupSet = frozenset[tuple[str, str]]


class Said(NamedTuple):
    """One target of one rule."""

    rule: ReadRule
    aim: Aim


class Remark(NamedTuple):
    """What to say of a target; ``anywhere`` when one group that hears it so is enough."""

    wrong: Wrong
    error: bool = False
    anywhere: bool = False


class Overlaps:
    """Which windows of a school are open together; looked for once, when it is first asked."""

    def __init__(self, school: ReadSchool, today: date) -> None:
        self._timetable = school.timetable
        self._today = today
        self._pairs: frozenset[tuple[str, str]] | None = None

    def meeting(self, one: Rule, other: Rule) -> tuple[str, str] | None:
        """Return two windows in which both rules hold at a time; ``("", "")`` when one always holds."""
        if not one.during or not other.during:
            return "", ""
        if shared := one.during & other.during:
            name = min(shared)
            return name, name
        if self._timetable is None:
            return None
        if self._pairs is None:
            self._pairs = self._timetable.overlapping(self._today)
        for first in sorted(one.during):
            for second in sorted(other.during):
                if (min(first, second), max(first, second)) in self._pairs:
                    return first, second
        return None


class Hearing:
    """The rules of all layers that concern one group; ``hearers`` are all groups that each rule concerns."""

    def __init__(
        self, school: ReadSchool, group: ReadGroup, overlaps: Overlaps, hearers: Mapping[int, GroupSet]
    ) -> None:
        self.group = group
        self.overlaps = overlaps
        self._hearers = hearers
        self._by_name: dict[str, list[Said]] = {}
        self._by_category: dict[int, list[Said]] = {}
        for said in self.all():
            for name in said.aim.names:
                self._by_name.setdefault(name, []).append(said)
            if said.aim.categories:
                self._by_category.setdefault(said.aim.categories, []).append(said)

    def all(self) -> Iterator[Said]:
        """Yield every target of every rule."""
        for rule in self.group.rules:
            for aim in rule.aims:
                yield Said(rule, aim)

    def named(self, name: str) -> list[Said]:
        """Return the targets that are, or hold, this very name."""
        return self._by_name.get(name, [])

    def of_category(self, mask: int) -> list[Said]:
        """Return the targets that are the category with this mask."""
        return self._by_category.get(mask, [])

    def hearers(self, rule: ReadRule) -> GroupSet:
        """Return the groups, as school and name, that a rule concerns."""
        return self._hearers[id(rule)]


def opens(rule: Rule) -> bool:
    """Return whether a rule opens something."""
    return rule.verb in (Verb.ALLOW, Verb.LOCKED_ALLOW)


def closes(rule: Rule) -> bool:
    """Return whether a rule closes what it names; the exam mode closes what it does not."""
    return rule.verb in (Verb.BLOCK, Verb.LOCKED_BLOCK)


def opposite(one: Rule, other: Rule) -> bool:
    """Return whether one opens and the other closes."""
    return (opens(one) and closes(other)) or (closes(one) and opens(other))


def holds_within(one: Rule, other: Rule) -> bool:
    """Return whether ``other`` holds whenever ``one`` does."""
    windows = not other.during or bool(one.during and one.during <= other.during)
    return windows and (other.until is None or (one.until is not None and one.until <= other.until))
