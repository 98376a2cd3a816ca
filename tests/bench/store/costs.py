"""What the store costs: a commit with many cells, an hour rolled up, and how large a year's file is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from schoolguard.store.bounds import DAY, Bounds
from schoolguard.store.checking import check_seals, check_trees
from schoolguard.store.connecting import connect
from schoolguard.store.deleting import size_of
from schoolguard.store.held import Held
from schoolguard.store.kept import Removed
from schoolguard.store.model import Cell, Delta
from schoolguard.store.store import Store

_MINUTE = 29_000_000
_HOUR = 60


def cells_of(groups: int, cells: int) -> list[Cell]:
    """Return cells as a school has them: outcomes and causes of each of its groups."""
    made = []
    for group in range(groups):
        for number in range(cells):
            outcome, cause = ("blocked", f"category-{number}") if number % 4 else ("allowed", "")
            made.append(Cell("thcs-nguyen-trai", f"Lớp {group}", "thcs", outcome, cause, "", f"{number}"))
    return made


async def commits(path: Path, cells: Sequence[Cell], workers: int, seconds: int) -> list[str]:
    """Measure an hour of commits of so many seconds each, every cell in every second of every worker."""
    store = await Store.open(path, Bounds(), 0)
    held = Held(store.has)
    merging = adding = 0.0
    number = 0
    rounds = max(3_600 // seconds // 12, 6)
    for at in range(rounds):
        minute = _MINUTE + at * seconds // 60
        deltas = []
        for _ in range(seconds):
            number += 1
            queries = dict.fromkeys(cells, 3)
            deltas += [Delta(f"{worker:032x}", number, minute, queries) for worker in range(workers)]
        begun = time.process_time()
        for delta in deltas:
            held.take([delta])
        merging += time.process_time() - begun
        begun = time.process_time()
        await store.add_held(held, 0)
        adding += time.process_time() - begun
    await store.close()
    return [
        f"{len(cells)} cells, {workers} workers, a commit each {seconds} s ({rounds} of them):",
        f"  merging deltas {1_000 * merging / rounds / seconds:.2f} ms of CPU a second",
        f"  a commit {1_000 * adding / rounds:.1f} ms of CPU, {1_000 * adding / rounds / seconds:.2f} ms a"
        " second",
    ]


async def year(path: Path, cells: Sequence[Cell], bounds: Bounds, days: int) -> list[str]:
    """Write so many days, every cell in every minute, and say what a year makes of it."""
    store = await Store.open(path, bounds, 0)
    longest, number = 0.0, 0
    removed = Removed()
    for hour in range(days * 24):
        for minute in range(_HOUR):
            number += 1
            at = _MINUTE + hour * _HOUR + minute
            await store.add([Delta("w", number, at, dict.fromkeys(cells, 1 + number % 500))], 0)
        begun = time.process_time()
        removed = await store.retain(at * 60)
        longest = max(longest, time.process_time() - begun)
    used, _ = await store._writer.look(size_of)
    minutes = sum(1 for _ in await store.counts("minute", 0, 1 << 40))
    others = sum([len(await store.counts(kind, 0, 1 << 40)) for kind in ("hour", "day")])
    await store.close()
    a_row = used / (minutes + others)
    rows = len(cells) * (bounds.minutes // 60 + bounds.hours // 3_600 + 365)
    begun = time.perf_counter()
    with connect(path) as connection:
        check_trees(connection, lambda: False)
        check_seals(connection, lambda: False)
    connection.close()
    checked = time.perf_counter() - begun
    return [
        f"{len(cells)} cells in every minute of {days} days: {used >> 10} KiB, {a_row:.1f} bytes a row",
        f"  an hour rolled up in at most {longest:.2f} s of CPU; {removed.for_size} rows gone for the size",
        f"  the whole file checked in {checked:.2f} s ({used / checked / (1 << 20):.0f} MiB/s)",
        f"  after a year {rows:,} rows: {rows * a_row / (1 << 20):.0f} MiB, bound {bounds.size >> 20} MiB"
        f" (minutes {bounds.minutes // DAY} days, hours {bounds.hours // DAY} days)",
    ]


def run(folder: Path) -> list[str]:
    """Measure all; it takes a minute or two."""
    lines = []
    for at, (groups, each, workers, seconds) in enumerate(((50, 40, 1, 1), (50, 40, 1, 10), (50, 40, 2, 10))):
        path = folder / f"commits-{at}.db"
        lines += asyncio.run(commits(path, cells_of(groups, each), workers, seconds))
    lines += asyncio.run(year(folder / "year.db", cells_of(5, 8), Bounds(), 2))
    lines += asyncio.run(year(folder / "big.db", cells_of(50, 40), Bounds(), 1))
    return lines
