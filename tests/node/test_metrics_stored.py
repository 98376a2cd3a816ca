"""What the store and the outbox tell a scrape: read from a real store, and never waited for long."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from schoolguard.feed.delivery import Verdict
from schoolguard.feed.enrolled import EnrolledFile, Home
from schoolguard.feed.sending import Aside, FeedState
from schoolguard.feed.settings import FeedSettings
from schoolguard.node.counting import Counting
from schoolguard.node.feed_sending import FeedSending
from schoolguard.node.metrics_latest import Latest
from schoolguard.node.metrics_stored import MOST_WAITING, StoreFigures, feed_reading
from schoolguard.store.bounds import Bounds
from schoolguard.store.kept import Waiting
from schoolguard.store.model import Cell, Delta

CELL = Cell("a", "6A", "thcs", "allowed", "", "", "")
BOUNDS = Bounds(size=1 << 20)


def _counting(folder: Path) -> Counting:
    return Counting(folder, lambda _worker, _stored: None)


async def _with_losses(folder: Path) -> Counting:
    counting = _counting(folder)
    await counting.open(BOUNDS)
    await counting.store.add([Delta("w", 1, 0, {CELL: 5}, lost=3)], time.time())
    counting.held.take([Delta("w", 2, 0, {CELL: 40})])
    return counting


def test_the_store_as_it_stands(tmp_path: Path) -> None:
    async def read() -> None:
        counting = await _with_losses(tmp_path)
        found = await StoreFigures(counting, tmp_path).stored()
        assert found.usable
        assert found.size >= (tmp_path / "store.db").stat().st_size > 0
        assert (found.limit, found.held, found.repairs) == (1 << 20, 40, 0)
        assert found.lost == {"untold": 3, "damaged": 0}
        assert found.documents == {"too-old": 0, "damaged": 0}
        await counting.close()

    asyncio.run(read())


def test_what_was_lost_is_known_after_a_restart(tmp_path: Path) -> None:
    async def read() -> dict[str, int]:
        counting = _counting(tmp_path)
        await counting.open(BOUNDS)
        found = await StoreFigures(counting, tmp_path).stored()
        await counting.close()
        return dict(found.lost)

    async def lose() -> None:
        await (await _with_losses(tmp_path)).close()

    asyncio.run(lose())
    assert asyncio.run(read())["untold"] == 3


def test_a_store_that_is_not_open_says_so_and_has_no_zeros(tmp_path: Path) -> None:
    found = asyncio.run(StoreFigures(_counting(tmp_path), tmp_path).stored())
    assert not found.usable
    assert (found.limit, found.repairs, found.lost, found.documents) == (None, None, {}, {})


def _waiting(school: str, end: int) -> Waiting:
    return Waiting(school, 1, end - 300, end, 0, b"")


def test_the_outbox_by_school_that_is_enrolled() -> None:
    aside = (Aside("a", 1, Verdict.REFUSED, "why", 1.0, 2.0),)
    state = FeedState(7.0, 3, 1, 2, 5, 900, None, -4, aside)
    outbox = [_waiting("b", 600), _waiting("a", 900), _waiting("b", 1200), _waiting("strange", 300)]
    found = feed_reading(state, frozenset({"a", "b", "c"}), outbox)
    assert found.waiting == {"a": 1, "b": 2, "c": 0}
    assert found.oldest == {"a": 900.0, "b": 600.0}
    assert found.delivered == 7.0
    assert found.outcomes == {"accepted": 3, "duplicate": 1, "refused": 2, "failed": 5}
    assert (found.aside, found.sent, found.clock_ahead) == ({"later": 0, "refused": 1}, 900, -4)
    assert MOST_WAITING >= 3 * 288, "three days of five minutes"


def test_a_gateway_that_is_enrolled_shows_what_waits(tmp_path: Path) -> None:
    """Nobody is at the address; before a person enrols a school there is nothing to see."""

    async def read() -> None:
        counting = _counting(tmp_path)
        await counting.open(BOUNDS)
        await counting.store.post("a", 300, 600, lambda _: b"x")
        figures, feed = StoreFigures(counting, tmp_path), FeedSending(tmp_path, counting, time.time)
        feed.configured(FeedSettings(to="http://127.0.0.1:9"))
        assert await figures.sending(feed) is None
        EnrolledFile(tmp_path).write(Home(bytes(32), "g", "http://127.0.0.1:9", {"a": 1}))
        feed.wake()
        found = await figures.sending(feed)
        assert found is not None
        assert (found.waiting, found.oldest) == ({"a": 1}, {"a": 600.0})
        await feed.close()
        await counting.close()
        assert (await figures.sending(feed)) == found, "it waits on while the store cannot be read"

    asyncio.run(read())


def test_a_scrape_waits_only_a_moment_and_then_shows_what_was() -> None:
    async def read() -> None:
        go, reads = asyncio.Event(), []

        async def slow() -> int:
            reads.append(1)
            await go.wait()
            return len(reads)

        latest = Latest(slow, wait=0.01)
        assert [await latest.value(), await latest.value()] == [None, None]
        assert len(reads) == 1, "the second scrape waits for the same reading"
        go.set()
        assert [await latest.value(), await latest.value()] == [1, 2]
        go.clear()
        assert await latest.value() == 2
        go.set()

    asyncio.run(read())


def test_a_mistake_in_reading_is_seen_by_the_scrape() -> None:
    async def broken() -> int:
        raise LookupError

    async def read() -> None:
        latest = Latest(broken)
        for _ in range(2):
            with pytest.raises(LookupError):
                await latest.value()

    asyncio.run(read())
