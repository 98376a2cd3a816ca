"""Which windows are open when: as a table, against a plain account of every minute, and in every zone."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.policy.calendar import WEEK, Calendar, DayKind, SchoolYear, Term
from schoolguard.policy.holidays import ByMoon, Days, MonthDay, Tet, Yearly
from schoolguard.policy.timetable import HORIZON, VIETNAM, Timetable, day_of, midnight
from schoolguard.policy.window import DAY_MINUTES, Hours, Window

ROOT = Path(__file__).parents[2]
K = DayKind
MINUTE, DAY = 60, 86_400


def d(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> float:
    """Return the instant at which clocks in Viet Nam show ``YYYY-MM-DD HH:MM``."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()


def shown(instant: float) -> str:
    return f"{datetime.fromtimestamp(instant, VIETNAM):%Y-%m-%d %H:%M}"


def window(name: str, on: str, hours: str, excepting: str = "") -> Window:
    """Return a window; ``hours`` as ``07:00-11:30 13:30-24:00``."""
    kinds, others = (frozenset(K(word) for word in words.split()) for words in (on, excepting))
    return Window(name, name, kinds, others, tuple(span(text) for text in hours.split()))


def span(text: str) -> Hours:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in text.split("-"))
    return Hours(start, end if end > start else end + DAY_MINUTES)


CALENDAR = Calendar(
    frozenset(WEEK[:5]),
    (
        SchoolYear(
            "2026–2027",
            (Term("I", d("2026-09-07"), d("2027-01-16")), Term("II", d("2027-01-18"), d("2027-05-28"))),
        ),
    ),
    Tet(7, 7),
    (
        Yearly("Tết Dương lịch", MonthDay(1, 1), MonthDay(1, 1)),
        Yearly("Quốc khánh", MonthDay(9, 2), MonthDay(9, 2)),
        ByMoon("Giỗ Tổ Hùng Vương", 3, 10),
    ),
    (Days("Thi học kỳ I", d("2026-12-21"), d("2026-12-26")),),
    frozenset({d("2027-02-27")}),
)
WINDOWS = (
    window("sang", "school-days", "07:00-11:30", "exam-days"),
    window("chieu", "school-days", "13:30-17:00", "exam-days"),
    window("thi", "exam-days", "07:00-11:00"),
    window("noi-tru", "before-school-days", "19:00-21:30"),
    window("dem", "every-day", "22:00-05:30"),
    window("nghi", "days-off", "08:00-12:00 14:00-24:00", "holidays"),
    window("chu-nhat", "sun", "00:00-24:00"),
)
TIMETABLE = Timetable(CALENDAR, WINDOWS)

MOMENTS = [
    # at, open windows
    ("2026-11-24 06:59", ""),
    ("2026-11-24 07:00", "sang"),
    ("2026-11-24 11:29", "sang"),
    ("2026-11-24 11:30", ""),
    ("2026-11-24 13:30", "chieu"),
    ("2026-11-24 17:00", ""),
    ("2026-11-24 19:00", "noi-tru"),
    ("2026-11-24 21:30", ""),
    ("2026-11-24 22:00", "dem"),
    ("2026-11-25 00:00", "dem"),
    ("2026-11-25 05:29", "dem"),
    ("2026-11-25 05:30", ""),
    ("2026-11-27 20:00", ""),  # Friday: no lessons on Saturday
    ("2026-11-28 09:00", "nghi"),
    ("2026-11-28 13:00", ""),
    ("2026-11-28 23:59", "dem nghi"),
    ("2026-11-29 00:00", "chu-nhat dem"),  # "nghi" ends with Saturday and begins at 08:00
    ("2026-11-29 20:00", "chu-nhat nghi noi-tru"),
    ("2026-11-30 00:00", "dem"),
    ("2026-12-22 07:30", "thi"),  # a school day, but an exam day
    ("2026-12-22 14:00", ""),
    ("2026-12-26 07:30", "thi"),  # Saturday
    ("2026-12-26 09:00", "nghi thi"),
    ("2027-01-01 09:00", ""),  # a holiday
    ("2027-01-29 07:00", "sang"),  # the last school day before Tết
    ("2027-01-29 20:00", ""),
    ("2027-02-05 20:30", ""),
    ("2027-02-14 20:30", "chu-nhat nghi noi-tru"),  # the evening before lessons begin again
    ("2027-02-15 07:00", "sang"),
    ("2027-02-26 20:00", "noi-tru"),  # Friday, before a make-up day
    ("2027-02-27 08:00", "sang"),
    ("2027-02-27 20:00", ""),
    ("2027-04-15 20:00", ""),
    ("2027-04-16 08:00", ""),  # 10th of the 3rd lunar month
    ("2027-07-01 09:00", "nghi"),
    ("2027-08-31 23:00", "dem nghi"),
    ("2027-09-01 00:00", "dem"),  # nobody knows what day this is
]


