"""The Vietnamese lunar calendar, from the positions of sun and moon at UTC+7. It must not know any holiday.

A month begins on the day of the new moon; month 11 is the one with the winter solstice; where 13 months lie
between two months 11, the first one without a major solar term (the sun reaching a multiple of 30 degrees) is
a leap month. Days are Viet Nam's (decision 121/CP of 1967), so the calendar differs at times from China's.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import floor
from typing import NamedTuple

from schoolguard.policy.ephemeris import MONTH, delta_t, new_moon, sun_longitude

FIRST_YEAR, LAST_YEAR = 1976, 2100
"""All of Viet Nam keeps UTC+7 since 1975; the further after 2100, the less sure is the earth's rotation."""

_NOON_2000 = date(2000, 1, 1).toordinal() + 0.5
_ZONE = 7 / 24


class LunarDate(NamedTuple):
    """A day of the lunar calendar; ``year`` is the solar year in which the lunar one begins."""

    year: int
    month: int
    day: int
    leap: bool = False


class _Month(NamedTuple):
    first: date
    length: int
    number: int
    leap: bool


def new_year(year: int) -> date:
    """Return the first day of a lunar year, Tết Nguyên Đán; ``ValueError`` outside 1976–2100."""
    return _months(year)[0].first


def solar_date(year: int, month: int, day: int, leap: bool = False) -> date:
    """Return the solar date of a lunar one.

    Raises ``ValueError`` outside 1976–2100, and for a day or leap month that the year does not have.
    """
    for found in _months(year):
        if (found.number, found.leap) == (month, leap) and 1 <= day <= found.length:
            return found.first + timedelta(days=day - 1)
    raise ValueError(f"lunar year {year} has no day {day} of {'leap ' if leap else ''}month {month}")


def lunar_date(day: date) -> LunarDate:
    """Return the lunar date of a solar one; ``ValueError`` outside the lunar years 1976–2100."""
    known = FIRST_YEAR <= day.year <= LAST_YEAR
    year = day.year if known and day >= new_year(day.year) else day.year - 1
    for month in _months(year):
        if 0 <= (past := (day - month.first).days) < month.length:
            return LunarDate(year, month.number, past + 1, month.leap)
    raise _unknown(day.year)


def _months(year: int) -> list[_Month]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _unknown(year)
    this, following = _from_eleven(year), _from_eleven(year + 1)
    return this[_of_first(this) :] + following[: _of_first(following)]


def _unknown(year: int) -> ValueError:
    return ValueError(f"the lunar calendar is known from {FIRST_YEAR} to {LAST_YEAR}, not in {year}")


def _of_first(months: list[_Month]) -> int:
    return next(index for index, month in enumerate(months) if month.number == 1)


def _from_eleven(year: int) -> list[_Month]:
    """Return the months from the solstice's of the year before to the one before this year's solstice's."""
    begin, end = _month_eleven(year - 1), _month_eleven(year)
    firsts = [_first_day(k) for k in range(begin, end + 1)]
    terms = [_term(first) for first in firsts]
    leap = None
    if end - begin == 13:
        leap = next(i for i in range(1, 13) if terms[i] == terms[i + 1])
    months = []
    for i in range(end - begin):
        number = (10 + i - (leap is not None and i >= leap)) % 12 + 1
        months.append(_Month(firsts[i], (firsts[i + 1] - firsts[i]).days, number, i == leap))
    return months


def _month_eleven(year: int) -> int:
    """Return the new moon that begins the month with the year's winter solstice (270 degrees)."""
    k = floor((date(year, 12, 31).toordinal() - _NOON_2000) / MONTH) + 1
    while _first_day(k) > date(year, 12, 31):
        k -= 1
    return k - 1 if _term(_first_day(k)) == 9 else k


def _first_day(k: int) -> date:
    moment = new_moon(k)
    return date.fromordinal(floor(moment - delta_t(moment) + _ZONE + _NOON_2000))


def _term(day: date) -> int:
    """Return how many major terms the sun has behind it (0 at 0 degrees, 9 at 270) as a day begins."""
    midnight = day.toordinal() - _NOON_2000 - _ZONE
    return int(sun_longitude(midnight + delta_t(midnight)) // 30)
