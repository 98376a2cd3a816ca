"""What a gateway that has ended left in its store of counts, read as the next start would."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import NamedTuple

from schoolguard.feed.model import Span
from schoolguard.store.bounds import Bounds
from schoolguard.store.kept import OpenPeriod
from schoolguard.store.store import Store


class Stored(NamedTuple):
    """Queries that were counted, and queries known to have been answered and not counted."""

    counted: int
    lost: int


def stored(state: Path) -> Stored:
    """Return what is in the minutes' rows and in the open periods, which it closes."""
    lost = [0]

    def look(period: OpenPeriod[Span]) -> bytes:
        lost.append(period.lost)
        return b"{}"

    async def read() -> int:
        store = await Store.open(state / "store.db", Bounds(), time.time())
        rows = await store.counts("minute", 0, 1 << 40)
        for school in await store.schools():
            await store.close_period(school, lambda sequence: Span(sequence, 0, 0, 0), look)
        await store.close()
        return sum(row.queries for row in rows)

    # What was lost is told of the whole gateway, so each of its schools has it.
    return Stored(asyncio.run(read()), max(lost))
