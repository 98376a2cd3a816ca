"""Counts read back by minute, hour or day. It changes nothing."""

from __future__ import annotations

from collections import defaultdict

import aiosqlite

from schoolguard.store.errors import NotAsWritten
from schoolguard.store.kept import NUMBERS, Kind, Row, begin_of
from schoolguard.store.model import Cell
from schoolguard.store.seal import checked

_ROLLED = "SELECT begin, cell, queries, seal FROM counts WHERE kind = ? AND begin >= ? AND begin < ?"
_FRESH = "SELECT minute, cell, round, queries, seal FROM fresh WHERE minute >= ? AND minute < ?"


async def counts(
    connection: aiosqlite.Connection, kind: Kind, begin: int, end: int, cells: dict[int, Cell]
) -> list[Row]:
    """Return the counts that begin within ``[begin, end)``, by time and cell; those of this hour are in all
    kinds.
    """
    found: dict[tuple[int, int], int] = defaultdict(int)
    number = NUMBERS[kind]
    for at, cell, queries, mark in await connection.execute_fetchall(_ROLLED, (number, begin, end)):
        checked("counts", number, at, cell, queries, mark=mark)
        found[at, cell] += queries
    # An hour or day takes in minutes from its begin on, so fresh ones are looked up from the first begin's.
    first, last = begin // 60 - 1_440, end // 60 + 1_440
    for minute, cell, round_, queries, mark in await connection.execute_fetchall(_FRESH, (first, last)):
        checked("fresh", minute, cell, round_, queries, mark=mark)
        if begin <= (at := begin_of(kind, minute * 60)) < end:
            found[at, cell] += queries
    if any(cell not in cells for _, cell in found):
        raise NotAsWritten("a count is of a cell that is not there")
    return sorted(Row(at, cells[cell], queries) for (at, cell), queries in found.items())
