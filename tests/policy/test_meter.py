"""How marks become minutes, and what the clock, a flood of devices and a restart may do to them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.policy.budgets import Budget
from schoolguard.policy.counting import IN_FORCE, Counting, Used
from schoolguard.policy.meter import Meter, Stage, local_day

NOON = 20_000 * 86_400.0 + 5 * 3600
"""12:00 in Viet Nam."""

MIDNIGHT = NOON + 12 * 3600
DAY = 86_400.0
A, B = b"\x02\0\0\0\0\x0a", b"\x02\0\0\0\0\x0b"
SHORT = Budget("short", "Ngắn", 10)
LONG = Budget("long", "Dài", 180)


@dataclass
class Clock:
    """A wall clock that can be set, and one that cannot."""

    wall: float = NOON
    steady: float = 1000.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def tell(self, meter: Meter) -> bool:
        return meter.tick(self.wall, self.steady)


def meter_of(clock: Clock, counting: Counting = IN_FORCE, devices: int = 100) -> Meter:
    meter = Meter(clock.wall, clock.steady, counting, devices)
    meter.set_budgets([SHORT, LONG])
    return meter


def play(meter: Meter, clock: Clock, minutes: int, device: bytes = A, budget: str = "long") -> None:
    """Ask once a minute, so that ``minutes`` are counted."""
    for _ in range(minutes):
        clock.tell(meter)
        meter.mark(device, budget)
        clock.go(60)
    clock.tell(meter)


# Minutes


@pytest.mark.parametrize(
    ("marks", "counting", "minutes"),
    [
        ([0], Counting(8, 0), 0),
        ([0], Counting(8, 1), 1),
        ([0, 0, 0], Counting(8, 0), 0),
        ([0, 1], Counting(8, 0), 2),
        ([0, 1], Counting(8, 1), 2),
        ([0, 8], Counting(8, 0), 9),
        ([0, 9], Counting(8, 0), 0),
        ([0, 9], Counting(8, 1), 2),
        ([0, 5, 10, 30, 31], Counting(8, 0), 13),
        ([0, 20, 40, 41], Counting(8, 1), 4),
    ],
)
def test_marks_become_minutes(marks: list[int], counting: Counting, minutes: int) -> None:
    clock = Clock()
    meter = meter_of(clock, counting)
    for mark in marks:
        meter.tick(clock.wall + mark * 60, clock.steady + mark * 60)
        meter.mark(A, "long")
    assert meter.used(A, "long") == minutes


@settings(max_examples=100)
@given(
    st.lists(st.integers(0, 11 * 60 - 1), min_size=1, max_size=40),
    st.integers(1, 20),
    st.integers(0, 1),
    st.integers(1, 4),
)
def test_many_workers_count_no_minute_twice(marks: list[int], gap: int, lone: int, workers: int) -> None:
    clock, alone = Clock(), Clock()
    many, one = meter_of(clock, Counting(gap, lone)), meter_of(alone, Counting(gap, lone))
    for mark in sorted(marks):
        for meter, times in ((one, 1), (many, workers)):
            meter.tick(clock.wall + mark * 60, clock.steady + mark * 60)
            for _ in range(times):
                meter.mark(A, "long")
    assert many.used(A, "long") == one.used(A, "long")
    assert one.used(A, "long") <= max(marks) - min(marks) + 1
    if lone:
        assert one.used(A, "long") >= len(set(marks))


def test_devices_and_budgets_are_counted_apart() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 10, A, "short")
    play(meter, clock, 4, B, "long")
    assert (meter.remaining(A, "short"), meter.remaining(A, "long")) == (0, 180)
    assert (meter.remaining(B, "short"), meter.remaining(B, "long")) == (10, 176)
    assert meter.used_up(A) == {"short"}
    assert meter.used_up(B) == frozenset()
    assert meter.all_used_up() == {A: {"short"}}


def test_each_stage_is_told_once() -> None:
    clock, told = Clock(), []
    meter = meter_of(clock)
    for _ in range(15):
        clock.tell(meter)
        told.append(meter.mark(A, "short"))
        clock.go(60)
    assert [(minute, stage) for minute, stage in enumerate(told, 1) if stage] == [
        (5, Stage.WARNING),
        (10, Stage.USED_UP),
    ]
    assert meter.stage(A, "short") is Stage.USED_UP
    assert meter.remaining(A, "short") == 0


def test_a_budget_no_longer_than_the_warning_does_not_warn_before_it_is_used() -> None:
    clock = Clock()
    meter = Meter(clock.wall, clock.steady)
    meter.set_budgets([Budget("tiny", "T", 3)])
    assert meter.stage(A, "tiny") is Stage.OPEN
    play(meter, clock, 2, A, "tiny")
    assert meter.stage(A, "tiny") is Stage.WARNING


def test_a_reload_keeps_minutes_and_takes_new_limits() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 20)
    meter.set_budgets([Budget("long", "Dài", 15)])
    assert meter.used_up(A) == {"long"}
    assert meter.mark(A, "short") is None
    with pytest.raises(KeyError):
        meter.remaining(A, "short")
    meter.set_budgets([LONG])
    assert meter.used_up(A) == frozenset()
    assert meter.remaining(A, "long") == 160


def test_an_address_whose_mac_becomes_known_takes_its_minutes_along() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 6, b"\x0a\0\0\x05", "short")
    play(meter, clock, 4, A, "short")
    meter.rename(b"\x0a\0\0\x05", A)
    assert meter.used_up(A) == {"short"}
    assert meter.used(b"\x0a\0\0\x05", "short") == 0


# Bounds


def test_a_flood_of_made_up_devices_gives_nobody_time_back() -> None:
    clock = Clock()
    meter = meter_of(clock, devices=50)
    play(meter, clock, 10, A, "short")
    play(meter, clock, 3, B, "long")
    for number in range(1000):
        clock.go(7)
        clock.tell(meter)
        meter.mark(number.to_bytes(6), "long")
    assert len({device for device, _, _ in meter.table()}) <= 50
    assert meter.used_up(A) == {"short"}
    assert meter.used(B, "long") == 3


# Days


def test_the_day_is_viet_nams() -> None:
    assert local_day(MIDNIGHT) == local_day(MIDNIGHT - 1) + 1
    assert local_day(0) == 0
    assert local_day(-7 * 3600 - 1) == -1


def test_local_midnight_gives_a_new_day() -> None:
    clock = Clock(MIDNIGHT - 20 * 60)
    meter = meter_of(clock)
    play(meter, clock, 15, A, "short")
    assert meter.used_up(A) == {"short"}
    clock.go(5 * 60)
    assert clock.tell(meter)
    assert meter.used_up(A) == frozenset()
    assert meter.remaining(A, "short") == 10
    assert not clock.tell(meter)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(-5 * 3600, 5 * 3600)), max_size=12))
def test_a_clock_that_is_set_within_the_day_changes_no_minute(steps: list[tuple[int, int]]) -> None:
    right, wrong = Clock(), Clock()
    here, there = meter_of(right), meter_of(wrong)
    for silence, off in steps:
        for meter, clock in ((here, right), (there, wrong)):
            clock.go(silence * 60)
            clock.tell(meter)
            meter.mark(A, "long")
        wrong.wall = right.wall + off
    assert there.used(A, "long") == here.used(A, "long")


def test_a_clock_put_forward_and_back_gives_no_time_and_takes_none() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 20)
    clock.wall += 10 * 365 * DAY
    assert clock.tell(meter)
    assert meter.used(A, "long") == 0
    clock.go(30 * 60)
    play(meter, clock, 3)
    clock.wall -= 10 * 365 * DAY
    assert clock.tell(meter)
    assert meter.used(A, "long") == 23
    clock.go(DAY)
    assert clock.tell(meter)
    assert meter.used(A, "long") == 0


def test_a_clock_put_right_a_day_later_takes_at_most_that_day() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 20)
    clock.wall += 400 * DAY
    clock.tell(meter)
    play(meter, clock, 7)
    clock.go(13 * 3600)
    clock.tell(meter)
    play(meter, clock, 7)
    clock.wall -= 400 * DAY
    clock.tell(meter)
    assert meter.day == local_day(NOON) + 1
    assert meter.used(A, "long") == 7
    clock.go(DAY)
    clock.tell(meter)
    assert meter.used(A, "long") == 0


def test_a_clock_put_back_a_little_at_midnight_changes_nothing() -> None:
    clock = Clock(MIDNIGHT - 9 * 60)
    meter = meter_of(clock)
    play(meter, clock, 10, A, "short")
    assert meter.day == local_day(MIDNIGHT)
    play(meter, clock, 5, B, "short")
    clock.wall -= 600
    assert not clock.tell(meter)
    play(meter, clock, 20, B, "long")
    assert meter.used(B, "short") == 5
    assert meter.day == local_day(MIDNIGHT)


def test_a_sleep_over_midnight_is_a_new_day_although_the_steady_clock_slept_too() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 10, A, "short")
    clock.wall += DAY
    assert clock.tell(meter)
    assert meter.used_up(A) == frozenset()


def test_a_clock_at_1970_gives_no_time_back() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 10, A, "short")
    right = clock.wall
    clock.wall = 0.0
    assert not clock.tell(meter)
    assert meter.used_up(A) == {"short"}
    clock.wall = right
    assert not clock.tell(meter)
    assert meter.used_up(A) == {"short"}


def test_a_clock_that_stays_behind_takes_no_more_than_a_day() -> None:
    clock = Clock()
    meter = meter_of(clock)
    play(meter, clock, 10, A, "short")
    clock.wall -= 10 * DAY
    clock.tell(meter)
    clock.go(DAY - 1)
    assert not clock.tell(meter)
    assert meter.used_up(A) == {"short"}
    clock.go(1)
    assert clock.tell(meter)
    assert meter.used_up(A) == frozenset()
    assert meter.day == local_day(clock.wall)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 3 * 3600), st.floats(-1e9, 1e9)), max_size=15))
def test_whatever_the_clock_does_a_right_day_later_everything_is_open(steps: list[tuple[int, float]]) -> None:
    clock = Clock()
    meter = meter_of(clock)
    for seconds, jump in steps:
        play(meter, clock, 3, A, "short")
        clock.go(seconds)
        clock.wall += jump
        clock.tell(meter)
    for _ in range(3 * 24):
        clock.go(3600)
        clock.tell(meter)
    assert meter.used_up(A) == frozenset()
    assert meter.day == local_day(clock.wall)


# After a restart


def test_minutes_of_today_go_on_and_yesterdays_do_not() -> None:
    clock = Clock()
    meter = meter_of(clock)
    table = {A: {"short": Used(9, meter.minute - 1, False)}}
    assert not meter.resume(meter.day - 1, table)
    assert meter.used(A, "short") == 0
    assert meter.resume(meter.day, table)
    clock.tell(meter)
    assert meter.mark(A, "short") is Stage.USED_UP
