"""What the days of a school year are, as a table; layers joined; holidays by sun and moon."""

from __future__ import annotations

import pickle
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.policy.calendar import WEEK, Calendar, DayKind, SchoolYear, Term
from schoolguard.policy.holidays import ByMoon, Days, Holiday, MonthDay, Tet, Yearly, dates_in

K = DayKind


def d(text: str) -> date:
    return date.fromisoformat(text)


def year(name: str, *terms: str) -> SchoolYear:
    """Return a school year from its terms' ``FIRST..LAST``."""
    spans = [term.split("..") for term in terms]
    return SchoolYear(name, tuple(Term(f"{n}", d(a), d(b)) for n, (a, b) in enumerate(spans, 1)))


YEAR = year("2026–2027", "2026-09-07..2027-01-16", "2027-01-18..2027-05-28")
NEXT = year("2027–2028", "2027-09-06..2028-01-15", "2028-01-17..2028-05-26")
CALENDAR = Calendar(
    None,
    (YEAR,),
    Tet(7, 7),
    (
        Yearly("Tết Dương lịch", MonthDay(1, 1), MonthDay(1, 1)),
        Yearly("Ngày Giải phóng, Quốc tế Lao động", MonthDay(4, 30), MonthDay(5, 1)),
        Yearly("Quốc khánh", MonthDay(9, 2), MonthDay(9, 2)),
        ByMoon("Giỗ Tổ Hùng Vương", 3, 10),
        Days("Nhà giáo Việt Nam", d("2026-11-20"), d("2026-11-20")),
    ),
    (Days("Thi học kỳ I", d("2026-12-21"), d("2026-12-26")),),
    frozenset({d("2027-02-27"), d("2027-05-01")}),
)

DAYS = [
    # day, what it is besides every day and the day of the week
    ("2026-05-31", "known: no", "weekends"),
    ("2026-06-01", "known", "days-off"),
    ("2026-09-02", "known", "days-off holidays"),
    ("2026-09-05", "known", "days-off weekends"),
    ("2026-09-06", "known", "days-off weekends before-school-days"),
    ("2026-09-07", "known", "school-days before-school-days"),
    ("2026-09-11", "known", "school-days"),
    ("2026-11-19", "known", "school-days"),
    ("2026-11-20", "known", "days-off holidays"),
    ("2026-12-20", "known", "days-off weekends before-school-days"),
    ("2026-12-21", "known", "school-days before-school-days exam-days"),
    ("2026-12-26", "known", "days-off weekends exam-days"),
    ("2027-01-01", "known", "days-off holidays"),
    ("2027-01-17", "known", "days-off weekends before-school-days"),
    ("2027-01-29", "known", "school-days"),
    ("2027-01-30", "known", "days-off holidays weekends"),
    ("2027-02-06", "known", "days-off holidays weekends"),
    ("2027-02-12", "known", "days-off holidays"),
    ("2027-02-13", "known", "days-off holidays weekends"),
    ("2027-02-14", "known", "days-off weekends before-school-days"),
    ("2027-02-26", "known", "school-days before-school-days"),
    ("2027-02-27", "known", "school-days"),
    ("2027-04-15", "known", "school-days"),
    ("2027-04-16", "known", "days-off holidays"),
    ("2027-04-30", "known", "days-off holidays before-school-days"),
    ("2027-05-01", "known", "school-days"),
    ("2027-05-28", "known", "school-days"),
    ("2027-06-01", "known", "days-off"),
    ("2027-08-31", "known", "days-off"),
    ("2027-09-01", "known: no", ""),
    ("2027-09-02", "known: no", "holidays"),
    ("2027-09-04", "known: no", "weekends"),
    ("1970-01-01", "known: no", "holidays"),
]


@pytest.mark.parametrize(("day", "known", "kinds"), DAYS)
def test_what_a_day_is(day: str, known: str, kinds: str) -> None:
    expected = {K.EVERY_DAY, WEEK[d(day).weekday()], *(K(word) for word in kinds.split())}
    assert CALENDAR.kinds(d(day)) == expected
    assert CALENDAR.covers(d(day)) is (known == "known")


def test_a_known_day_is_a_school_day_or_a_day_off() -> None:
    both = {K.SCHOOL_DAY, K.DAY_OFF}
    days = [d("2026-06-01") + timedelta(days=n) for n in range(457)]
    assert all(len(CALENDAR.kinds(day) & both) == 1 for day in days)
    school = [day for day in days if K.SCHOOL_DAY in CALENDAR.kinds(day)]
    # 38 weeks with a Monday in a term, less five weekdays' holidays and ten of Tết, and two make-up days.
    assert len(school) == 19 * 5 + 19 * 5 - 4 - 10 + 2


@pytest.mark.parametrize(
    ("years", "day", "known"),
    [
        ((YEAR, NEXT), "2027-09-01", True),
        ((YEAR, NEXT), "2027-09-05", True),
        ((YEAR, NEXT), "2028-08-31", True),
        ((YEAR, NEXT), "2028-09-01", False),
        ((year("I only", "2026-09-07..2027-01-16"),), "2027-01-16", True),
        ((year("I only", "2026-09-07..2027-01-16"),), "2027-01-17", False),
        ((year("II only", "2027-01-18..2027-05-28"),), "2027-01-17", False),
        ((year("II only", "2027-01-18..2027-05-28"),), "2027-01-18", True),
        ((year("II only", "2027-01-18..2027-05-28"),), "2027-08-31", True),
        ((), "2026-11-24", False),
    ],
)
def test_which_days_are_known(years: tuple[SchoolYear, ...], day: str, known: bool) -> None:
    assert Calendar(years=years).covers(d(day)) is known


