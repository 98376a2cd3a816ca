"""The store as its callers use it: each delta once, periods, time, retention, size."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from schoolguard.store.aside import aside_of
from schoolguard.store.bounds import DAY, LEAST_SIZE, LOG, Bounds
from schoolguard.store.errors import StoreUnusable
from schoolguard.store.gauges import Gauges, gauges_of, gauges_text
from schoolguard.store.held import Held
from schoolguard.store.kept import OpenPeriod, Removed
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import EVER, MINUTE, Given, Span, cell, check, rows_of, words

NOW = MINUTE * 60
A, B = cell(0), cell(1)


def run(path: Path, work: Callable[[Store], Awaitable[None]], bounds: Bounds | None = None) -> None:
    async def opened() -> None:
        store = await Store.open(path, bounds or Bounds(), 0)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(opened())


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "store.db"


def delta(number: int, minute: int = MINUTE, worker: str = "a", lost: int = 0) -> Delta:
    return Delta(worker, number, minute, {A: number, B: 1}, (0, number), lost)


def test_a_delta_counts_once(path: Path) -> None:
    given = Given()
    deltas = [delta(1), delta(2, MINUTE + 1), delta(1), delta(1, worker="b"), delta(7)]
    for each in deltas:
        given.add(each)

    async def work(store: Store) -> None:
        await store.add(deltas, 0)
        await store.add(deltas[::-1], 0)
        await check(store, given)
        assert not store.has("a", 3)
        late = delta(3)
        given.add(late)
        await store.add([late], 0)
        await check(store, given)

    async def again(store: Store) -> None:
        await store.add(deltas, 0)
        await check(store, given)

    run(path, work)
    run(path, again)


def test_a_period_is_all_that_was_open_and_nothing_twice(path: Path) -> None:
    periods: list[OpenPeriod[Span]] = []

    def document(period: OpenPeriod[Span]) -> bytes:
        periods.append(period)
        return words(period)

    async def work(store: Store) -> None:
        await store.add([delta(1, lost=3), delta(2)], 0)
        assert await store.close_period("thcs-a", Span, document) == 1
        assert await store.close_period("thcs-a", Span, document) == 2
        assert await store.post("thcs-a", 5, 6, lambda sequence: b"%d" % sequence) == 3
        await store.follow("thcs-a", 9)
        await store.follow("thcs-a", 4)
        await store.add([delta(3)], 0)
        assert await store.close_period("thcs-a", Span, document) == 10
        first, empty, last = periods
        assert (first.counts, first.latency) == ({A: 3, B: 2}, (0, 3))
        assert (first.lost, first.missing) == (3, 0)
        assert (empty.counts, empty.latency, empty.lost) == ({}, (), 0)
        assert last.counts == {A: 3, B: 1}
        waiting = await store.outbox(3)
        assert [(each.sequence, each.document) for each in waiting] == [
            (1, words(first)),
            (2, words(empty)),
            (3, b"3"),
        ]
        await store.tried("thcs-a", 2)
        await store.acknowledged("thcs-a", 1, 0)
        await store.acknowledged("thcs-a", 1, 0)
        assert [(each.sequence, each.tries) for each in await store.outbox(9)] == [(2, 1), (3, 0), (10, 0)]

    run(path, work)


def test_a_document_that_fails_changes_nothing(path: Path) -> None:
    def document(period: OpenPeriod[Span]) -> bytes:
        raise LookupError(period.school)

    async def work(store: Store) -> None:
        given = Given()
        given.add(delta(1))
        await store.add([delta(1)], 0)
        with pytest.raises(LookupError, match="thcs-a"):
            await store.close_period("thcs-a", Span, document)
        with pytest.raises(ValueError, match="sequence"):
            await store.close_period("thcs-a", lambda _: Span(5), words)
        await check(store, given)

    run(path, work)


def test_a_school_that_was_begun_has_the_gateways_figures(path: Path) -> None:
    async def work(store: Store) -> None:
        await store.begin(["yên-tĩnh"])
        await store.add([delta(1, lost=2)], 0)
        await store.begin(["yên-tĩnh", "thcs-a"])
        schools = await store.schools()
        assert schools["yên-tĩnh"].gauges == schools["thcs-a"].gauges
        assert schools["yên-tĩnh"].gauges.lost == 2

    run(path, work)


def test_figures_of_a_file_of_before_are_read() -> None:
    figures = Gauges([0, 3], 2)
    assert gauges_of('[[0,3],1.25,{"cache-hits":4},2]') == gauges_of(gauges_text(figures)) == figures


def test_hours_and_days_are_viet_nams(path: Path) -> None:
    midnight = (NOW // DAY * DAY) + 17 * 3_600
    before, after = midnight // 60 - 1, midnight // 60

    async def work(store: Store) -> None:
        await store.add([delta(1, before), delta(2, after)], 0)
        for _ in range(2):
            assert [row.begin for row in await store.counts("day", 0, EVER) if row.cell == A] == [
                midnight - DAY,
                midnight,
            ]
            assert [row.begin for row in await store.counts("hour", midnight, EVER)] == [midnight] * 2
            assert await store.counts("day", midnight + 1, EVER) == []
            await store.retain(NOW)

    run(path, work)


def test_rolling_changes_no_count(path: Path) -> None:
    given = Given()

    async def work(store: Store) -> None:
        for number in range(1, 40):
            each = delta(number, MINUTE + number * 7 % 30)
            given.add(each)
            await store.add([each], 0)
            if number % 9 == 0:
                await store.retain(NOW, believed=number % 2 == 0)
                await check(store, given)

    run(path, work)


def test_what_is_old_goes_by_its_kind(path: Path) -> None:
    bounds = Bounds(2 * DAY, 4 * DAY, 8 * DAY)

    async def work(store: Store) -> None:
        for day in range(12):
            await store.add([Delta("a", day + 1, MINUTE + day * 1_440, {cell(day): 1})], 0)
            removed = await store.retain(NOW + day * DAY)
        assert (removed.minutes, removed.hours, removed.days, removed.rolled) == (1, 1, 1, 1)
        assert [len(await rows_of(store, kind)) for kind in ("minute", "hour", "day")] == [3, 5, 9]
        assert await store.retain(NOW + 30 * DAY, believed=False) == Removed(size=removed.size)
        # Its open counts keep a cell; without them it goes with its last day.
        await store.close_period("thcs-a", Span, words)
        await store.retain(NOW + 12 * DAY)
        assert len(store._cells) == 8

    run(path, work, bounds)


def test_a_clock_that_goes_wrong_takes_little(path: Path) -> None:
    async def work(store: Store) -> None:
        for day in range(14):
            await store.add([Delta("a", day + 1, MINUTE + day * 1_440, {A: 1})], 0)
        await store.retain(NOW + 13 * DAY)
        # A year back: what is counted then is kept, what was counted stays.
        await store.add([Delta("a", 20, MINUTE - 365 * 1_440, {A: 5})], 0)
        removed = await store.retain(NOW - 365 * DAY)
        assert (removed.minutes, removed.hours, removed.days) == (0, 0, 0)
        assert len(await rows_of(store, "minute")) == 15
        # And right again: the year between is not believed at once.
        for _ in range(3):
            await store.add([], 0)
            assert (await store.retain(NOW + 13 * DAY)).minutes <= 1
        assert len(await rows_of(store, "day")) == 15
        for _ in range(10):
            await store.retain(NOW + 13 * DAY)
        assert len(await rows_of(store, "minute")) == 14
        # A year ahead, once: a day of the oldest minutes goes.
        removed = await store.retain(NOW + 378 * DAY)
        assert removed.minutes <= 1
        await store.retain(NOW + 13 * DAY)
        assert len(await rows_of(store, "minute")) >= 13

    run(path, work)


def test_a_document_waits_by_the_time_the_store_is_in_use(path: Path) -> None:
    async def work(store: Store) -> None:
        await store.add([delta(1)], 0)
        await store.retain(NOW)
        await store.close_period("thcs-a", Span, words)
        # Two years without power are a day.
        assert (await store.retain(NOW + 730 * DAY)).documents == ()
        assert (await store.retain(NOW)).documents == ()
        assert (await store.retain(NOW + DAY)).documents == ()
        assert len(await store.outbox(9)) == 1
        assert (await store.retain(NOW + 2 * DAY)).documents == (("thcs-a", 1),)
        assert await store.outbox(9) == []
        assert (await store.losses())["late"] == 1
        assert await store.close_period("thcs-a", Span, words) == 2

    run(path, work, Bounds(outbox=2 * DAY))


def test_the_file_keeps_its_size(path: Path) -> None:
    cells = [cell(number) for number in range(700)]
    sent = b"x" * 4_000

    async def work(store: Store) -> None:
        await store.add([Delta("a", 1, MINUTE, dict.fromkeys(cells, 1))], 0)
        await store.post("thcs-a", 0, 1, lambda _: sent)
        for number in range(20):
            await store.add([Delta("a", 2 + number, MINUTE + number, dict.fromkeys(cells, 1))], 0)
        full = await store.retain(NOW)
        assert full.for_size == 0
        store.bounds = Bounds(size=LOG + full.size // 2)
        removed = await store.retain(NOW)
        assert removed.for_size > 0
        assert removed.over == 0
        assert removed.size <= full.size // 2
        assert (await store.losses())["crowded"] == removed.for_size
        minutes = {begin for begin, _ in await rows_of(store, "minute")}
        assert max(minutes) == (MINUTE + 19) * 60, "the newest stay"
        assert min(minutes) > MINUTE * 60, "the oldest go"
        assert sum((await rows_of(store, "day")).values()) == 21 * 700
        assert [each.document for each in await store.outbox(9)] == [sent]
        store.bounds = Bounds(size=LOG)
        assert (await store.retain(NOW)).over > 0
        assert [each.document for each in await store.outbox(9)] == [sent]

    run(path, work, Bounds(size=LEAST_SIZE))
    assert path.stat().st_size < 1 << 20, "what is free is given back"


def test_what_was_set_aside_goes_after_a_month(path: Path) -> None:
    aside = aside_of(path)
    aside.write_bytes(b"damaged")
    os.utime(aside, (NOW, NOW))

    async def work(store: Store) -> None:
        await store.retain(NOW + 31 * DAY, believed=False)
        await store.retain(NOW + 29 * DAY)
        assert aside.exists()
        await store.retain(NOW + 31 * DAY)
        assert not aside.exists()

    run(path, work)


def test_who_is_cancelled_has_changed_all_or_nothing(path: Path) -> None:
    async def work(store: Store) -> None:
        held = Held(store.has)
        for number in range(1, 30):
            held.take([delta(number)])
            adding = asyncio.ensure_future(store.add_held(held, 0))
            for _ in range(number % 12):
                await asyncio.sleep(0)
            adding.cancel()
            await asyncio.gather(adding, return_exceptions=True)
        await store.add_held(held, 0)
        assert not held
        given = Given()
        for number in range(1, 30):
            given.add(delta(number))
        await check(store, given)

    run(path, work)


def test_a_closed_store_stays_closed(path: Path) -> None:
    async def work() -> None:
        store = await Store.open(path, Bounds(), 0)
        await store.close()
        await store.close()
        with pytest.raises(StoreUnusable, match="is closed"):
            await store.outbox(1)

    asyncio.run(work())
    assert not Path(f"{path}-wal").exists()


def test_workers_not_heard_for_a_thousand_others_are_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schoolguard.store.store.MOST_WORKERS", 3)

    async def work(store: Store) -> None:
        for word in "abcde":
            await store.add([delta(1, worker=word)], 0)
        await store.add([delta(2, worker="a")], 0)
        await store.retain(NOW)
        assert [word for word in "abcde" if store.has(word, 1)] == ["a", "d", "e"]

    run(path, work)


def test_bounds_are_in_order() -> None:
    with pytest.raises(ValueError, match="as long as hours"):
        Bounds(minutes=2 * DAY, hours=DAY)
