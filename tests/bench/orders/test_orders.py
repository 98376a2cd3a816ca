"""What the measurement of orders counts and how; the measuring itself is ``make bench-orders``."""

from __future__ import annotations

import struct
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.orders.__main__ import arguments
from tests.bench.orders.figures import Found, percentile, printed
from tests.bench.orders.questions import answer_to, question
from tests.bench.orders.watching import CUT, NONE, Disturbance, Order, Way

ORDER = Order(3, "o3.example", began=100.0, published=101.0)


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(number) for number in range(200, 0, -1)]
    assert [percentile(values, percent) for percent in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert percentile([7.0], 99) == 7.0


def test_undisturbed_order_counts_from_the_command() -> None:
    way = Way(ORDER, seen=101.5)
    assert (way.cause, way.seconds) == (NONE, 1.5)


@pytest.mark.parametrize(("ended", "seconds"), [(108.0, 1.0), (90.0, 9.0), (109.5, 0.0)])
def test_disturbed_order_counts_from_the_end_of_it(ended: float, seconds: float) -> None:
    way = Way(ORDER, Disturbance(CUT, ended), seen=109.0)
    assert (way.cause, way.seconds) == (CUT, seconds)


@pytest.mark.parametrize(("ended", "directly"), [(None, True), (100.5, True), (99.0, False)])
def test_only_what_was_on_its_way_explains_later_delays(ended: float | None, directly: bool) -> None:
    assert Way(ORDER, Disturbance(CUT, ended)).directly is directly
    assert not Way(ORDER).directly


def test_lost_order_or_missing_receipt_is_not_good() -> None:
    found = Found(1, orders=[ORDER], lost=1, unconfirmed=2, troubles=Counter({CUT: 1}))
    assert not found.good
    assert "lost: 1 (aim 0); orders not confirmed by every gateway: 2" in printed(found)


@settings(max_examples=50)
@given(st.integers(0, 65_535), st.lists(st.text("abcxyz09", min_size=1, max_size=20), min_size=1, max_size=6))
def test_question_is_a_query_and_its_answer_is_for_it(number: int, labels: list[str]) -> None:
    query = question(number, ".".join(labels))
    reply = answer_to(query)
    assert reply[12 : len(query)] == query[12:]
    assert struct.unpack("!6H", reply[:12]) == (number, 0x8180, 1, 1, 0, 0)


def test_run_without_options_is_that_of_the_aim() -> None:
    options = arguments([])
    assert (options.gateways, options.orders, options.calm) == (30, 200, False)
