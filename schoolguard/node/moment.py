"""The moment that something is explained for: typed or now, and what kind of day it is at a school.

It must not decide what follows from it; the plans do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from schoolguard.language import N_, Said, Translate
from schoolguard.node.floor import Floor
from schoolguard.node.local_time import VIET_NAM
from schoolguard.policy.calendar import WEEK, Calendar, DayKind
from schoolguard.policy.clock import WallClock
from schoolguard.policy.holidays import dates_in
from schoolguard.policy.model import School
from schoolguard.policy.timetable import day_of, midnight
from schoolguard.settings import Settings

_TYPED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([01]?[0-9]|2[0-3])[:h]([0-5][0-9])", re.I)
_YEARS = range(1976, 2200)
"""Viet Nam has had one offset since 1975; the lunar calendar that is built in ends in 2199."""

_TET = "Tết"
_WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_KINDS = {
    DayKind.EXAM_DAY: N_("exam day"),
    DayKind.HOLIDAY: N_("holiday"),
    DayKind.SCHOOL_DAY: N_("school day"),
    DayKind.DAY_OFF: N_("day off"),
    DayKind.BEFORE_SCHOOL_DAY: N_("before a school day"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in Unix seconds, ``typed`` or the present one, which is not ``believed`` when the clock is
    certainly wrong."""

    seconds: float
    typed: bool = False
    believed: bool = True

    @property
    def now(self) -> float | None:
        """The time as the plans take it: ``None`` when nobody knows it."""
        return self.seconds if self.believed else None


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """What a moment is at one school: its civil ``day``, its kinds, the windows open then.

    ``windows`` is ``None`` when nobody knows them, because the calendar does not know the day (``covered``)
    or the time is not believed. ``called`` are the names of its holidays and exams.
    """

    day: date
    kinds: frozenset[DayKind]
    windows: frozenset[str] | None
    covered: bool
    called: tuple[str, ...] = ()


def typed_moment(text: str) -> Moment:
    """Return the moment that was typed, in Viet Nam's time; raises ``Said``."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        msgid = N_("{text!r} is no moment; accepted: a day and a time of Viet Nam, such as {example}")
        raise Said(msgid, text=text, example='"2027-02-05 20:30"')
    try:
        day = date.fromisoformat(found[1])
    except ValueError as error:
        raise Said(N_("{text!r}: there is no such day"), text=text) from error
    if day.year not in _YEARS:
        msgid = N_("{text!r}: accepted are the years {first} to {last}")
        raise Said(msgid, text=text, first=_YEARS[0], last=_YEARS[-1])
    return Moment(midnight(day) + int(found[2]) * 3600 + int(found[3]) * 60, typed=True)


def present_moment(settings: Settings, wall: float) -> Moment:
    """Return the present moment; ``wall`` is what this machine's clock says, in Unix seconds."""
    clock = WallClock(Floor(settings.paths.state).read())
    return Moment(wall, believed=clock.read(wall, 0.0) is not None)


def school_day(school: School, moment: Moment) -> SchoolDay:
    """Return what the moment is at a school; without a timetable a day has only its weekday."""
    day, timetable = day_of(moment.seconds), school.timetable
    if timetable is None:
        return SchoolDay(day, frozenset({WEEK[day.weekday()]}), frozenset(), covered=True)
    covered = timetable.covers(moment.seconds) or not timetable.names
    known = covered and (moment.believed or not timetable.names)
    windows = timetable.open_at(moment.seconds) if known else None
    kinds = timetable.calendar.kinds(day)
    return SchoolDay(day, kinds, windows, covered, tuple(_called(timetable.calendar, day, kinds)))


def _called(calendar: Calendar, day: date, kinds: frozenset[DayKind]) -> Iterator[str]:
    if DayKind.HOLIDAY in kinds:
        if day in dates_in(day.year, calendar.tet, ()):
            yield _TET
        yield from (each.name for each in calendar.holidays if day in dates_in(day.year, None, (each,)))
    if DayKind.EXAM_DAY in kinds:
        yield from (exam.name for exam in calendar.exams if exam.first <= day <= exam.last)


def moment_text(moment: Moment, day: SchoolDay, translate: Translate) -> str:
    """Return ``Friday 2027-02-05 20:30: holiday; open: buoi-toi``, and what holds when nobody knows."""
    _ = translate
    words = [_(word) for kind, word in _KINDS.items() if kind in day.kinds]
    kinds = ", ".join([*day.called, *words])
    text = (
        f"{_(_WEEKDAYS[day.day.weekday()])} {datetime.fromtimestamp(moment.seconds, VIET_NAM):%Y-%m-%d %H:%M}"
    )
    text += f" ({kinds}). " if kinds else ". "
    if not moment.believed:
        return text + _("This clock cannot be right: the strictest plan holds until it is")
    if not day.covered:
        return text + _("The calendar does not cover this day: the strictest plan holds")
    windows = ", ".join(sorted(day.windows or ())) or _("none")
    return text + _("Windows open: {windows}").format(windows=windows)


def moment_dict(moment: Moment, day: SchoolDay) -> dict[str, Any]:
    """Return the same as plain values; ``windows`` is ``None`` when nobody knows them."""
    return {
        "time": datetime.fromtimestamp(moment.seconds, VIET_NAM).isoformat(timespec="minutes"),
        "typed": moment.typed,
        "believed": moment.believed,
        "covered": day.covered,
        "day": sorted(kind.value for kind in day.kinds),
        "called": list(day.called),
        "windows": None if day.windows is None else sorted(day.windows),
    }
