"""Fresh minutes rolled into minutes, hours and days, in the caller's transaction. It needs no clock."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import aiosqlite

from schoolguard.store.kept import NUMBERS, begin_of
from schoolguard.store.seal import checked, seal
from schoolguard.store.state import ROUND, put_state, state_of

_FRESH = "SELECT minute, cell, queries, round, seal FROM fresh"
_FOUND = (
    "SELECT begin, cell, queries, seal FROM counts WHERE kind = ?"
    " AND begin IN (SELECT value FROM json_each(?))"
)
_PUT = "INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?)"


async def roll(connection: aiosqlite.Connection) -> int:
    """Move fresh minutes into minutes, and add them to hours and days; return how many. It ends a round."""
    rows = list(await connection.execute_fetchall(_FRESH))
    for minute, cell, queries, was, mark in rows:
        checked("fresh", minute, cell, was, queries, mark=mark)
    for kind, number in NUMBERS.items():
        total: dict[tuple[int, int], int] = defaultdict(int)
        for minute, cell, queries, *_ in rows:
            total[begin_of(kind, minute * 60), cell] += queries
        begins = json.dumps(sorted({begin for begin, _ in total}))
        for begin, cell, queries, mark in await connection.execute_fetchall(_FOUND, (number, begins)):
            if (begin, cell) in total:
                checked("counts", number, begin, cell, queries, mark=mark)
                total[begin, cell] += queries
        await connection.executemany(_PUT, _sealed(number, total.items()))
    await connection.execute("DELETE FROM fresh")
    state = await state_of(connection)
    await put_state(connection, {ROUND: state.get(ROUND, 0) + 1})
    return len(rows)


def _sealed(kind: int, total: Iterable[tuple[tuple[int, int], int]]) -> list[tuple[int, int, int, int, int]]:
    ordered = sorted(total)
    return [(kind, *key, queries, seal("counts", kind, *key, queries)) for key, queries in ordered]
