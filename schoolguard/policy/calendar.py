"""The calendar of one school: what a day is. It must not know windows, hours or the clock.

A day is a school day when it is a make-up day, or a day of the week with lessons in a term and no holiday.
Every other day is a day off. A make-up day is neither a holiday nor a weekend. Exam days are those written,
whatever else they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from schoolguard.policy.holidays import Days, Holiday, Tet, dates_in

__all__ = ["WEEK", "YEARS_NEEDED", "Calendar", "DayKind", "SchoolYear", "Term"]

_DAY = timedelta(days=1)
_MEMO = 64


class DayKind(StrEnum):
    """What a window may open on; the words are the configuration's."""

    EVERY_DAY = "every-day"
    SCHOOL_DAY = "school-days"
    DAY_OFF = "days-off"
    BEFORE_SCHOOL_DAY = "before-school-days"
    HOLIDAY = "holidays"
    WEEKEND = "weekends"
    EXAM_DAY = "exam-days"
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = (
    DayKind.MON,
    DayKind.TUE,
    DayKind.WED,
    DayKind.THU,
    DayKind.FRI,
    DayKind.SAT,
    DayKind.SUN,
)

YEARS_NEEDED = frozenset({DayKind.SCHOOL_DAY, DayKind.DAY_OFF, DayKind.BEFORE_SCHOOL_DAY})
"""The kinds that nobody can tell of a day outside the known school years."""

_USUAL_WEEK = frozenset(WEEK[:5])


@dataclass(frozen=True, slots=True)
class Term:
    """A span of days with lessons, both ends in it."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """A school year: at least one term, in order."""

    name: str
    terms: tuple[Term, ...]

    @property
    def begins(self) -> date:
        """The first day known: with a first term from June to October, the summer before is known too.

        A year written from its second term on says nothing of the days before that.
        """
        first = self.terms[0].first
        return date(first.year, 6, 1) if 6 <= first.month <= 10 else first

    @property
    def ends(self) -> date:
        """The last day known: 31 August when the last term ends from April to August.

        An earlier end, such as January's, tells of a term not written down yet: what follows is not known.
        """
        last = self.terms[-1].last
        return date(last.year, 8, 31) if 4 <= last.month <= 8 else last

    def has_lessons(self, day: date) -> bool:
        """Return whether the day is in a term."""
        return any(term.first <= day <= term.last for term in self.terms)


@dataclass(frozen=True, slots=True)
class Calendar:
    """One layer's calendar, or some ``joined``; ``None`` says nothing, so that the higher layer's word holds.

    ``weekdays`` are the days of the week with lessons: Monday to Friday when no layer names any.
    """

    weekdays: frozenset[DayKind] | None = None
    years: tuple[SchoolYear, ...] = ()
    tet: Tet | None = None
    holidays: tuple[Holiday, ...] = ()
    exams: tuple[Days, ...] = ()
    make_up: frozenset[date] = frozenset()
    _holidays: dict[int, frozenset[date]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # by solar year: where the moon stands takes a while to tell

    def joined(self, below: Calendar) -> Calendar:
        """Return this calendar with what a layer below adds.

        Holidays, exams and make-up days come to those above. Weekdays and Tết replace them when given, and a
        school year replaces those that it overlaps.
        """
        kept = [year for year in self.years if not any(_overlap(year, own) for own in below.years)]
        return Calendar(
            self.weekdays if below.weekdays is None else below.weekdays,
            tuple(sorted((*kept, *below.years), key=lambda year: year.terms[0].first)),
            self.tet if below.tet is None else below.tet,
            tuple(dict.fromkeys((*self.holidays, *below.holidays))),
            tuple(dict.fromkeys((*self.exams, *below.exams))),
            self.make_up | below.make_up,
        )

    def covers(self, day: date) -> bool:
        """Return whether the day lies in a known school year or the summer beside it."""
        return any(year.begins <= day <= year.ends for year in self.years)

    def year_of(self, day: date) -> SchoolYear | None:
        """Return the school year that has a term on this day."""
        return next((year for year in self.years if year.has_lessons(day)), None)

    def is_school_day(self, day: date) -> bool:
        """Return whether lessons are held on this day, as far as the calendar knows."""
        return day in self.make_up or self.is_lesson_day(day)

    def is_lesson_day(self, day: date) -> bool:
        """Return whether lessons are held without the day being a make-up day."""
        return self.has_lessons_on(day) and self.year_of(day) is not None and not self.is_holiday(day)

    def has_lessons_on(self, day: date) -> bool:
        """Return whether this day of the week has lessons."""
        return WEEK[day.weekday()] in (_USUAL_WEEK if self.weekdays is None else self.weekdays)

    def is_holiday(self, day: date) -> bool:
        """Return whether the day is one of Tết or another holiday, make-up day or not."""
        if (dates := self._holidays.get(day.year)) is None:
            if len(self._holidays) >= _MEMO:
                self._holidays.clear()
            dates = self._holidays[day.year] = dates_in(day.year, self.tet, self.holidays)
        return day in dates

    def is_exam_day(self, day: date) -> bool:
        """Return whether an exam is held on this day."""
        return any(exam.first <= day <= exam.last for exam in self.exams)

    def kinds(self, day: date) -> frozenset[DayKind]:
        """Return all that the day is; outside the known years, only what needs none (``YEARS_NEEDED``)."""
        kinds = {DayKind.EVERY_DAY, WEEK[day.weekday()]}
        if self.is_school_day(day):
            kinds.add(DayKind.SCHOOL_DAY)
        elif self.covers(day):
            kinds.add(DayKind.DAY_OFF)
        if day not in self.make_up:
            kinds |= {DayKind.WEEKEND} if not self.has_lessons_on(day) else set()
            kinds |= {DayKind.HOLIDAY} if self.is_holiday(day) else set()
        if self.is_exam_day(day):
            kinds.add(DayKind.EXAM_DAY)
        if day < date.max and self.is_school_day(day + _DAY):
            kinds.add(DayKind.BEFORE_SCHOOL_DAY)
        return frozenset(kinds)

    def days(self, since: date) -> Iterator[date]:
        """Yield each day worth asking about: those of all known years, and a year from ``since`` on."""
        spans = [(year.begins, year.ends) for year in self.years]
        spans.append((since, since + 366 * _DAY))
        reached = date.min
        for first, last in sorted(spans):
            day = max(first, reached)
            while day <= last:
                yield day
                day += _DAY
            reached = max(reached, day)

    def __reduce__(self) -> tuple[object, ...]:
        return (
            Calendar,
            (self.weekdays, self.years, self.tet, self.holidays, self.exams, self.make_up),
        )


def _overlap(one: SchoolYear, other: SchoolYear) -> bool:
    return one.terms[0].first <= other.terms[-1].last and other.terms[0].first <= one.terms[-1].last
