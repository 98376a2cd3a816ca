"""The section ``calendar`` of one layer, joined to the calendar of the layers above. It knows no window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from schoolguard.config import calendar_checks as checks
from schoolguard.config import calendar_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.school_years import years_of
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.calendar import Calendar, DayKind
from schoolguard.policy.holidays import ByMoon, Days, Holiday, MonthDay, Tet, Yearly

_LONGEST = 120
"""Days of one holiday or exam: more has a wrong year or month, and would change windows for years unseen."""


def calendar_of(fields: Fields, above: Calendar | None, today: date, out: Collector) -> Calendar:
    """Return a layer's calendar joined to ``above``; what is wrong in the section is recorded."""
    holidays, exams = _holidays(fields, out), tuple(_exams(fields, out))
    make_up = fields.given(keys.MAKE_UP)
    days = make_up.value if make_up else ()
    own = Calendar(
        _weekdays(fields),
        years_of(fields, out),
        _tet(fields),
        tuple(at.value for at in holidays),
        tuple(at.value for at in exams),
        frozenset(at.value for at in days),
    )
    joined = above.joined(own) if above is not None else own
    checks.check_holidays(joined, holidays, out)
    checks.check_exams(joined, exams, out)
    checks.check_make_up(joined, days, out)
    checks.check_over(own, today, fields.mark_of(keys.YEARS), out)
    return joined


def _weekdays(fields: Fields) -> frozenset[DayKind] | None:
    given = fields.given(keys.WEEKDAYS)
    return frozenset(DayKind(at.value) for at in given.value) if given and given.value else None


def _tet(fields: Fields) -> Tet | None:
    if (given := fields.given(keys.TET)) is None:
        return None
    before, after = given.value.given(keys.BEFORE), given.value.given(keys.AFTER)
    return Tet(before.value, after.value) if before and after else None


def _exams(fields: Fields, out: Collector) -> Iterator[At[Days]]:
    given = fields.given(keys.EXAMS)
    for section, mark in given.value if given else ():
        name, first = section.given(keys.EXAM_NAME), section.given(keys.EXAM_FROM)
        last = section.given(keys.EXAM_TO) or first
        if not (name and first and last) or (section.tried(keys.EXAM_TO) and last is first):
            continue  # a key is missing or wrong, and was recorded
        if days := _days(name.value, first, last, out):
            yield At(days, mark)


def _holidays(fields: Fields, out: Collector) -> tuple[At[Holiday], ...]:
    given = fields.given(keys.HOLIDAYS)
    sections = given.value if given else ()
    return tuple(
        At(holiday, mark) for section, mark in sections if (holiday := _holiday(section, out)) is not None
    )


def _holiday(fields: Fields, out: Collector) -> Holiday | None:
    name, moon = fields.given(keys.HOLIDAY_NAME), fields.given(keys.LUNAR)
    solar = [key.name for key in (keys.HOLIDAY_FROM, keys.HOLIDAY_TO) if fields.tried(key)]
    if fields.tried(keys.LUNAR) and solar:
        msgid = N_("a holiday has either `lunar` or `from`; keep one")
        out.error(fields.mark, Wrong(msgid, found=", ".join(solar)))
    elif not fields.tried(keys.LUNAR) and not fields.tried(keys.HOLIDAY_FROM):
        msgid = N_("a holiday needs the day: `from` (and `to`), or `lunar`")
        out.error(fields.mark, Wrong(msgid, accepted="from: 09-02, from: 2026-11-20, lunar: 03-10"))
    elif name and moon:
        return ByMoon(name.value, moon.value.month, moon.value.day)
    elif name and (first := fields.given(keys.HOLIDAY_FROM)):
        last = fields.given(keys.HOLIDAY_TO) or first
        if not fields.tried(keys.HOLIDAY_TO) or last is not first:
            return _solar(name.value, first, last, out)
    return None


def _solar(
    name: str, first: At[date | MonthDay], last: At[date | MonthDay], out: Collector
) -> Days | Yearly | None:
    begin, end = first.value, last.value
    if isinstance(begin, MonthDay) and isinstance(end, MonthDay):
        yearly = Yearly(name, begin, end)
        return None if _too_long(yearly.length, last, out) else yearly
    if isinstance(begin, MonthDay) or isinstance(end, MonthDay):
        msgid = N_("`from` and `to` must both have a year or both have none")
        out.error(last.mark, Wrong(msgid, found=name))
        return None
    return _days(name, At(begin, first.mark), At(end, last.mark), out)


def _days(name: str, first: At[date], last: At[date], out: Collector) -> Days | None:
    if first.value > last.value:
        msgid = N_("`to` ({last}) is before `from` ({first})")
        out.error(last.mark, Wrong(msgid, last=last.value, first=first.value, found=name))
        return None
    if _too_long((last.value - first.value).days + 1, last, out):
        return None
    return Days(name, first.value, last.value)


def _too_long(days: int, last: At[date] | At[date | MonthDay], out: Collector) -> bool:
    if days > _LONGEST:
        msgid = N_("from `from` to `to` there are {days} days, at most {most}: is a date wrong?")
        out.error(last.mark, Wrong(msgid, days=days, most=_LONGEST))
    return days > _LONGEST
