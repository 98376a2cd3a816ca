"""A layer's days against the whole calendar: which are outside it, or change nothing. It reads no section."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.language import N_
from schoolguard.policy.calendar import Calendar, SchoolYear
from schoolguard.policy.holidays import Days, Holiday


def check_holidays(calendar: Calendar, holidays: Iterable[At[Holiday]], out: Collector) -> None:
    """Record the holidays of one year that lie in no school year; without any year, none can be told."""
    for holiday, mark in holidays:
        if isinstance(holiday, Days) and calendar.years and not _within(calendar.years, holiday):
            msgid = N_("this holiday lies in no school year that the calendar has")
            out.warning(mark, Wrong(msgid, found=f"{holiday.name}, {holiday.first}"))


def check_exams(calendar: Calendar, exams: Iterable[At[Days]], out: Collector) -> None:
    """Record the exams that begin or end outside the terms."""
    for exam, mark in exams:
        for day in dict.fromkeys((exam.first, exam.last)):
            if calendar.years and calendar.year_of(day) is None:
                out.warning(
                    mark, Wrong(N_("this exam lies outside the terms: {day}"), day=day, found=exam.name)
                )
                break


def check_make_up(calendar: Calendar, days: Iterable[At[date]], out: Collector) -> None:
    """Record the make-up days that stand twice, that are school days anyway, or in no school year."""
    seen: dict[date, Mark] = {}
    for day, mark in days:
        if first := seen.get(day):
            msgid = N_("this day stands twice, first in line {line}")
            out.warning(mark, Wrong(msgid, line=first.line, found=str(day)))
        elif calendar.years and not calendar.covers(day):
            msgid = N_("this make-up day lies in no school year that the calendar has")
            out.warning(mark, Wrong(msgid, found=str(day)))
        elif calendar.is_lesson_day(day):
            msgid = N_("this day has lessons anyway; a make-up day is a weekend or holiday with lessons")
            out.warning(mark, Wrong(msgid, found=str(day)))
        seen.setdefault(day, mark)


def check_over(own: Calendar, today: date, mark: Mark, out: Collector) -> None:
    """Record that the last school year a layer gives is over."""
    if own.years and today > (last := own.years[-1]).ends:
        msgid = N_("the last school year here is over since {day}; add the present one")
        out.warning(mark, Wrong(msgid, day=last.ends, found=last.name))


def example_year(today: date) -> str:
    """Return the school year around a day as one may write it, its dates being only likely ones."""
    first = today.year if today >= date(today.year, 6, 1) else today.year - 1
    terms = (
        f"{{name: Học kỳ I, from: {first}-09-05, to: {first + 1}-01-16}}, "
        f"{{name: Học kỳ II, from: {first + 1}-01-18, to: {first + 1}-05-29}}"
    )
    return f"{{name: {first}–{first + 1}, terms: [{terms}]}}"


def _within(years: tuple[SchoolYear, ...], days: Days) -> bool:
    return any(days.first <= year.ends and year.begins <= days.last for year in years)
