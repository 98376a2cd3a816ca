"""A whole school year, hour by hour: which plan each group of a school is under.

The plans are those that the worker's own ``Standings`` gives, so that what is simulated is what runs. Passes
and used-up budgets are left out: they belong to a day, not to a configuration. It judges no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from schoolguard.language import N_, Said
from schoolguard.policy.model import School
from schoolguard.policy.plans import Plan
from schoolguard.policy.safe_search import Engines
from schoolguard.policy.timetable import midnight
from schoolguard.resolver.present import Present
from schoolguard.resolver.standing import Standings

HOUR = 3_600.0
_DAY = timedelta(days=1)
_MOST_DAYS = 800
_NOBODY = b""

Windows = frozenset[str] | None
"""The windows that are open, ``None`` where the calendar does not know the day."""


class Span(NamedTuple):
    """From ``start`` to before ``end`` (Unix seconds) each group is under one plan.

    ``plans`` are by group, in the school's order; ``due`` says that a change was foretold for the start.
    """

    start: float
    end: float
    windows: Windows
    plans: tuple[Plan, ...]
    due: bool


@dataclass(frozen=True, slots=True)
class Days:
    """The days to go through, both ends in it. Raises ``Said`` when there are none, or too many."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Said(N_("{last} lies before {first}"), first=self.first, last=self.last)
        if (self.last - self.first).days >= _MOST_DAYS:
            msgid = N_("{first} to {last} is too long: at most {most} days")
            raise Said(msgid, first=self.first, last=self.last, most=_MOST_DAYS)

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * _DAY for n in range((self.last - self.first).days + 1))

    @property
    def begin(self) -> float:
        """The midnight that begins the first day."""
        return midnight(self.first)

    @property
    def end(self) -> float:
        """The midnight that ends the last day."""
        return midnight(self.last + _DAY)


def year_at(school: School, day: date) -> Days:
    """Return the school year that ``day`` lies in: its first day of lessons to the end of the summer.

    A school whose calendar does not know the day has the usual one, 5 September to 31 August.
    """
    years = school.timetable.calendar.years if school.timetable is not None else ()
    for year in years:
        if year.begins <= day <= year.ends:
            return Days(year.terms[0].first, year.ends)
    begins = day.year if day.month >= 9 else day.year - 1
    return Days(date(begins, 9, 5), date(begins + 1, 8, 31))


def spans(school: School, engines: Engines, days: Days) -> Iterator[Span]:
    """Yield what the groups of a school are under, by the hour and by every change in between."""
    present = Present(days.begin)
    standings = Standings([school], engines, present)
    now, foretold = days.begin, days.begin
    while now < days.end:
        present.now = now
        due = standings.turn()
        end = min(due, (now // HOUR + 1) * HOUR, days.end)
        plans = tuple(standings.of(standings.standing_of(group), _NOBODY).plan for group in school.groups)
        yield Span(now, end, _windows(school, now), plans, now == foretold)
        now, foretold = end, due


def _windows(school: School, now: float) -> Windows:
    timetable = school.timetable
    if timetable is None or not timetable.names:
        return frozenset()
    return timetable.open_at(now) if timetable.covers(now) else None
