"""How much lists blocked before and after others came: nothing is counted twice, nothing on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.rollout.report import Rate
from schoolguard.node.rollout_memory import Memory, Switch, read_memory, write_memory
from schoolguard.node.rollout_rates import DAY, LONGEST, MOST_SPANS, Rates, Span, counted
from schoolguard.resolver.counts import Outcome

HOUR = 3600.0
MONDAY = 1_700_438_400.0  # midnight


def hours(*numbers: float, queries: int = 100, blocked: int = 1) -> tuple[Span, ...]:
    return tuple(Span(MONDAY + number * HOUR, queries, blocked) for number in numbers)


def test_before_is_measured_at_the_hours_of_after() -> None:
    noon, night = hours(8, 32, blocked=10), hours(20, 44, blocked=90)
    rates = Rates(tuple(sorted((*noon, *night, *hours(56, blocked=50)), key=lambda span: span.start)))
    since = MONDAY + 50 * HOUR
    assert rates.after(since) == Rate(100, 50)
    assert rates.before(since) == Rate(200, 20)


def test_a_gateway_younger_than_a_day_takes_what_it_has() -> None:
    rates = Rates((*hours(1, 2, 3), *hours(9, blocked=50)))
    assert rates.before(MONDAY + 8 * HOUR) == Rate(300, 3)


def test_requests_to_open_are_counted_beside() -> None:
    rates = Rates().begun(Rate(0, 0, 3), 0.0).ended(Rate(100, 5, 4), 60.0).ended(Rate(200, 6, 9), 120.0)
    assert rates.before(60.0) == Rate(100, 5, 1)
    assert rates.after(60.0) == Rate(100, 1, 5)


COUNTERS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 5)), max_size=30)


@settings(max_examples=100, deadline=None)
@given(COUNTERS, st.integers(0, 30))
def test_before_and_after_are_all_there_was(steps: list[tuple[int, int, int]], at: int) -> None:
    seen, rates = Rate(0, 0), Rates().begun(Rate(0, 0), MONDAY)
    for number, (queries, share, requests) in enumerate(steps, 1):
        blocked = min(share, queries)
        seen = Rate(seen.queries + queries, seen.blocked + blocked, seen.requests + requests)
        rates = rates.ended(seen, MONDAY + 60.0 * number)
    before, after = rates.before(MONDAY + 60.0 * at), rates.after(MONDAY + 60.0 * at)
    assert before.queries + after.queries == seen.queries
    assert before.blocked + after.blocked == seen.blocked
    assert before.requests + after.requests == seen.requests


def test_counters_that_begin_anew_count_nothing_negative() -> None:
    rates = Rates().begun(Rate(500, 50, 5), 0.0).ended(Rate(10, 1, 0), 60.0)
    assert rates.spans == ()
    assert rates.ended(Rate(30, 3, 1), 120.0).after(0.0) == Rate(20, 2, 1)


def test_old_spans_are_forgotten() -> None:
    rates = Rates(hours(0, 1)).begun(Rate(0, 0), MONDAY + LONGEST)
    assert rates.ended(Rate(5, 0), MONDAY + LONGEST + 1.5 * HOUR).spans == (Span(MONDAY + LONGEST, 5, 0),)
    rates = Rates(tuple(Span(MONDAY + number, 1, 0) for number in range(3 * MOST_SPANS)))
    assert len(rates.ended(Rate(1, 0), MONDAY + DAY).spans) == MOST_SPANS


@pytest.mark.parametrize(
    ("outcome", "blocked"),
    [
        (Outcome.BLOCKED, 1),
        (Outcome.RULED, 0),
        (Outcome.ALIAS, 1),
        (Outcome.ALIAS_RULED, 0),
        (0, 0),
    ],
)
def test_only_what_lists_blocked_is_counted(outcome: int, blocked: int) -> None:
    assert counted({("s", "g", "t", int(outcome)): 7, ("s", "g", "t", 1): 3}, 2) == Rate(10, 7 * blocked, 2)


def test_memory_survives_and_what_is_damaged_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "province" / "rollout.json"
    assert read_memory(path) == Memory()
    memory = Memory(9, Switch("a", "b", 2.5), (("a", "b"),), ({"state": "a"},), Rates((Span(1.0, 5, 1, 2),)))
    write_memory(path, memory)
    assert read_memory(path) == memory
    content = path.read_bytes()
    for cut in range(0, len(content), 11):
        path.write_bytes(content[:cut])
        assert read_memory(path) == Memory()


def test_numbers_of_reports_only_grow() -> None:
    assert Memory(5_000).next_number(1.0) == 5_001
    assert Memory(5_000).next_number(100.0) == 100_000