def test_without_a_word_of_any_layer_lessons_are_from_monday_to_friday() -> None:
    assert [Calendar().has_lessons_on(d("2026-11-23") + timedelta(days=n)) for n in range(7)] == [
        *[True] * 5,
        *[False] * 2,
    ]


def test_a_school_adds_to_the_layers_above() -> None:
    school = Calendar(
        frozenset(WEEK[:6]),
        holidays=(Days("Ngày hội", d("2026-10-15"), d("2026-10-15")),),
        exams=(Days("Thi thử", d("2027-03-10"), d("2027-03-11")),),
        make_up=frozenset({d("2026-10-18")}),
    )
    joined = CALENDAR.joined(school)
    assert K.SCHOOL_DAY in joined.kinds(d("2026-10-17"))  # a Saturday
    assert K.HOLIDAY in joined.kinds(d("2026-10-15"))
    assert K.HOLIDAY in joined.kinds(d("2026-11-20"))
    assert K.EXAM_DAY in joined.kinds(d("2027-03-11"))
    assert K.EXAM_DAY in joined.kinds(d("2026-12-21"))
    assert {d("2026-10-18"), d("2027-02-27")} <= joined.make_up
    assert (joined.tet, joined.years) == (CALENDAR.tet, CALENDAR.years)


def test_tet_and_terms_below_replace_those_above() -> None:
    own = year("2026–2027", "2026-09-14..2027-05-31")
    joined = Calendar(years=(YEAR, NEXT), tet=Tet(7, 7)).joined(Calendar(years=(own,), tet=Tet(1, 3)))
    assert joined.years == (own, NEXT)
    assert [K.HOLIDAY in joined.kinds(d(day)) for day in ("2027-02-04", "2027-02-05", "2027-02-09")] == [
        False,
        True,
        True,
    ]
    assert K.SCHOOL_DAY not in joined.kinds(d("2026-09-07"))


@pytest.mark.parametrize(
    ("holiday", "in_year", "days"),
    [
        (Yearly("over new year", MonthDay(12, 30), MonthDay(1, 2)), 2026, "01-01 01-02 12-30 12-31"),
        (Yearly("leap day", MonthDay(2, 29), MonthDay(2, 29)), 2028, "02-29"),
        (Yearly("leap day", MonthDay(2, 29), MonthDay(2, 29)), 2027, ""),
        (Yearly("to the leap day", MonthDay(2, 28), MonthDay(2, 29)), 2027, "02-28"),
        (Days("over new year", d("2026-12-31"), d("2027-01-01")), 2026, "12-31"),
        (Days("over new year", d("2026-12-31"), d("2027-01-01")), 2027, "01-01"),
        (Days("over new year", d("2026-12-31"), d("2027-01-01")), 2028, ""),
        (ByMoon("Giỗ Tổ", 3, 10), 2031, "04-01"),  # not in leap month 3
        (ByMoon("Ông Táo", 12, 23), 2026, "02-10"),
        (ByMoon("Ông Táo", 12, 23), 2025, "01-22"),
        (ByMoon("day 30", 12, 30), 2026, ""),  # the month has 29 days
        (ByMoon("day 30", 12, 30), 2024, "02-09"),
        (ByMoon("twice in a solar year", 11, 23), 2026, "01-11 12-31"),
        (ByMoon("out of range", 3, 10), 1970, ""),
    ],
)
def test_the_dates_of_a_holiday(holiday: Holiday, in_year: int, days: str) -> None:
    assert sorted(f"{day:%m-%d}" for day in dates_in(in_year, None, (holiday,))) == days.split()


def test_days_before_an_early_tet_may_lie_in_december() -> None:
    assert d("2041-12-31") in dates_in(2041, Tet(30, 0), ())  # Tết is on 22 January 2042
    assert dates_in(2041, Tet(7, 7), ()) == {d("2041-01-25") + timedelta(days=n) for n in range(15)}


def test_tet_outside_the_years_of_the_moon_is_left_out() -> None:
    assert dates_in(1970, Tet(7, 7), ()) == dates_in(2200, Tet(7, 7), ()) == frozenset()


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [((9, 2), (9, 2), 1), ((12, 30), (1, 2), 4), ((2, 28), (3, 1), 3), ((12, 1), (2, 29), 91)],
)
def test_the_length_of_a_yearly_holiday(first: tuple[int, int], last: tuple[int, int], length: int) -> None:
    assert Yearly("", MonthDay(*first), MonthDay(*last)).length == length


@given(st.dates())
def test_any_day_has_kinds(day: date) -> None:
    kinds = CALENDAR.kinds(day)
    assert {K.EVERY_DAY, WEEK[day.weekday()]} <= kinds
    if not CALENDAR.covers(day):
        assert not kinds & {K.SCHOOL_DAY, K.DAY_OFF}
    if day < date.max:
        after = CALENDAR.kinds(day + timedelta(days=1))
        assert (K.BEFORE_SCHOOL_DAY in kinds) is (K.SCHOOL_DAY in after)


def test_days_to_ask_about_are_in_order_and_each_once() -> None:
    days = list(Calendar(years=(YEAR, NEXT)).days(d("2026-11-24")))
    assert days == sorted(set(days))
    assert (days[0], days[-1]) == (d("2026-06-01"), d("2028-08-31"))
    assert len(list(Calendar().days(d("2026-11-24")))) == 367


def test_equal_calendars_are_equal_after_use_and_a_journey() -> None:
    assert CALENDAR.is_holiday(d("2027-02-06"))
    back = pickle.loads(pickle.dumps(CALENDAR))
    assert back == CALENDAR
    assert hash(back) == hash(CALENDAR)
    assert back.kinds(d("2027-02-06")) == CALENDAR.kinds(d("2027-02-06"))
