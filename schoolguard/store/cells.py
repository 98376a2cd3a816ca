"""The table of cells: each has a number, so that a count is a few bytes. The caller has the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import aiosqlite

from schoolguard.store.model import Cell
from schoolguard.store.seal import checked, seal

_CELLS = 'SELECT id, school, "group", tier, outcome, cause, bypass, shadow, seal FROM cells'
_LAST_CELL = "SELECT coalesce(max(id), 0) FROM cells"
_PUT_CELL = "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

CellRow = tuple[int, str, str, str, str, str, str, str, int]


async def cells_of(connection: aiosqlite.Connection) -> dict[Cell, int]:
    """Return the number of each cell."""
    found = {}
    for number, *words, mark in await connection.execute_fetchall(_CELLS):
        checked("cells", number, *words, mark=mark)
        found[Cell(*words)] = number
    return found


async def put_cells(
    connection: aiosqlite.Connection, wanted: Iterable[Cell], known: Mapping[Cell, int]
) -> dict[Cell, int]:
    """Give numbers to cells that have none; return those that are new."""
    new = sorted({cell for cell in wanted if cell not in known})
    if not new:
        return {}
    ((last,),) = await connection.execute_fetchall(_LAST_CELL)
    numbered = {cell: last + at for at, cell in enumerate(new, 1)}
    await connection.executemany(_PUT_CELL, [cell_row(number, cell) for cell, number in numbered.items()])
    return numbered


def cell_row(number: int, cell: Cell) -> CellRow:
    """Return a cell's row with its seal."""
    return number, *cell, seal("cells", number, *cell)
