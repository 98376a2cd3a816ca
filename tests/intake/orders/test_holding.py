"""What holds when: lifting, expiry and replacing by themselves, whatever came first and whatever the clock
says.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.order import Lift, Order
from tests.intake.orders.samples import AT_NOW, DAY, NOW, accept, below, book_at, exact, lifting, order

UNKNOWN = Clock(None, NOW - 2 * DAY)


def closed(book: OrderBook, clock: Clock = AT_NOW) -> set[str]:
    return {target.name for each in book.holding(clock) for target in each.targets}


AB = below("a.example", "b.example")


@pytest.mark.parametrize(
    ("orders", "names"),
    [
        ([order(names=AB)], {"a.example", "b.example"}),
        ([order(names=AB, start=NOW + 1)], set()),
        ([order(names=AB, start=NOW)], {"a.example", "b.example"}),
        ([order(names=AB, expiry=NOW + 1)], {"a.example", "b.example"}),
        ([order(names=AB, expiry=NOW)], set()),
        ([order(names=AB), lifting("l", 2, Lift("a1"))], set()),
        ([order(names=AB), lifting("l", 2, Lift("a1", below("a.example")))], {"b.example"}),
        ([order(names=AB), lifting("l", 2, Lift("a1", exact("a.example")))], {"a.example", "b.example"}),
        ([order(names=AB), lifting("l", 2, Lift("a1"), start=NOW + 1)], {"a.example", "b.example"}),
        ([order(names=AB), lifting("l", 2, Lift("a1"), expiry=NOW)], set()),
        ([order(names=AB), order("l", 2, below("c.example"), lifts=(Lift("a1"),))], {"c.example"}),
        ([order(names=AB, sequence=3), lifting("l", 2, Lift("a1"))], {"a.example", "b.example"}),
        ([order(names=AB), lifting("l", 2, Lift("a1"), partner="vnpt")], {"a.example", "b.example"}),
        ([order(names=AB), order(names=below("c.example"), sequence=2)], {"c.example"}),
        ([order(names=AB), order(names=below("c.example"), sequence=2, start=NOW + 1)], set()),
        (
            [order(names=AB), lifting("l", 2, Lift("a1")), order(names=AB, sequence=3)],
            {"a.example", "b.example"},
        ),
        (
            [order(names=AB), lifting("l", 2, Lift("a1")), order("l", 3, below("c.example"))],
            {"a.example", "b.example", "c.example"},
        ),
        (
            [order(names=AB), lifting("l", 2, Lift("a1")), lifting("m", 3, Lift("l"))],
            set(),
        ),
    ],
)
def test_arrival_has_no_part_in_it(tmp_path: Path, orders: list[Order], names: set[str]) -> None:
    for number, each in enumerate(itertools.permutations(orders)):
        (folder := tmp_path / str(number)).mkdir()
        book = book_at(folder)
        for one in each:
            accept(book, one)
        assert closed(book) == names


@pytest.mark.parametrize(
    ("orders", "names"),
    [
        ([order(names=AB, start=NOW + DAY, expiry=NOW + 2 * DAY)], {"a.example", "b.example"}),
        ([order(names=AB, expiry=NOW)], {"a.example", "b.example"}),
        ([order(names=AB, start=NOW - 9 * DAY, expiry=NOW - 2 * DAY)], set()),
        ([order(names=AB), lifting("l", 2, Lift("a1"))], {"a.example", "b.example"}),
        ([order(names=AB), lifting("l", 2, Lift("a1"), start=NOW - 2 * DAY)], set()),
    ],
)
def test_when_the_clock_is_not_believed_only_what_certainly_passed_opens(
    book: OrderBook, orders: list[Order], names: set[str]
) -> None:
    accept(book, *orders)
    assert closed(book, UNKNOWN) == names


def test_a_clock_that_jumped_leaves_nothing(book: OrderBook) -> None:
    accept(book, order(names=AB))
    assert closed(book, Clock(float(NOW + 400 * DAY))) == set()
    assert closed(book, Clock(0.0)) == set()
    assert closed(book, UNKNOWN) == closed(book, AT_NOW) == {"a.example", "b.example"}


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 4)), min_size=1, max_size=4),
    st.integers(-4, 4),
)
@settings(max_examples=40, deadline=None)
def test_nothing_changes_before_the_next_change(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]], moment: int
) -> None:
    book = book_at(tmp_path_factory.mktemp("book"))
    starts = [(NOW + start * DAY, NOW + (start + length) * DAY) for start, length in spans]
    accept(book, *(order(f"o{i}", i + 1, below(f"o{i}.example"), start=s, expiry=e)
                   for i, (s, e) in enumerate(starts)))  # fmt: skip
    now = NOW + moment * DAY
    change = book.next_change(now)
    later = sorted(point for span in starts for point in span if point > now)
    assert change == (later[0] if later else None)
    before = closed(book, Clock(float(now)))
    assert closed(book, Clock(now + 400 * DAY if change is None else change - 1.0)) == before
