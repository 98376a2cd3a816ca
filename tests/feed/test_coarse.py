"""Rounding of what overlaps: down in steps, never up, never finer than the steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.feed import coarse

COUNTS = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("number", "told"),
    [(-3, 0), (0, 0), (1, 1), (4, 2), (5, 5), (9, 5), (10, 10), (99, 50), (199, 100), (200, 200)],
)
def test_queries_go_down_to_1_2_5_10(number: int, told: int) -> None:
    assert coarse.at_least(number) == told


@given(COUNTS)
def test_the_truth_lies_between_two_steps(number: int) -> None:
    low, high = coarse.at_least(number), coarse.at_most(number)
    assert low <= number <= high
    assert high <= 2.5 * low or number == 0


@given(COUNTS, st.integers(2, 100))
def test_devices_are_multiples(number: int, k: int) -> None:
    told = coarse.devices(number, k)
    assert told % k == 0
    assert told <= number < told + k


def test_shares_are_of_all_and_rounded_down() -> None:
    assert coarse.shares([500, 300, 199, 1], 5) == [50, 80, 99]


def test_shares_of_few_queries_are_coarser_and_of_fewer_not_told() -> None:
    assert coarse.shares([50, 30, 20], 5) == [50, 80]  # steps of 5 %
    assert coarse.shares([7, 3, 2], 5) == [50, 50]  # steps of 50 %
    assert coarse.shares([4, 3, 2], 5) == []
    assert coarse.shares([], 5) == []
