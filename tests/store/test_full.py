"""A disk that takes nothing more: counts wait in memory, all are stored when there is room, none twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schoolguard.store.aside import making_of
from schoolguard.store.bounds import Bounds
from schoolguard.store.errors import StoreFull
from schoolguard.store.held import Held
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Given, Span, cell, words


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 400 KiB; who may not mount one goes without this test, see the next one."""
    mounting = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_is_waited_out(small_disk: Path) -> None:
    asyncio.run(_fill_up(small_disk / "store.db", small_disk / "ballast"))


def put(path: Path, length: int) -> None:
    path.write_bytes(bytes(length))


async def _close_for_ever(store: Store) -> None:
    while True:
        await store.close_period("thcs-a", Span, lambda _: b"x" * 20_000)


async def _fill_up(path: Path, ballast: Path) -> None:
    given, refused = Given(), 0
    put(ballast, 150_000)
    store = await Store.open(path, Bounds(), 0)
    held = Held(store.has)
    for number in range(1, 41):
        delta = Delta("w", number, MINUTE + number, {cell(each): number for each in range(60)})
        given.add(delta)
        held.take([delta, delta])
        try:
            await store.add_held(held, 0)
        except StoreFull:
            refused += 1
    assert refused > 5
    assert held.queries > 0
    with pytest.raises(StoreFull, match="held in memory"):
        await _close_for_ever(store)
    for number in range(1, 41):
        assert store.has("w", number) != held.has("w", number)
    await store.close()
    store = await Store.open(path, Bounds(), 0)
    held_again = Held(store.has)
    held_again.take(
        [Delta("w", number, 1, {cell(0): 1}) for number in range(1, 41) if store.has("w", number)]
    )
    assert not held_again
    put(ballast, 0)
    queries = held.queries
    await store.add_held(held, 0)
    assert not held
    found = sum(row.queries for row in await store.counts("day", 0, 1 << 40))
    assert found == sum(given.minutes.values())
    assert queries > 0
    assert not store.restored
    await store.close()


_LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from schoolguard.store.bounds import Bounds
from schoolguard.store.errors import StoreFull
from schoolguard.store.held import Held
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Given, cell, check

async def main(path):
    store, given = await Store.open(path, Bounds(), 0), Given()
    held = Held(store.has)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    refused = 0
    for number in range(1, 31):
        limit = 100_000 if 5 < number < 25 else most
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
        delta = Delta("w", number, MINUTE + number, {cell(each): number for each in range(40)})
        given.add(delta)
        held.take([delta])
        try:
            await store.add_held(held, 0)
        except StoreFull:
            refused += 1
    assert refused > 5, refused
    await check(store, given)
    assert not store.restored
    await store.close()

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_file_that_may_not_grow_is_waited_out(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", _LIMITED, str(folder / "store.db")], check=True)


def test_a_damaged_file_on_a_full_disk_stays_until_there_is_room(small_disk: Path) -> None:
    path, ballast = small_disk / "store.db", small_disk / "ballast"
    asyncio.run(_one_period(path))
    content = bytearray(path.read_bytes())
    content[4_096 * 3] ^= 0xFF
    path.write_bytes(content)
    free = os.statvfs(small_disk)
    put(ballast, free.f_bavail * free.f_bsize - 8_192)
    with pytest.raises(StoreFull):
        asyncio.run(Store.open(path, Bounds(), 0))
    assert path.read_bytes() == content
    assert not making_of(path).exists(), "half a file takes no room"
    ballast.unlink()
    assert asyncio.run(_restored(path)) == (300, 1)


async def _one_period(path: Path) -> None:
    store = await Store.open(path, Bounds(), 0)
    await store.add([Delta("w", 1, MINUTE, {cell(each): 1 for each in range(300)})], 0)
    await store.close_period("thcs-a", Span, words)
    await store.close()


async def _restored(path: Path) -> tuple[int, int]:
    """Return how many queries and documents a file has that had to be restored."""
    store = await Store.open(path, Bounds(), 0)
    assert store.restored
    queries = sum(row.queries for row in await store.counts("day", 0, 1 << 40))
    documents = len(await store.outbox(9))
    await store.close()
    return queries, documents
