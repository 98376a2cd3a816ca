"""What parents and teachers are told of the query log, as messages. It reads no file and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from schoolguard.language import N_, Said
from schoolguard.querylog.model import Terms

_ZONE = timedelta(hours=7)

_OFF = N_("No query log is kept: which device asked for which name is written down nowhere.")
_ON = N_(
    "From {begins} to {ends} the school keeps a query log of these groups: {groups}. {requested_by} asked for"
    " it, for this reason: {reason}."
)
_WHAT = N_(
    "It holds, of each query, a code name of the device, the name asked for, the time, and whether it was"
    " blocked and why. It holds no address, no device number and no person's name; the code name changes"
    " every day, and the key to it is destroyed together with the queries of its day."
)
_HOW_LONG = N_(
    "Queries are kept for {days} days at most, the day of the query among them; when the log ends, all of"
    " them are deleted, and it ends by itself."
)
_ONE_DAY = N_("Each day's queries are deleted at midnight, all of them when the log ends by itself.")
_WHO = N_(
    "Only the gateway's own administrator may look into it. Every look is written down, with who looked and"
    " why, in a record that cannot be changed unseen."
)
_READERS = N_(
    "Only the gateway's own administrator and the members of the group {readers} may look into it. Every look"
    " is written down, with who looked and why, in a record that cannot be changed unseen."
)
_ERASE = N_("Whoever uses a device may have all that is kept of it erased: ask the school.")


def statement(terms: Iterable[Terms], name_of: Callable[[str], str] = str) -> list[Said]:
    """Return the paragraphs on the logs that are on, one list for all; what holds without any, when none is.

    ``name_of`` turns a school's id into its name, for a gateway of several schools.
    """
    logs = list(terms)
    if not logs:
        return [Said(_OFF)]
    told: list[Said] = []
    for each in logs:
        if len(logs) > 1:
            told.append(Said("{school}:", school=name_of(each.school)))
        told += [_begin(each), Said(_WHAT), _kept(each), _looked_at(each), Said(_ERASE)]
    return told


def _begin(terms: Terms) -> Said:
    return Said(
        _ON,
        begins=_day(terms.begins),
        ends=_day(terms.ends - 1),
        groups=", ".join(terms.groups),
        requested_by=terms.requested_by,
        reason=terms.reason.rstrip("."),
    )


def _kept(terms: Terms) -> Said:
    return Said(_ONE_DAY) if terms.days == 1 else Said(_HOW_LONG, days=terms.days)


def _looked_at(terms: Terms) -> Said:
    return Said(_WHO) if terms.readers is None else Said(_READERS, readers=terms.readers)


def _day(seconds: float) -> str:
    """Return a day in Viet Nam as people there write it."""
    return f"{datetime.fromtimestamp(seconds, UTC) + _ZONE:%d/%m/%Y}"
