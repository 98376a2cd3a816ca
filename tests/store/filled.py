"""A store's file with something of everything: rolled and fresh minutes, open periods, long documents."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

from schoolguard.store.bounds import Bounds
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Given, Span, cell, words

SCHOOLS = ("thcs-a", "tiểu-học-b")


def fill(path: Path, *, minutes: int = 40, cells: int = 24, workers: int = 30) -> Given:
    """Make a file and close it; what was rolled and what was not is about half each."""
    return asyncio.run(_fill(path, None, minutes, cells, workers))


def fill_and_break_off(path: Path) -> Given:
    """Make a file as a power cut leaves it: the newest pages are only in its log."""
    return asyncio.run(_fill(path.with_name("cut.db"), path, 40, 24, 30))


async def _fill(path: Path, cut: Path | None, minutes: int, cells: int, workers: int) -> Given:
    drawn, given = random.Random(5), Given()
    store = await Store.open(path, Bounds(), 0)
    for at in range(minutes):
        each = [cell(number, school) for school in SCHOOLS for number in range(cells)]
        queries = {key: drawn.randrange(1, 500) for key in drawn.sample(each, 2 * cells // 3)}
        delta = Delta(f"{at % workers:032x}", at + 1, MINUTE + at, queries, (1, 2, 3), at % 2)
        await store.add([delta], 0)
        given.add(delta)
        if at % 10 == 5:
            for school in SCHOOLS:
                await store.close_period(school, Span, lambda period: words(period) * 3)
                (made,) = (d for d in await store.outbox(1_000) if d.sequence > given.sequences[school]
                           and d.school == school)  # fmt: skip
                given.close(school, made.document)
        if at == minutes // 2:
            await store.retain((MINUTE + at) * 60)
    if cut is not None:
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{cut}{end}")
    await store.close()
    return given
