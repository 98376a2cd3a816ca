"""The two caches' bounds in bytes: what they count is what they take, and what is asked for often stays."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.answer import Answer
from schoolguard.resolver.bounded import Bounded
from schoolguard.resolver.cache import AnswerCache
from schoolguard.resolver.front import Entry, Front, seat

LIMIT = 2 << 20
ONE, OTHER, THIRD = map(seat, range(3))


def _answer(records: int, size: int, number: int = 0) -> Answer:
    ttls = tuple((1000 + 16 * i, 100_000 + number + i) for i in range(records))
    addresses = tuple(i.to_bytes(4) for i in range(records))
    return Answer(0, 0, bytes(6), bytes(bytearray(size)), ttls, 300, addresses=addresses)


def _key(i: int) -> bytes:
    return b"\x0aname%06d\x07example\0\0\1\0\1\0" % i


def _taken(fill: Callable[[], object]) -> int:
    """Return the memory that stays allocated after ``fill``, whose result is kept until then."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = fill()
        gc.collect()
        assert kept is not None
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("records", "size"), [(1, 50), (3, 400), (400, 6400), (20, 60_000)])
def test_threat_24_answers_are_bounded_in_bytes(records: int, size: int) -> None:
    """With a bound in entries, or with tuples left out, large answers would take many times the memory."""

    def fill() -> AnswerCache:
        cache = AnswerCache(LIMIT, 0.0)
        for i in range(10 * LIMIT // (700 + size + 130 * records)):
            cache.keep(_key(i), _answer(records, size, i), 300, 0.0)
        return cache

    assert LIMIT / 3 < _taken(fill) < 1.15 * LIMIT


def test_threat_24_an_answer_that_grows_is_counted_anew() -> None:
    """A domain's owner could answer small first and large when the TTL is over, for every name again."""

    def fill() -> AnswerCache:
        cache = AnswerCache(LIMIT, 0.0)
        for size in (50, 60_000):
            for i in range(1000):
                cache.keep(_key(i), _answer(1, size), 1, 0.0)
        return cache

    assert _taken(fill) < 1.15 * LIMIT


def _entry(size: int, until: float = 1e9, bit: int = 1, outcome: int = 0, origin: object = None) -> Entry:
    return Entry(until, size + 2, bytes(bytearray(size)), outcome, bit, origin)


@pytest.mark.parametrize("size", [60, 500, 60_000])
def test_threat_24_replies_are_bounded_in_bytes(size: int) -> None:
    """All plans together share one bound; a client with many names cannot fill the memory."""

    def fill() -> Front:
        front = Front(LIMIT)
        for i in range(10 * LIMIT // (330 + size)):
            plan = seat(i % 3)
            front.put(_key(i) + bytes(4), plan, _entry(size, 1e9 + i, plan.bit, i + 1000), 0.0)
        return front

    assert LIMIT / 3 < _taken(fill) < 1.15 * LIMIT


def test_a_reply_that_grows_is_counted_anew() -> None:
    def fill() -> Front:
        front = Front(LIMIT)
        for size in (50, 60_000):
            for i in range(1000):
                front.put(_key(i), ONE, _entry(size), 0.0)
        return front

    assert _taken(fill) < 1.15 * LIMIT


def test_what_is_asked_for_stays_while_the_rest_passes_through() -> None:
    cache, front = AnswerCache(LIMIT, 0.0), Front(LIMIT)
    cache.keep(_key(0), _answer(1, 50), 1000, 0.0)
    front.put(_key(0), ONE, _entry(50), 0.0)
    for i in range(1, 20_000):
        cache.keep(_key(i), _answer(1, 50), 1000, 0.0)
        front.put(_key(i), ONE, _entry(50), 0.0)
        if i % 100 == 0:
            assert cache.find(_key(0), 1.0) is not None
            assert front.find(_key(0), ONE, 1.0) is not None
    assert cache.find(_key(1), 1.0) is None
    assert front.find(_key(1), ONE, 1.0) is None


def test_all_of_the_bound_is_used() -> None:
    """What fits is found again, whatever the order it is asked in: nothing is dropped while there is room."""
    front = Front(LIMIT)
    count = LIMIT // (335 + 52 + len(_key(0))) - 1
    for _ in range(3):
        for i in range(count):
            if front.find(_key(i), ONE, 1.0) is None:
                front.put(_key(i), ONE, _entry(50), 0.0)
    assert len(front) == count


def test_nothing_is_found_after_its_time() -> None:
    cache, front = AnswerCache(LIMIT, 50.0), Front(LIMIT)
    cache.keep(_key(0), _answer(1, 50), 10, 100.0)
    front.put(_key(0), ONE, _entry(50, until=110.0), 100.0)
    assert front.find(_key(0), ONE, 109.9) is not None
    assert front.find(_key(0), ONE, 110.0) is None
    assert cache.find(_key(0), 159.9) is not None
    assert cache.find(_key(0), 160.0) is None


def test_threat_25_a_reply_reaches_only_plans_it_was_judged_for() -> None:
    front = Front(LIMIT)
    front.put(_key(0), ONE, _entry(50, bit=ONE.bit), 0.0)
    assert front.find(_key(0), OTHER, 1.0) is None
    front.put(_key(0), OTHER, _entry(60, bit=OTHER.bit, outcome=9), 0.0)
    for plan, size in ((ONE, 52), (OTHER, 62)):
        entry = front.find(_key(0), plan, 1.0)
        assert entry is not None
        assert (entry.size, entry.plans) == (size, plan.bit)


def test_one_entry_serves_the_plans_with_one_verdict() -> None:
    front, answer = Front(LIMIT), object()
    for plan in (ONE, OTHER, THIRD):
        front.put(_key(0), plan, _entry(50, bit=plan.bit, origin=answer), 0.0)
        front.put(_key(1), plan, _entry(50, bit=plan.bit, outcome=9), 0.0)
    assert len(front) == 2
    assert all(front.find(_key(i), plan, 1.0) for i in (0, 1) for plan in (ONE, OTHER, THIRD))


def test_threat_25_a_renewed_answer_is_judged_again_by_every_plan() -> None:
    """The new answer may lead, through an alias, to a name that one of the plans blocks."""
    front = Front(LIMIT)
    for plan in (ONE, OTHER):
        front.put(_key(0), plan, _entry(50, until=10.0, bit=plan.bit, origin="old"), 0.0)
    front.put(_key(0), ONE, _entry(50, bit=ONE.bit, origin="new"), 11.0)
    assert front.find(_key(0), ONE, 12.0) is not None
    assert front.find(_key(0), OTHER, 12.0) is None


def test_two_verdicts_on_one_answer_stand_side_by_side() -> None:
    """One plan blocks the alias that an answer leads to, the other does not; neither displaces the other."""
    front, answer = Front(LIMIT), object()
    front.put(_key(0), ONE, _entry(50, bit=ONE.bit, origin=answer), 0.0)
    front.put(_key(0), OTHER, _entry(60, bit=OTHER.bit, outcome=9, origin=answer), 0.0)
    found = [front.find(_key(0), plan, 1.0) for plan in (ONE, OTHER)]
    assert [entry.size for entry in found if entry is not None] == [52, 62]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 400)), max_size=200))
def test_bounded_holds_its_bound_and_the_last_value(puts: list[tuple[int, int]]) -> None:
    bounded: Bounded[bytes] = Bounded(1000, lambda key, value: len(key) + len(value))
    last: dict[bytes, bytes] = {}
    for number, size in puts:
        key, value = b"k%d" % number, bytes(size)
        bounded.put(key, value)
        last[key] = value
        taken = sum(len(k) + len(v) for k, v in (*bounded.young.items(), *bounded.old.items()))
        assert bounded.size == taken <= 1000
        assert bounded.find(key) == value
        assert all(bounded.find(k) in (None, v) for k, v in last.items())


def test_what_is_not_used_any_more_is_let_go_in_parts() -> None:
    bounded: Bounded[bytes] = Bounded(1 << 20, lambda *_: 1)
    for i in range(25):
        bounded.put(b"%d" % i, b"")
    assert [bounded.release(10) for _ in range(4)] == [True, True, False, False]
    assert len(bounded) == 0
