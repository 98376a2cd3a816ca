"""Numbers taken, as ranges: what a set would say, in little room."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.store.numbers import MOST_RANGES, Numbers, joined, read, written

TAKEN = st.lists(st.integers(1, 60), max_size=60)


@given(TAKEN, TAKEN)
def test_ranges_are_a_set(left: list[int], right: list[int]) -> None:
    numbers, other = Numbers(), Numbers()
    for number in left:
        numbers.add("a", number)
    for number in right:
        other.add("a", number)
    numbers.take(other)
    assert {number for number in range(70) if numbers.has("a", number)} == {*left, *right}
    assert read(written(numbers.of("a"))) == numbers.of("a")


@settings(max_examples=15)
@given(st.sets(st.integers(1, 1_000), min_size=150, max_size=200))
def test_ranges_are_bounded_and_forget_none_that_was_taken(taken: set[int]) -> None:
    ranges = joined((), [(number, number) for number in taken])
    assert len(ranges) <= MOST_RANGES
    assert all(any(low <= number <= high for low, high in ranges) for number in taken)
