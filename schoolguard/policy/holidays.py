"""Holidays: days named once, every year, or by the moon. It must not know terms or weekdays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from schoolguard.policy import lunar

_DAY = timedelta(days=1)


class MonthDay(NamedTuple):
    """A day of every year; 29 February is one in leap years only."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Days:
    """A span of days with a name, both ends in it."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Yearly:
    """A span of days every year, both ends in it; one that ends before it begins goes over the new year."""

    name: str
    first: MonthDay
    last: MonthDay

    @property
    def length(self) -> int:
        """Its days in a leap year."""
        return (date(2000, *self.last) - date(2000, *self.first)).days % 366 + 1


@dataclass(frozen=True, slots=True)
class ByMoon:
    """A day of every lunar year, in the month of that number and not in its leap month."""

    name: str
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Tet:
    """The days off before and after the first day of the lunar year, which is off as well."""

    before: int
    after: int


Holiday = Days | Yearly | ByMoon


def dates_in(year: int, tet: Tet | None, holidays: tuple[Holiday, ...]) -> frozenset[date]:
    """Return the holidays of a solar year; outside what ``lunar`` knows, those by the moon are left out."""
    dates: set[date] = set()
    for holiday in holidays:
        match holiday:
            case Days():
                dates |= _between(year, holiday.first, holiday.last)
            case Yearly():
                dates |= _yearly(year, holiday)
            case ByMoon():
                dates |= _by_moon(year, holiday)
    return frozenset(dates | (_tet(year, tet) if tet else set()))


def _between(year: int, first: date, last: date) -> set[date]:
    first, last = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    return {first + n * _DAY for n in range((last - first).days + 1)}


def _yearly(year: int, holiday: Yearly) -> set[date]:
    first, last = holiday.first, holiday.last
    days = _between(year, date(year, 1, 1), date(year, 12, 31))
    if first <= last:
        return {day for day in days if first <= (day.month, day.day) <= last}
    return {day for day in days if (day.month, day.day) >= first or (day.month, day.day) <= last}


def _by_moon(year: int, holiday: ByMoon) -> set[date]:
    found = set()
    for lunar_year in _lunar_years(year):
        try:
            day = lunar.solar_date(lunar_year, holiday.month, holiday.day)
        except ValueError:  # a month of 29 days has no day 30
            continue
        found.add(day)
    return {day for day in found if day.year == year}


def _tet(year: int, tet: Tet) -> set[date]:
    # Tết of the next year lies in January or February: its days before may begin in this year's December.
    dates: set[date] = set()
    for lunar_year in _lunar_years(year + 1):
        first = lunar.new_year(lunar_year)
        dates |= _between(year, first - tet.before * _DAY, first + tet.after * _DAY)
    return dates


def _lunar_years(year: int) -> list[int]:
    return [each for each in (year - 1, year) if lunar.FIRST_YEAR <= each <= lunar.LAST_YEAR]
