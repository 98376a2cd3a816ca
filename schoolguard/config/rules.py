"""Allow and deny names against each other: which never decide. Order: deny over allow over category."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.schools import Names, ReadSchool, Rules
from schoolguard.language import N_


def check(school: ReadSchool, out: Collector) -> None:
    """Record the names of a school and its groups that change nothing.

    A group's deny may take back what its school allows; a group's allow cannot take back its school's deny.
    """
    above = _places(school.rules.allow), _places(school.rules.deny)
    _check(school.rules, {}, {}, out)
    for group in school.groups:
        _check(group.rules, *above, out)


def _check(rules: Rules, allowed: dict[str, Mark], denied: dict[str, Mark], out: Collector) -> None:
    own_allow, own_deny = _places(rules.allow), _places(rules.deny)
    _check_repeated(rules.allow, allowed, own_allow, out)
    _check_repeated(rules.deny, denied, own_deny, out)
    for name, mark in rules.allow:
        if name in own_deny:
            msgid = N_("this name stands under allow and under deny (line {line}); keep one")
            out.error(mark, Wrong(msgid, line=own_deny[name].line, found=name))
        elif (denying := _covering(name, denied | own_deny)) is not None:
            place = (denied | own_deny)[denying]
            msgid = N_("this allow has no effect: a deny of {deny} (line {line}) wins over it")
            out.warning(mark, Wrong(msgid, deny=denying, line=place.line, found=name))
        elif "." not in name:
            msgid = N_("this allow lifts the categories of every name that ends in .{name}")
            out.warning(mark, Wrong(msgid, name=name, found=name))


def _check_repeated(names: Names, above: dict[str, Mark], own: dict[str, Mark], out: Collector) -> None:
    seen: set[str] = set()
    for name, mark in names:
        if name in seen:
            wrong = Wrong(N_("this name stands twice, first in line {line}"), line=own[name].line, found=name)
            out.warning(mark, wrong)
            continue
        seen.add(name)
        higher = _covering(name, above)
        places = above
        if higher is None:
            higher, places = _covering(_parent(name), own), own
        if higher is not None:
            msgid = N_("{higher} (line {line}) covers this name already")
            out.warning(mark, Wrong(msgid, higher=higher, line=places[higher].line, found=name))


def _places(names: Iterable[At[str]]) -> dict[str, Mark]:
    places: dict[str, Mark] = {}
    for name, mark in names:
        places.setdefault(name, mark)
    return places


def _covering(name: str, places: dict[str, Mark]) -> str | None:
    return next((higher for higher in with_parents(name) if higher in places), None)


def _parent(name: str) -> str:
    return name.partition(".")[2]


def with_parents(name: str) -> Iterator[str]:
    """Yield a name in text shape and every name above it but the root."""
    while name:
        yield name
        name = _parent(name)
