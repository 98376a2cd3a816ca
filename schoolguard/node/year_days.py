"""A group's year, told by kinds of days: which days are alike, and what is open at which hours of them.

It must not choose words; ``year_page`` does. Days are alike when all that varies in the year is the same at
every minute of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from schoolguard.node.probes import Judge, State, Verdict
from schoolguard.node.school_year import HOUR, Span
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.holidays import dates_in
from schoolguard.policy.safe_search import YouTube
from schoolguard.policy.timetable import day_of, midnight
from schoolguard.policy.window import DAY_MINUTES

_EVENING = 16 * 60
"""Minutes after midnight from which on people call the rest of a day its evening and night."""


class KindOfDay(IntEnum):
    """What people call a day, in the order in which a page shows them."""

    SCHOOL = 1
    MAKE_UP = 2
    EXAM = 3
    WEEKEND = 4
    HOLIDAY = 5
    TET = 6
    BREAK = 7
    SUMMER = 8
    UNKNOWN = 9


Face = tuple[State, YouTube, str]
"""What of a verdict people see: the state, YouTube's level, the budget's id."""


Pattern = tuple[tuple[int, tuple[Face, ...]], ...]
"""A day as people see it: from which minute on, what each varying probe looks like."""


class Stretch(NamedTuple):
    """Minutes of one day, from its midnight, in which nothing changes for a group."""

    start: int
    end: int
    windows: frozenset[str]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Hours of alike days: minutes from midnight, over midnight when ``end`` is after 1440.

    ``windows`` are open throughout; ``verdicts`` are, for each probe, all that was found in them.
    """

    start: int
    end: int
    windows: frozenset[str]
    verdicts: tuple[frozenset[Verdict], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Days that are alike, and their hours."""

    days: tuple[date, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class GroupYear:
    """A group's year: ``columns`` are the places of the probes that are not the same all the year, those that
    always change alike together.

    ``hours`` are by probe and state; ``verdicts`` all that was found of each probe.
    """

    blocks: tuple[Block, ...]
    columns: tuple[tuple[int, ...], ...]
    hours: tuple[Mapping[State, float], ...]
    verdicts: tuple[frozenset[Verdict], ...]


def face(verdict: Verdict) -> Face:
    """Return what of a verdict people see."""
    return verdict.state, verdict.level, verdict.budget.id if verdict.budget else ""


def group_year(spans: Sequence[Span], group: int, judge: Judge) -> GroupYear:
    """Return the year of the group at this place in the school, from whole days of ``spans``."""
    days = _days(spans, group, judge)
    found = tuple(zip(*(stretch.verdicts for day in days.values() for stretch in day), strict=True))
    columns = _columns(found)
    varying = tuple(column[0] for column in columns)
    alike: dict[Pattern, list[date]] = {}
    for day, stretches in days.items():
        alike.setdefault(_pattern(stretches, varying), []).append(day)
    blocks = tuple(Block(tuple(each), _rows([days[day] for day in each], varying)) for each in alike.values())
    hours = tuple(_hours(days.values(), place) for place in range(len(found)))
    return GroupYear(blocks, columns, hours, tuple(map(frozenset, found)))


def kind_of(calendar: Calendar, day: date) -> KindOfDay:
    """Return what people call a day; of an exam on a day off, the exam."""
    if calendar.is_exam_day(day):
        return KindOfDay.EXAM
    if day in calendar.make_up:
        return KindOfDay.MAKE_UP
    if calendar.is_holiday(day):
        return KindOfDay.TET if day in dates_in(day.year, calendar.tet, ()) else KindOfDay.HOLIDAY
    if not calendar.covers(day):
        return KindOfDay.UNKNOWN
    if calendar.year_of(day) is None and not _between_terms(calendar, day):
        return KindOfDay.SUMMER
    if not calendar.has_lessons_on(day):
        return KindOfDay.WEEKEND
    return KindOfDay.BREAK if calendar.year_of(day) is None else KindOfDay.SCHOOL


def _between_terms(calendar: Calendar, day: date) -> bool:
    return any(year.terms[0].first < day < year.terms[-1].last for year in calendar.years)


def _days(spans: Sequence[Span], group: int, judge: Judge) -> dict[date, list[Stretch]]:
    """Return each day's stretches, merged where nothing changes."""
    days: dict[date, list[Stretch]] = {}
    for span in spans:
        day = day_of(span.start)
        begin = midnight(day)
        start, end = int(span.start - begin) // 60, int(span.end - begin) // 60
        stretch = Stretch(start, end, span.windows or frozenset(), judge.verdicts(span.plans[group]))
        of_day = days.setdefault(day, [])
        if of_day and of_day[-1][2:] == stretch[2:]:
            stretch = stretch._replace(start=of_day.pop().start)
        of_day.append(stretch)
    return days


def _columns(found: Iterable[Iterable[Verdict]]) -> tuple[tuple[int, ...], ...]:
    """Return the places of the probes whose verdicts, in order of time, change; like with like."""
    columns: dict[tuple[Face, ...], list[int]] = {}
    for place, verdicts in enumerate(found):
        faces = tuple(map(face, verdicts))
        if len(set(faces)) > 1:
            columns.setdefault(faces, []).append(place)
    return tuple(map(tuple, columns.values()))


def _pattern(stretches: Iterable[Stretch], varying: tuple[int, ...]) -> Pattern:
    pattern: list[tuple[int, tuple[Face, ...]]] = []
    for stretch in stretches:
        faces = tuple(face(stretch.verdicts[place]) for place in varying)
        if not pattern or pattern[-1][1] != faces:
            pattern.append((stretch.start, faces))
    return tuple(pattern)


def _rows(days: Sequence[Sequence[Stretch]], varying: tuple[int, ...]) -> tuple[Row, ...]:
    """Return the hours of alike days; an evening is one row with those after midnight that are like it."""
    pattern = [start for start, _ in _pattern(days[0], varying)]
    edges = list(zip(pattern, [*pattern[1:], DAY_MINUTES], strict=True))
    rows = [_row(days, start, end) for start, end in edges]
    if len(rows) > 1 and rows[-1].start >= _EVENING and _alike(rows[0], rows[-1], varying):
        first, last = rows[0], rows.pop()
        verdicts = tuple(one | other for one, other in zip(first.verdicts, last.verdicts, strict=True))
        night = Row(last.start, first.end + DAY_MINUTES, first.windows & last.windows, verdicts)
        rows = [*rows[1:], night]
    return tuple(rows)


def _row(days: Sequence[Sequence[Stretch]], start: int, end: int) -> Row:
    inside = [each for day in days for each in day if each.start < end and each.end > start]
    windows = frozenset.intersection(*(each.windows for each in inside))
    verdicts = tuple(map(frozenset, zip(*(each.verdicts for each in inside), strict=True)))
    return Row(start, end, windows, verdicts)


def _alike(one: Row, other: Row, varying: tuple[int, ...]) -> bool:
    return all(
        set(map(face, one.verdicts[place])) == set(map(face, other.verdicts[place])) for place in varying
    )


def _hours(days: Iterable[Iterable[Stretch]], place: int) -> Mapping[State, float]:
    minutes: dict[State, int] = {}
    for stretch in (stretch for day in days for stretch in day):
        state = stretch.verdicts[place].state
        minutes[state] = minutes.get(state, 0) + stretch.end - stretch.start
    return {state: minutes[state] * 60 / HOUR for state in State if state in minutes}
