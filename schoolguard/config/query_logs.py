"""``query-log`` sections as the terms of each school's query log. It turns nothing on.

Whether its first day has come and its last one is over is found out at run time: the configuration stays
usable, whatever the clock says, or a school would be without DNS for a log that has ended.
"""

from __future__ import annotations

import grp
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from schoolguard.config import query_log_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.moments import end_of
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.timetable import midnight
from schoolguard.querylog.model import LONGEST, Terms


class Logged(NamedTuple):
    """A school, the names of its groups, and the section of its file if it has one."""

    school: str
    groups: tuple[str, ...]
    section: At[Fields] | None


def query_logs_of(
    gateway: Fields | None, schools: Sequence[Logged], today: date, out: Collector
) -> tuple[Terms, ...]:
    """Return the terms of every school that keeps a query log; what is wrong in them is recorded."""
    own = ((school, school.section.value) for school in schools if school.section is not None)
    logged = {school.school: _terms(section, school, today, out) for school, section in own}
    shared = gateway.given(keys.QUERY_LOG) if gateway is not None else None
    if shared is not None:
        _check(shared.value, today, out)
        _check_groups(shared.value, [group for school in schools for group in school.groups], out)
        for school in schools:
            if school.school not in logged:
                logged[school.school] = _read(shared.value, school)
    return tuple(terms for terms in logged.values() if terms is not None)


def _terms(fields: Fields, school: Logged, today: date, out: Collector) -> Terms | None:
    _check(fields, today, out)
    _check_groups(fields, school.groups, out)
    return _read(fields, school)


def _read(fields: Fields, school: Logged) -> Terms | None:
    reason, wish = fields.given(keys.LOG_REASON), fields.given(keys.REQUESTED_BY)
    first, last, readers = (fields.given(key) for key in (keys.FIRST_DAY, keys.LAST_DAY, keys.READERS))
    groups = _groups(fields, school.groups)
    if reason is None or wish is None or first is None or last is None or not groups:
        return None  # missing or wrong, which was said
    return Terms(
        school.school,
        groups,
        reason.value,
        wish.value,
        midnight(first.value),
        end_of(last.value),
        fields.value(keys.KEPT_DAYS),
        readers.value if readers else None,
    )


def _check(fields: Fields, today: date, out: Collector) -> None:
    first, last = fields.given(keys.FIRST_DAY), fields.given(keys.LAST_DAY)
    readers = fields.given(keys.READERS)
    if first and last and last.value < first.value:
        msgid = N_("the query log ends before it begins")
        out.error(last.mark, Wrong(msgid, found=last.value.isoformat(), accepted=f"≥ {first.value}"))
    elif first and last and (last.value - first.value).days > LONGEST:
        msgid = N_("a query log of more than {days} days; look at its reason anew before that")
        found, most = last.value.isoformat(), date.fromordinal(first.value.toordinal() + LONGEST)
        out.error(last.mark, Wrong(msgid, days=LONGEST, found=found, accepted=f"≤ {most}"))
    elif last and last.value < today:
        msgid = N_("this query log has ended and is deleted; take the section out")
        out.warning(last.mark, Wrong(msgid, found=last.value.isoformat()))
    if readers and not _exists(readers.value):
        msgid = N_("this machine has no such Unix group: only root and the gateway's own user may search")
        out.warning(readers.mark, Wrong(msgid, found=readers.value))


def _check_groups(fields: Fields, known: Sequence[str], out: Collector) -> None:
    given = fields.given(keys.LOGGED_GROUPS)
    names = {name.casefold() for name in known}
    for at in given.value if given else ():
        if at.value.casefold() not in names:
            msgid = N_("no group of this name is here")
            out.error(at.mark, Wrong(msgid, found=at.value, accepted=tuple(dict.fromkeys(known))))


def _groups(fields: Fields, known: Iterable[str]) -> tuple[str, ...]:
    """Return those of a school's groups that a section concerns, as the school writes them."""
    given = fields.given(keys.LOGGED_GROUPS)
    wanted = {at.value.casefold() for at in given.value} if given is not None else set()
    return tuple(name for name in known if name.casefold() in wanted)


def _exists(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True
