"""Denies that the safety net makes dead. It reads the lists of kind ``never-block`` and keeps none."""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.rules import with_parents
from schoolguard.config.schools import ReadSchool
from schoolguard.language import N_
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, Kind, ListSource, Report


def check(schools: Iterable[ReadSchool], sources: Iterable[At[ListSource]], out: Collector) -> None:
    """Record each deny of a name that a never-block list holds, itself or a name above it."""
    denies = [deny for school in schools for rules in _all_rules(school) for deny in rules]
    if not denies:
        return
    wanted = {higher for deny in denies for higher in with_parents(deny.value)}
    net: dict[str, str] = {}
    for source in sources:
        if source.value.kind is Kind.NEVER_BLOCK:
            _gather(source, wanted, net, out)
    for deny in denies:
        _check_deny(deny, net, out)


def _all_rules(school: ReadSchool) -> Iterable[tuple[At[str], ...]]:
    return school.rules.deny, *(group.rules.deny for group in school.groups)


def _gather(source: At[ListSource], wanted: set[str], net: dict[str, str], out: Collector) -> None:
    report = Report(source.value.id, source.value.format)
    try:
        for entry in read(source.value, report):
            # An exact entry keeps its name open but not what is below, so a deny of the name still decides.
            if entry.name in wanted and entry.flags == Flag.SUBTREE and not entry.pattern:
                net.setdefault(entry.name, source.value.id)
    except (ListRefused, OSError) as error:
        msgid = N_("the safety net `{id}` cannot be read: {problem}")
        out.warning(source.mark, Wrong(msgid, id=source.value.id, problem=str(error)))


def _check_deny(deny: At[str], net: dict[str, str], out: Collector) -> None:
    for name in with_parents(deny.value):
        if (list_id := net.get(name)) is not None:
            msgid = N_(
                "this deny has no effect: {name} is in the safety net `{id}`, which no school may block"
            )
            out.warning(deny.mark, Wrong(msgid, name=name, id=list_id, found=deny.value))
            return