@pytest.mark.parametrize(("when", "names"), MOMENTS)
def test_what_is_open(when: str, names: str) -> None:
    assert sorted(TIMETABLE.open_at(at(when))) == names.split()


CHANGES = [
    # after, the next change
    ("2026-11-24 00:00", "2026-11-24 05:30"),
    ("2026-11-24 05:30", "2026-11-24 07:00"),
    ("2026-11-24 10:00", "2026-11-24 11:30"),
    ("2026-11-24 22:00", "2026-11-25 05:30"),  # not at midnight: the same window stays open
    ("2026-11-28 22:00", "2026-11-29 00:00"),
    ("2027-01-29 17:00", "2027-01-29 22:00"),
    ("2027-01-30 05:30", "2027-01-30 22:00"),  # Tết: only nights and Sundays
    ("2027-08-31 22:00", "2027-09-01 00:00"),
]


@pytest.mark.parametrize(("after", "change"), CHANGES)
def test_when_it_changes_next(after: str, change: str) -> None:
    assert shown(TIMETABLE.next_change(at(after))) == change


def test_a_boundary_belongs_to_what_begins_there() -> None:
    start = at("2026-11-24 07:00")
    assert TIMETABLE.open_at(start - 0.001) == frozenset()
    assert TIMETABLE.next_change(start - 0.001) == start
    assert TIMETABLE.open_at(start) == {"sang"}
    assert TIMETABLE.next_change(start) == at("2026-11-24 11:30")


def test_a_long_quiet_time_is_asked_about_again_after_the_horizon() -> None:
    table = Timetable(CALENDAR, (WINDOWS[0],))
    quiet = at("2027-06-10 09:00")
    assert table.next_change(quiet) == at("2027-06-10 00:00") + HORIZON * DAY


@pytest.mark.parametrize(
    ("windows", "when", "known"),
    [
        (WINDOWS, "2027-08-31 23:59", True),
        (WINDOWS, "2027-09-01 00:00", False),
        (WINDOWS, "1970-01-01 07:00", False),
        (WINDOWS, "2026-05-31 23:59", False),
        (WINDOWS, "2026-06-01 00:00", True),
        ((window("dem", "every-day", "22:00-05:30"),), "2040-01-01 00:00", True),
        ((window("thi", "exam-days", "07:00-11:00"),), "2040-01-01 00:00", True),
        ((window("x", "every-day", "07:00-11:00", "school-days"),), "2040-01-01 00:00", False),
        ((), "2040-01-01 00:00", True),
    ],
)
def test_what_the_calendar_covers(windows: tuple[Window, ...], when: str, known: bool) -> None:
    assert Timetable(CALENDAR, windows).covers(at(when)) is known


