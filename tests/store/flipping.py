"""One byte of a store's file changed, and what must be true of it afterwards."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from schoolguard.store.bounds import Bounds
from schoolguard.store.kept import OpenPeriod
from schoolguard.store.migrations import PAGE
from schoolguard.store.store import Store
from tests.store.counted import KINDS, MINUTE, Given, Span, open_of, rows_of, words


def places(length: int, each: int, drawn: random.Random) -> Iterator[int]:
    """Yield some places of each page, always with its first byte: what says which kind of page it is."""
    for page in range(0, length, PAGE):
        yield page
        yield from (page + drawn.randrange(PAGE) for _ in range(each - 1))


def flip(whole: Path, flipped: Path, end: str, at: int, bits: int) -> None:
    """Copy a file with its log, and change one byte of it, or of its log."""
    for each in ("", "-wal"):
        Path(f"{flipped}{each}").unlink(missing_ok=True)
        if Path(f"{whole}{each}").exists():
            shutil.copyfile(f"{whole}{each}", f"{flipped}{each}")
    with Path(f"{flipped}{end}").open("r+b") as file:
        file.seek(at)
        was = file.read(1)[0]
        file.seek(at)
        file.write(bytes([was ^ bits]))


def judge(path: Path, given: Given) -> bool:
    """Assert that a damaged store lost nothing but what it says; return whether it was found damaged."""
    return asyncio.run(_judge(path, given))


async def _judge(path: Path, given: Given) -> bool:
    store = await Store.open(path, Bounds(), 0, check_seconds=60)
    try:
        said = await store.losses()
        rows_lost = await _judge_counts(store, given)
        queries_lost = await _judge_open(store, given)
        numbers_lost = sum(not store.has(*each) for each in given.taken)
        documents_lost = await _judge_outbox(store, given)
        assert said["restores"] >= len(store.restored)
        told = said["pages"] + said["rows"] + said["torn"]
        assert told or not (rows_lost or numbers_lost)
        assert told or queries_lost <= said["queries"]
        assert told or documents_lost <= said["documents"]
        if store.restored:
            assert store.restored[-1].aside is not None
            assert store.restored[-1].aside.exists()
        await _judge_sequences(store, given)
        return bool(store.restored)
    finally:
        await store.close()


async def _judge_counts(store: Store, given: Given) -> int:
    """Assert that no count is more than it was; return how many are less."""
    less = 0
    for kind in KINDS:
        found, right = await rows_of(store, kind), given.rows(kind)
        assert all(0 < queries <= right[key] for key, queries in found.items())
        less += sum(found.get(key, 0) < queries for key, queries in right.items())
    return less


async def _judge_open(store: Store, given: Given) -> int:
    found: Counter[object] = Counter()
    for counts, missing, _ in (await open_of(store)).values():
        assert all(0 < queries <= given.open[key] for key, queries in counts.items())
        found.update(counts)
        assert missing <= sum(given.open.values())
    return sum(given.open.values()) - sum(found.values())


async def _judge_outbox(store: Store, given: Given) -> int:
    waiting = {(each.school, each.sequence): each.document for each in await store.outbox(1_000)}
    assert waiting.items() <= given.documents.items()
    return len(given.documents) - len(waiting)


async def _judge_sequences(store: Store, given: Given) -> None:
    """Assert that no sequence is given a second time."""

    def document(period: OpenPeriod[Span]) -> bytes:
        return words(period)

    for school, last in given.sequences.items():
        assert await store.close_period(school, lambda n: Span(n, MINUTE, MINUTE + 1), document) > last
