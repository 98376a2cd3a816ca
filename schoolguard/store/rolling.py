"""Fresh minutes rolled into minutes, hours and days, in the caller's transaction. It needs no clock."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable

import aiosqlite

from schoolguard.store.kept import NUMBERS, Kind, begin_of
from schoolguard.store.seal import checked, seal
from schoolguard.store.state import ROUND, put_state, state_of

_FRESH = "SELECT minute, cell, queries, round, seal FROM fresh"
_FOUND = (
    "SELECT begin, cell, queries, seal FROM counts WHERE kind = ?"
    " AND begin IN (SELECT value FROM json_each(?))"
)
_PUT = "INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?)"


async def roll(connection: aiosqlite.Connection) -> int:
    """Move fresh minutes into minutes, and add them to hours and days; return how many. It ends a round.

    Sums and seals are made in threads: an hour of 2,000 cells would else hold up the event loop for a second.
    """
    rows = list(await connection.execute_fetchall(_FRESH))
    await asyncio.to_thread(_check, rows)
    for kind, number in NUMBERS.items():
        total = await asyncio.to_thread(_summed, kind, rows)
        begins = json.dumps(sorted({begin for begin, _ in total}))
        found = await connection.execute_fetchall(_FOUND, (number, begins))
        await connection.executemany(_PUT, await asyncio.to_thread(_sealed, number, total, found))
    await connection.execute("DELETE FROM fresh")
    state = await state_of(connection)
    await put_state(connection, {ROUND: state.get(ROUND, 0) + 1})
    return len(rows)


def _check(rows: Iterable[sqlite3.Row]) -> None:
    for minute, cell, queries, was, mark in rows:
        checked("fresh", minute, cell, was, queries, mark=mark)


def _summed(kind: Kind, rows: Iterable[sqlite3.Row]) -> dict[tuple[int, int], int]:
    """Return the queries of fresh minutes by the beginning of minute, hour or day, and cell."""
    total: dict[tuple[int, int], int] = defaultdict(int)
    for minute, cell, queries, *_ in rows:
        total[begin_of(kind, minute * 60), cell] += queries
    return total


def _sealed(
    kind: int, total: dict[tuple[int, int], int], found: Iterable[sqlite3.Row]
) -> list[tuple[int, int, int, int, int]]:
    """Return the rows to put: the sums, and what was there already."""
    for begin, cell, queries, mark in found:
        if (begin, cell) in total:
            checked("counts", kind, begin, cell, queries, mark=mark)
            total[begin, cell] += queries
    return [
        (kind, *key, queries, seal("counts", kind, *key, queries)) for key, queries in sorted(total.items())
    ]