def test_the_end_of_what_is_known_is_a_change() -> None:
    table = Timetable(CALENDAR, (WINDOWS[0],))
    end = at("2027-09-01 00:00")
    assert table.next_change(end - 3 * DAY) == end
    assert (table.open_at(end - 1), table.open_at(end)) == (frozenset(), frozenset())


def test_never_open_and_overlapping() -> None:
    windows = (
        *WINDOWS,
        window("ba-ngay-le", "holidays", "07:00-08:00", "every-day"),
        window("mon-sun", "mon", "07:00-08:00", "mon"),
        window("rang-sang", "mon", "05:00-06:00"),
    )
    table = Timetable(CALENDAR, windows)
    assert table.never_open(d("2026-11-24")) == {"ba-ngay-le", "mon-sun"}
    pairs = table.overlapping(d("2026-11-24"))
    assert {("dem", "rang-sang"), ("dem", "nghi"), ("chu-nhat", "noi-tru"), ("nghi", "thi")} <= pairs
    assert not {("chieu", "sang"), ("sang", "thi"), ("dem", "noi-tru")} & pairs
    assert all(one < other for one, other in pairs)


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Timetable(CALENDAR, (WINDOWS[0], WINDOWS[0]))


def test_names() -> None:
    assert TIMETABLE.names == {"sang", "chieu", "thi", "noi-tru", "dem", "nghi", "chu-nhat"}


def test_equal_timetables_are_equal_after_use_and_a_journey() -> None:
    TIMETABLE.open_at(at("2026-11-24 07:00"))
    back = pickle.loads(pickle.dumps(TIMETABLE))
    assert back == TIMETABLE
    assert hash(back) == hash(TIMETABLE)
    assert len(pickle.dumps(TIMETABLE)) == len(pickle.dumps(Timetable(CALENDAR, WINDOWS)))
    assert back.open_at(at("2026-11-24 07:00")) == {"sang"}


# A plain account, minute by minute, that shares no code with the timetable but the kinds of days.


def plainly_open(calendar: Calendar, windows: tuple[Window, ...], minute: int) -> frozenset[str]:
    """Return what is open in a minute counted from the midnight of 1970-01-01 in Viet Nam."""
    day, past = divmod(minute, DAY_MINUTES)
    today = date(1970, 1, 1) + timedelta(days=day)
    found = set()
    for each in windows:
        for start, end in each.hours:
            for began, clock in ((today, past), (today - timedelta(days=1), past + DAY_MINUTES)):
                kinds = calendar.kinds(began)
                if start <= clock < end and each.on & kinds and not each.excepting & kinds:
                    found.add(each.name)
    return frozenset(found)


