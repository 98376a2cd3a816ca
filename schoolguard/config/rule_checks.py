"""Rules against each other: which contradict, which never decide, which change nothing.

A remark on a target is made when it holds in every group that hears the rule, so that a province's rule that
one school needs is not called idle for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from schoolguard.config.covered import covered
from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.hearing import (
    GroupSet,
    Hearing,
    Overlaps,
    Remark,
    Said,
    closes,
    holds_within,
    opens,
    opposite,
)
from schoolguard.config.locked import beaten
from schoolguard.config.schools import ReadSchool
from schoolguard.language import N_
from schoolguard.policy.rule import Verb


def hearings(schools: Iterable[ReadSchool], today: date) -> list[Hearing]:
    """Return what each group hears."""
    schools = list(schools)
    hearers: dict[int, set[tuple[str, str]]] = {}
    for school in schools:
        for group in school.groups:
            for rule in group.rules:
                hearers.setdefault(id(rule), set()).add((school.id, group.name))
    frozen: dict[int, GroupSet] = {key: frozenset(groups) for key, groups in hearers.items()}
    found = []
    for school in schools:
        overlaps = Overlaps(school, today)
        found += [Hearing(school, group, overlaps, frozen) for group in school.groups]
    return found


def check(heard: Iterable[Hearing], out: Collector) -> None:
    """Record what is odd about each target of each rule, once."""
    by_target: dict[tuple[int, int], list[tuple[Said, Remark | None]]] = {}
    for hearing in heard:
        for said in hearing.all():
            key = id(said.rule), id(said.aim)
            by_target.setdefault(key, []).append((said, _remark(said, hearing)))
    for remarks in by_target.values():
        _record(remarks, out)


def _record(remarks: list[tuple[Said, Remark | None]], out: Collector) -> None:
    made = [remark for _, remark in remarks if remark is not None]
    told = next((remark for remark in made if remark.anywhere), None)
    if told is None and made and len(made) == len(remarks):
        told = made[0]
    if told is not None:
        mark = remarks[0][0].aim.mark
        (out.error if told.error else out.warning)(mark, told.wrong)


def _remark(said: Said, hearing: Hearing) -> Remark | None:
    checks: tuple[Callable[[Said, Hearing], Remark | None], ...] = (_clashing, beaten, covered, _idle)
    return next((remark for each in checks if (remark := each(said, hearing)) is not None), None)


def _clashing(said: Said, hearing: Hearing) -> Remark | None:
    """A target that its own layer both opens and closes; said of the rule that opens."""
    mine = said.rule.value
    if not opens(mine):
        return None
    for other in _same_target(said, hearing):
        theirs = other.rule.value
        if theirs.layer is not mine.layer or theirs.verb.locked != mine.verb.locked or not closes(theirs):
            continue
        if theirs.shadow == mine.shadow and (remark := _clash(said, other, hearing)) is not None:
            return remark
    return None


def _clash(said: Said, other: Said, hearing: Hearing) -> Remark | None:
    mine, theirs = said.rule.value, other.rule.value
    met = hearing.overlaps.meeting(mine, theirs)
    if met is None:
        return None
    found, place = str(said.aim.target), theirs.place
    alike = hearing.hearers(said.rule) == hearing.hearers(other.rule)
    same = alike and (mine.during, mine.until) == (theirs.during, theirs.until)
    if mine.verb.locked or same:
        msgid = N_("the same layer closes this as well ({place}, {verb}); keep one")
        return Remark(Wrong(msgid, place=place, verb=theirs.verb.value, found=found), True, True)
    if holds_within(mine, theirs):
        msgid = N_(
            "this has no effect: the same layer closes it ({place}), and within a layer the block wins"
        )
        return Remark(Wrong(msgid, place=place, found=found))
    if holds_within(theirs, mine):
        return None
    msgid = N_("this contradicts {place}: both hold while {first} and {second} are open, and the block wins")
    return Remark(Wrong(msgid, place=place, first=met[0], second=met[1], found=found), anywhere=True)


def _same_target(said: Said, hearing: Hearing) -> Iterator[Said]:
    for name in sorted(said.aim.names):
        yield from hearing.named(name)
    if said.aim.categories:
        yield from hearing.of_category(said.aim.categories)


def _idle(said: Said, hearing: Hearing) -> Remark | None:
    """A category that is closed, or open, anyway."""
    mine, mask = said.rule.value, said.aim.categories
    if not mask or mine.shadow or mine.verb not in (Verb.BLOCK, Verb.ALLOW) or hearing.group.blocked is None:
        return None
    if any(opposite(mine, other.rule.value) for other in hearing.of_category(mask)):
        return None
    closed = bool(hearing.group.blocked & mask)
    if closed != (mine.verb is Verb.BLOCK):
        return None
    msgid = N_("the tier {tier} blocks this category already")
    if mine.verb is Verb.ALLOW:
        msgid = N_("the tier {tier} does not block this category")
    return Remark(Wrong(msgid, tier=hearing.group.tier, found=str(said.aim.target)))
