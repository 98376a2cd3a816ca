"""The statements that add a batch: fresh minutes, open periods, gauges, numbers, what was lost.

They run in the caller's transaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import aiosqlite

from schoolguard.store.batch import Batch
from schoolguard.store.gauges import Gauges
from schoolguard.store.losses import UNTOLD, raised
from schoolguard.store.model import Cell
from schoolguard.store.numbers import Numbers, joined, written
from schoolguard.store.schools import SchoolState, put_schools, schools_of
from schoolguard.store.seal import checked, seal
from schoolguard.store.state import put_state, state_of

_PUT_NUMBERS = (
    "INSERT INTO applied VALUES (?, ?, ?, ?) ON CONFLICT (worker) DO UPDATE SET"
    " numbers = excluded.numbers, used = excluded.used, seal = excluded.seal"
)
_FRESH = (
    "SELECT minute, cell, round, queries, seal FROM fresh WHERE minute IN (SELECT value FROM json_each(?))"
)
_PUT_FRESH = "INSERT OR REPLACE INTO fresh VALUES (?, ?, ?, ?, ?)"
_OPEN = "SELECT cell, closed, queries, seal FROM open WHERE cell IN (SELECT value FROM json_each(?))"
_PUT_OPEN = "INSERT OR REPLACE INTO open VALUES (?, ?, ?, ?)"


async def add_batch(
    connection: aiosqlite.Connection, batch: Batch, cells: Mapping[Cell, int], round_: int
) -> None:
    """Add counts to fresh minutes and open periods, and gauges to every school.

    ``cells`` has every cell's number, ``round_`` is the round of rolling that fresh minutes wait for.
    """
    schools = await schools_of(connection)
    by_school: dict[str, int] = defaultdict(int)
    fresh: dict[tuple[int, int], int] = {}
    opened: dict[tuple[int, int], int] = defaultdict(int)
    for (minute, cell), queries in batch.counts.items():
        number, closed = cells[cell], schools.get(cell.school, SchoolState()).closed
        by_school[cell.school] += queries
        fresh[minute, number] = queries
        opened[number, closed] += queries
    await _add_fresh(connection, fresh, round_)
    await _add_open(connection, opened)
    await put_schools(connection, _with_gauges(schools, by_school, batch.gauges))
    if lost := batch.gauges.lost:
        await put_state(connection, raised(await state_of(connection), {UNTOLD: lost}))


async def _add_fresh(
    connection: aiosqlite.Connection, amounts: dict[tuple[int, int], int], round_: int
) -> None:
    minutes = json.dumps(sorted({minute for minute, _ in amounts}))
    for *key, was, queries, mark in await connection.execute_fetchall(_FRESH, (minutes,)):
        minute, cell = key
        if (minute, cell) in amounts:
            checked("fresh", minute, cell, was, queries, mark=mark)
            amounts[minute, cell] += queries
    keyed = [(*key, round_, queries) for key, queries in sorted(amounts.items())]
    await connection.executemany(_PUT_FRESH, [(*row, seal("fresh", *row)) for row in keyed])


async def _add_open(connection: aiosqlite.Connection, amounts: dict[tuple[int, int], int]) -> None:
    cells = json.dumps(sorted({cell for cell, _ in amounts}))
    for cell, closed, queries, mark in await connection.execute_fetchall(_OPEN, (cells,)):
        if (cell, closed) in amounts:
            checked("open", cell, closed, queries, mark=mark)
            amounts[cell, closed] += queries
    keyed = [(*key, queries) for key, queries in sorted(amounts.items())]
    await connection.executemany(_PUT_OPEN, [(*row, seal("open", *row)) for row in keyed])


def _with_gauges(
    schools: Mapping[str, SchoolState], queries: Mapping[str, int], gauges: Gauges
) -> dict[str, SchoolState]:
    states = {}
    for school in {*schools, *queries}:
        state = schools.get(school, SchoolState())
        state.gauges.take(gauges)
        states[school] = replace(state, queries=state.queries + queries.get(school, 0))
    return states


async def add_numbers(connection: aiosqlite.Connection, new: Numbers, known: Numbers, used: int) -> None:
    """Note the workers' numbers of a batch as taken."""
    rows = []
    for worker in new:
        numbers = written(joined(known.of(worker), new.of(worker)))
        rows.append((worker, numbers, used, seal("applied", worker, numbers, used)))
    await connection.executemany(_PUT_NUMBERS, rows)
