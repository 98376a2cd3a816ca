"""The statements that delete: old counts and documents, what nothing counts any more; and the file's size.

Each but the last runs in a transaction of the caller's and deletes a bounded number of rows. What is old is
the caller's judgement.
"""

from __future__ import annotations

import aiosqlite

from schoolguard.store.migrations import PAGE

CHUNK = 20_000
"""Rows deleted in one transaction: about 100 pages, so that the WAL stays small and other work gets its
turn.
"""

_PAGES = 1_000
"""Pages given back in one transaction: as many as the log takes before it is written into the file."""

_OLD = (
    "DELETE FROM counts WHERE (kind, begin, cell) IN"
    " (SELECT kind, begin, cell FROM counts WHERE kind = ? AND begin < ? LIMIT ?)"
)
_OLDEST = (
    "DELETE FROM counts WHERE (kind, begin, cell) IN"
    " (SELECT kind, begin, cell FROM counts WHERE kind = ? ORDER BY begin LIMIT ?)"
)
_OLD_DOCUMENTS = "SELECT school, sequence FROM outbox WHERE posted < ? ORDER BY id"
_DELETE_DOCUMENT = "DELETE FROM outbox WHERE school = ? AND sequence = ?"
_UNUSED_CELLS = (  # a cell with minutes or hours has days too: they are kept at least as long
    "DELETE FROM cells WHERE id NOT IN (SELECT cell FROM counts WHERE kind = 2 UNION SELECT cell FROM fresh"
    " UNION SELECT cell FROM open)"
)
_OLD_NUMBERS = (
    "DELETE FROM applied WHERE worker IN (SELECT worker FROM applied ORDER BY used DESC LIMIT -1 OFFSET ?)"
    " RETURNING worker"
)


async def delete_old(connection: aiosqlite.Connection, kind: int, before: int) -> int:
    """Delete a kind's rows that are older, at most ``CHUNK``; return how many."""
    return (await connection.execute(_OLD, (kind, before, CHUNK))).rowcount


async def delete_oldest(connection: aiosqlite.Connection, kind: int, rows: int) -> int:
    """Delete a kind's oldest rows; return how many."""
    return (await connection.execute(_OLDEST, (kind, rows))).rowcount


async def delete_documents(connection: aiosqlite.Connection, before: int) -> list[tuple[str, int]]:
    """Delete documents that were put there before (``lived`` seconds); return their schools and sequences."""
    rows = await connection.execute_fetchall(_OLD_DOCUMENTS, (before,))
    found = [(school, sequence) for school, sequence in rows]
    await connection.executemany(_DELETE_DOCUMENT, found)
    return found


async def delete_unused_cells(connection: aiosqlite.Connection) -> None:
    """Delete cells that nothing counts any more: groups that are gone."""
    await connection.execute(_UNUSED_CELLS)


async def delete_old_numbers(connection: aiosqlite.Connection, most: int) -> list[str]:
    """Keep the numbers of the workers that were heard last; return those that are forgotten."""
    return [worker for (worker,) in await connection.execute_fetchall(_OLD_NUMBERS, (most,))]


async def size_of(connection: aiosqlite.Connection) -> tuple[int, int]:
    """Return bytes in use, and bytes of the file."""
    ((pages,),) = await connection.execute_fetchall("PRAGMA page_count")
    ((free,),) = await connection.execute_fetchall("PRAGMA freelist_count")
    return (pages - free) * PAGE, pages * PAGE


async def shrink(connection: aiosqlite.Connection, bytes_: int) -> None:
    """Give free pages at the file's end back to the disk; outside of any transaction, as it makes its own."""
    left = -(-bytes_ // PAGE)
    while left > 0:
        # A script is stepped to its end; a statement without columns only once, which frees one page.
        await connection.executescript(f"PRAGMA incremental_vacuum({min(left, _PAGES)})")
        left -= _PAGES
