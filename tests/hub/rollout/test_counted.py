"""What many gateways' counts come to: true bounds, nothing of few gateways, a jump where there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.rollout.counted import Jumped, Seen, jumped, seen
from schoolguard.hub.rollout.settings import Jumps
from schoolguard.intake.rollout.report import Effect, ListCount, Preview, Rate

STATE, FORMER = "a" * 64, "b" * 64
JUMPS = Jumps(growth=1.0, floor=0.02, requests=5, queries=100, gateways=1)


def preview(names: set[int], asked: int = 50) -> Preview:
    learning = sum(name % 3 == 0 for name in names)
    count = ListCount("viettel.ads", len(names), learning)
    return Preview(STATE, FORMER, asked, len(names), 0, learning, (count,) if names else ())


SCHOOLS = st.lists(st.sets(st.integers(0, 30), max_size=12), max_size=12)


@settings(max_examples=200, deadline=None)
@given(SCHOOLS, st.integers(1, 6))
def test_the_bounds_hold_and_few_gateways_tell_nothing(schools: list[set[int]], threshold: int) -> None:
    found = seen([preview(names) for names in schools], threshold)
    blocked = [names for names in schools if names]
    if len(schools) < threshold:
        assert found == Seen(threshold, None, None)
    elif 0 < len(blocked) < threshold:
        assert found == Seen(threshold, len(schools), None)
    else:
        names = set().union(*schools)
        assert found.asked_in == len(blocked)
        assert found.names is not None
        assert found.names_most is not None
        assert found.learning_most is not None
        assert found.names <= len(names) <= found.names_most
        assert sum(name % 3 == 0 for name in names) <= found.learning_most
    assert found == seen([preview(names) for names in reversed(schools)], threshold), "no order shows"
    assert seen([preview(names) for names in schools], threshold, "viettel.ads").names == found.names


def test_a_list_that_is_not_in_a_preview_blocks_nothing_there() -> None:
    assert seen([preview({1, 2})] * 5, 5, "vnpt.ads") == Seen(5, 5, 0, 0, 0, 0)


def effect(before: tuple[int, int, int], after: tuple[int, int, int]) -> Effect:
    return Effect(STATE, FORMER, 0, Rate(*after), Rate(*before))


@pytest.mark.parametrize(
    ("before", "after", "blocking", "requests"),
    [
        ((1000, 50, 0), (1000, 50, 0), 0, 0),
        ((1000, 50, 0), (1000, 100, 0), 0, 0),  # twice is not more than twice
        ((1000, 50, 0), (1000, 101, 0), 1, 0),
        ((1000, 1, 0), (1000, 20, 0), 0, 0),  # twenty times, but 2 % of all queries
        ((1000, 0, 0), (1000, 21, 0), 1, 0),
        ((99, 0, 0), (1000, 900, 90), 0, 0),  # too little is known of before
        ((1000, 0, 0), (99, 99, 90), 0, 0),
        ((1000, 50, 0), (1000, 50, 4), 0, 0),
        ((1000, 50, 0), (1000, 50, 5), 0, 1),
        ((1000, 50, 10), (1000, 50, 20), 0, 0),
        ((1000, 50, 10), (1000, 50, 21), 0, 1),
        ((1000, 50, 10), (100, 5, 6), 0, 1),  # one was to be expected in so few queries
        ((1000, 50, 0), (1000, 200, 9), 1, 1),
    ],
)
def test_what_counts_as_a_jump(
    before: tuple[int, int, int], after: tuple[int, int, int], blocking: int, requests: int
) -> None:
    assert jumped([effect(before, after)], JUMPS) == Jumped(int(blocking or requests), blocking, requests)


def test_both_can_be_switched_off() -> None:
    both = [effect((1000, 0, 0), (1000, 900, 90))]
    assert jumped(both, replace(JUMPS, growth=None)) == Jumped(1, 0, 1)
    assert jumped(both, replace(JUMPS, requests=None)) == Jumped(1, 1, 0)
    assert jumped(both, replace(JUMPS, growth=None, requests=None)) == Jumped(0, 0, 0)


def test_the_reason_says_what_jumped() -> None:
    assert str(Jumped(3, 3, 0).reason(5)) == "blocking jumped in 3 of 5 gateways that enforce it"
    assert "requests to open names jumped in 2 of 5" in str(Jumped(4, 0, 2).reason(5))


COUNTS = st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 50)).map(
    lambda each: (max(each[:2]), min(each[:2]), each[2])
)


@settings(max_examples=200, deadline=None)
@given(COUNTS, COUNTS, st.integers(1, 500), st.integers(0, 30))
def test_more_blocks_or_requests_are_never_less_of_a_jump(
    before: tuple[int, int, int], after: tuple[int, int, int], blocked: int, requests: int
) -> None:
    worse = (after[0], min(after[0], after[1] + blocked), after[2] + requests)
    one, two = jumped([effect(before, after)], JUMPS), jumped([effect(before, worse)], JUMPS)
    assert one.blocking <= two.blocking
    assert one.requests <= two.requests
    assert jumped([effect(before, before)], JUMPS).gateways == 0, "nothing changed, nothing jumped"