def minute_of(now: float) -> int:
    return int((now + 7 * 3600) // MINUTE)


CLOCKS = st.integers(0, DAY_MINUTES - 1)
HOURS = st.tuples(CLOCKS, st.integers(1, DAY_MINUTES)).map(lambda pair: Hours(pair[0], sum(pair)))
KINDS = st.sampled_from(list(K))
MADE = st.lists(
    st.builds(
        Window,
        st.sampled_from("abcdef"),
        st.just(""),
        st.frozensets(KINDS, min_size=1, max_size=3),
        st.frozensets(KINDS, max_size=2),
        st.lists(HOURS, min_size=1, max_size=3).map(tuple),
    ),
    max_size=5,
    unique_by=lambda each: each.name,
).map(tuple)
SPOTS = st.sampled_from(
    [
        at(f"{day} 00:00")
        for day in (
            "2026-05-31",
            "2026-09-05",
            "2026-12-20",
            "2026-12-31",
            "2027-01-29",
            "2027-02-13",
            "2027-02-26",
            "2027-04-15",
            "2027-08-31",
        )
    ]
)


@settings(max_examples=60, deadline=None)
@given(MADE, SPOTS, st.floats(-DAY, 2 * DAY))
def test_the_next_change_is_the_first_one(windows: tuple[Window, ...], spot: float, past: float) -> None:
    table = Timetable(CALENDAR, windows)
    now = spot + past
    change = table.next_change(now)
    assert now < change <= now + (HORIZON + 1) * DAY
    before = (table.open_at(now), table.covers(now))
    assert before[0] == plainly_open(CALENDAR, windows, minute_of(now))
    # Steps of a minute for two days, then of seven, which no window of ours divides.
    steps = [*range(1, 2 * DAY_MINUTES), *range(2 * DAY_MINUTES, HORIZON * DAY_MINUTES, 7)]
    first = minute_of(now) * MINUTE - 7 * 3600
    for step in steps:
        instant = float(first + step * MINUTE)
        if instant >= change:
            break
        assert (table.open_at(instant), table.covers(instant)) == before
    if change < midnight(day_of(now) + timedelta(days=HORIZON)):
        assert (table.open_at(change), table.covers(change)) != before


@settings(max_examples=60, deadline=None)
@given(MADE, SPOTS, st.lists(st.integers(-DAY_MINUTES, 3 * DAY_MINUTES), min_size=20, max_size=20))
def test_open_is_what_a_plain_account_says(
    windows: tuple[Window, ...], spot: float, minutes: list[int]
) -> None:
    table = Timetable(CALENDAR, windows)
    for minute in minutes:
        now = spot + minute * MINUTE
        assert table.open_at(now) == plainly_open(CALENDAR, windows, minute_of(now))


@settings(max_examples=40, deadline=None)
@given(MADE, st.randoms(use_true_random=False), SPOTS)
def test_the_order_of_windows_does_not_matter(
    windows: tuple[Window, ...], chance: Random, spot: float
) -> None:
    shuffled = list(windows)
    chance.shuffle(shuffled)
    one, other = Timetable(CALENDAR, windows), Timetable(CALENDAR, tuple(shuffled))
    assert one == other
    assert one.next_change(spot) == other.next_change(spot)


def test_a_year_hour_by_hour() -> None:
    first, last = at("2026-06-01 00:00"), at("2027-10-01 00:00")
    hours = [first + n * 3600 for n in range(int((last - first) // 3600))]
    for now in hours:
        assert TIMETABLE.open_at(now) == plainly_open(CALENDAR, WINDOWS, minute_of(now)), shown(now)


def test_changes_lead_through_the_year_to_the_same_windows() -> None:
    now, end, lessons = at("2026-06-01 00:00"), at("2027-09-01 00:00"), 0
    while now < end:
        following = TIMETABLE.next_change(now)
        assert following > now
        lessons += "sang" in TIMETABLE.open_at(now)
        now = following
    # 38 weeks of five days, less one holiday in December and January, one of Hùng Kings', ten of Tết and five
    # exam days; one make-up day more. 30 April and 1 May are no holidays in this calendar.
    assert lessons == 38 * 5 - 1 - 1 - 10 - 5 + 1


PROGRAM = """
import pickle, sys, time
time.tzset()
table = pickle.load(sys.stdin.buffer)
now = 1795478400.0
for _ in range(200):
    print(int(now), sorted(table.open_at(now)))
    now = table.next_change(now)
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Ho_Chi_Minh", "XYZ+11:30", "Pacific/Kiritimati"])
def test_the_boxs_zone_does_not_matter(zone: str) -> None:
    walk, now = [], 1795478400.0
    for _ in range(200):
        walk.append(f"{int(now)} {sorted(TIMETABLE.open_at(now))}")
        now = TIMETABLE.next_change(now)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=pickle.dumps(TIMETABLE),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
    )
    assert run.stdout.decode().splitlines() == walk


@pytest.mark.parametrize(
    ("hours", "text"),
    [(Hours(420, 690), "07:00-11:30"), (Hours(1320, 1770), "22:00-05:30"), (Hours(0, 1440), "00:00-24:00")],
)
def test_hours_as_people_write_them(hours: Hours, text: str) -> None:
    assert str(hours) == text
