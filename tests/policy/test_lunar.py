"""The lunar calendar against the published one: Tết, leap months, the Hùng Kings' day, and itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.policy.ephemeris import new_moon, sun_longitude
from schoolguard.policy.lunar import FIRST_YEAR, LAST_YEAR, LunarDate, lunar_date, new_year, solar_date

J2000 = 2_451_545


def words(table: str) -> list[str]:
    return table.split()


TET = words("""
2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-17 2008-02-07 2009-01-26
2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05
2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13
2030-02-02 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24
2040-02-12 2041-02-01 2042-01-22 2043-02-10 2044-01-30 2045-02-17 2046-02-06 2047-01-26 2048-02-14 2049-02-02
2050-01-23
""")

LEAP_MONTHS = {
    2001: 4,
    2004: 2,
    2006: 7,
    2009: 5,
    2012: 4,
    2014: 9,
    2017: 6,
    2020: 4,
    2023: 2,
    2025: 6,
    2028: 5,
    2031: 3,
    2033: 11,
    2036: 6,
    2039: 5,
    2042: 2,
    2044: 7,
    2047: 5,
    2050: 3,
}

DIFFER_FROM_CHINA = {
    1985: ("1985-01-21", "a month: the winter solstice fell before midnight here and after it there"),
    2007: ("2007-02-17", "a day: the moon was new at 23:14 here"),
    2030: ("2030-02-02", "a day: the moon is new at 23:07 here"),
    2053: ("2053-02-18", "a day"),
}

HUNG_KINGS = words("""
2015-04-28 2016-04-16 2017-04-06 2018-04-25 2019-04-14 2020-04-02 2021-04-21 2022-04-10 2023-04-29 2024-04-18
2025-04-07 2026-04-26
""")

MID_AUTUMN = ["2023-09-29", "2024-09-17", "2025-10-06"]


@pytest.mark.parametrize("day", TET)
def test_new_year(day: str) -> None:
    assert str(new_year(int(day[:4]))) == day


def test_the_table_of_new_years_has_them_all() -> None:
    assert [int(day[:4]) for day in TET] == list(range(2000, 2051))


@pytest.mark.parametrize(("year", "day"), [(year, day) for year, (day, _) in DIFFER_FROM_CHINA.items()])
def test_new_years_that_differ_from_chinas(year: int, day: str) -> None:
    assert str(new_year(year)) == day


def test_leap_months_from_2000_to_2050() -> None:
    assert {year: leap for year in range(2000, 2051) if (leap := leap_month(year))} == LEAP_MONTHS


def leap_month(year: int) -> int | None:
    """Return the number of a lunar year's leap month, found by walking through its days."""
    days = (new_year(year) + timedelta(days=n) for n in range(0, 385, 25))
    return next((found.month for day in days if (found := lunar_date(day)).leap and found.year == year), None)


@pytest.mark.parametrize("day", HUNG_KINGS)
def test_the_hung_kings_day(day: str) -> None:
    assert str(solar_date(int(day[:4]), 3, 10)) == day


@pytest.mark.parametrize("day", MID_AUTUMN)
def test_the_mid_autumn_day(day: str) -> None:
    assert str(solar_date(int(day[:4]), 8, 15)) == day


@pytest.mark.parametrize(
    ("day", "lunar"),
    [
        ("2025-07-24", LunarDate(2025, 6, 30)),
        ("2025-07-25", LunarDate(2025, 6, 1, leap=True)),
        ("2025-08-22", LunarDate(2025, 6, 29, leap=True)),
        ("2025-08-23", LunarDate(2025, 7, 1)),
        ("2026-02-16", LunarDate(2025, 12, 29)),
        ("2026-02-17", LunarDate(2026, 1, 1)),
        ("2026-12-31", LunarDate(2026, 11, 23)),
    ],
)
def test_around_leap_months_and_new_years(day: str, lunar: LunarDate) -> None:
    assert lunar_date(date.fromisoformat(day)) == lunar
    assert str(solar_date(*lunar)) == day


# The worked examples of Meeus, chapters 49 and 25.
def test_the_new_moon_of_february_1977() -> None:
    assert new_moon(-283) + J2000 == pytest.approx(2_443_192.65118, abs=1e-5)


def test_the_sun_on_13_october_1992() -> None:
    assert sun_longitude(2_448_908.5 - J2000) == pytest.approx(199.90895, abs=1e-4)


DAYS = st.dates(new_year(FIRST_YEAR), date(LAST_YEAR, 12, 31))


@settings(max_examples=150, deadline=None)
@given(DAYS)
def test_there_and_back(day: date) -> None:
    assert solar_date(*lunar_date(day)) == day


@settings(max_examples=100, deadline=None)
@given(DAYS)
def test_the_day_after_is_the_next_or_a_first(day: date) -> None:
    today, after = lunar_date(day), lunar_date(day + timedelta(days=1))
    if after.day == 1:
        assert today.day in (29, 30)
        assert after.month in (today.month, today.month % 12 + 1)
    else:
        assert after == today._replace(day=today.day + 1)


@pytest.mark.parametrize("year", [1975, 2101, 0, -1, 10_000])
def test_years_outside_are_refused(year: int) -> None:
    with pytest.raises(ValueError, match="known from 1976 to 2100"):
        new_year(year)
    with pytest.raises(ValueError, match="known from 1976 to 2100"):
        solar_date(year, 1, 1)


@pytest.mark.parametrize("day", [date.min, date(1976, 1, 30), date(2101, 6, 1), date.max])
def test_days_outside_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="known from 1976 to 2100"):
        lunar_date(day)


def test_the_last_days_known() -> None:
    assert lunar_date(date(2101, 1, 10)).year == 2100
    assert lunar_date(date(1976, 1, 31)) == LunarDate(1976, 1, 1)


@pytest.mark.parametrize(
    ("month", "day", "leap"), [(0, 1, False), (13, 1, False), (1, 0, False), (1, 31, False), (3, 1, True)]
)
def test_days_that_a_year_lacks_are_refused(month: int, day: int, leap: bool) -> None:
    with pytest.raises(ValueError, match="has no day"):
        solar_date(2026, month, day, leap)
