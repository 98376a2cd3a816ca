"""The dates of a school's year as tables: terms, holidays, exams, make-up days; and how long windows open.

It must not know plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from schoolguard.language import N_
from schoolguard.node.school_year import HOUR, Days, Span
from schoolguard.node.year_words import Words, day_text, number_text
from schoolguard.policy import lunar
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.holidays import dates_in
from schoolguard.policy.timetable import Timetable, day_of

_DAY = timedelta(days=1)
Entry = tuple[date, date, str]

_TERM, _HOLIDAY = N_("term: {name} ({days} school days)"), N_("day off: {name}")
_TET = N_("Tết holidays; the first day of the lunar year is {day}")
_EXAM, _MAKE_UP = N_("exam: {name}"), N_("lessons made up")


def dates_table(calendar: Calendar, days: Days, words: Words) -> Iterator[str]:
    """Yield the lines of the table of a year's dates, in order."""
    heads = [words.both(head) for head in (N_("first day"), N_("last day"), N_("what it is"))]
    yield from _heading(heads)
    for first, last, text in sorted(_entries(calendar, days, words)):
        yield f"| {day_text(first)} | {day_text(last)} | {text} |"


def windows_table(timetable: Timetable, spans: Sequence[Span], words: Words) -> Iterator[str]:
    """Yield the lines of the table of windows: their hours, on how many days they open, and for how long."""
    heads = (N_("window"), N_("hours of the day"), N_("days in the year"), N_("hours in the year"))
    yield from _heading([words.both(head) for head in heads])
    for window in timetable.windows:
        inside = [span for span in spans if window.name in (span.windows or ())]
        total = sum(span.end - span.start for span in inside) / HOUR
        days = len({day_of(span.start) for span in inside})
        hours = ", ".join(str(each).replace("-", "–") for each in window.hours)
        yield f"| {window.label} (`{window.name}`) | {hours} | {days} | {number_text(total)} |"


def _heading(heads: Sequence[str]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " --- |" * len(heads)


def _entries(calendar: Calendar, days: Days, words: Words) -> Iterator[Entry]:
    for term in (term for year in calendar.years for term in year.terms):
        if days.first <= term.last and term.first <= days.last:
            lessons = sum(map(calendar.is_school_day, Days(term.first, term.last)))
            yield term.first, term.last, words.both(_TERM, name=term.name, days=lessons)
    for exam in calendar.exams:
        if days.first <= exam.last and exam.first <= days.last:
            yield exam.first, exam.last, words.both(_EXAM, name=exam.name)
    for day in calendar.make_up:
        if days.first <= day <= days.last:
            yield day, day, words.both(_MAKE_UP)
    yield from _holidays(calendar, days, words)


def _holidays(calendar: Calendar, days: Days, words: Words) -> Iterator[Entry]:
    years = range(days.first.year, days.last.year + 1)
    for holiday in calendar.holidays:
        found = frozenset().union(*(dates_in(year, None, (holiday,)) for year in years))
        for first, last in _runs(found, days):
            yield first, last, words.both(_HOLIDAY, name=holiday.name)
    if calendar.tet is not None:
        found = frozenset().union(*(dates_in(year, calendar.tet, ()) for year in years))
        for first, last in _runs(found, days):
            day = lunar.new_year(last.year)
            yield first, last, words.both(_TET, day=day_text(day))


def _runs(dates: frozenset[date], days: Days) -> Iterator[tuple[date, date]]:
    """Yield the first and last of each run of days in a row, as far as they lie in ``days``."""
    inside = sorted(day for day in dates if days.first <= day <= days.last)
    for first in (day for day in inside if day - _DAY not in inside):
        last = first
        while last + _DAY in inside:
            last += _DAY
        yield first, last
