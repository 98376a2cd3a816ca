"""``query-log.db``: rows in, rows found, rows gone. One writer, in the control process.

It must not know who asks or why, nor an address. What is deleted is gone from the files: zeros over it, the
write-ahead log emptied, the file rebuilt.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite

from schoolguard.dns.names import text_of_wire
from schoolguard.querylog.finding import DAYS, Wanted, devices_of
from schoolguard.querylog.keys import OfDay
from schoolguard.querylog.model import DeviceDay, Entry, Row, day_text
from schoolguard.querylog.schema import MAX_BYTES, Damaged, one, prepare

_FULL = 0.9
_OLDEST = 10
"""When the file is nine tenths full, a tenth of the rows goes, the oldest."""

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class StoreFailed(Exception):
    """The disk is full or fails: nothing of the call was kept."""


class LogStore:
    """An open query log; ``words`` turns an outcome's number into verdict and cause."""

    def __init__(self, connection: aiosqlite.Connection, words: Callable[[int], tuple[str, str]]) -> None:
        self._db = connection
        self._words = words
        self.pruned = 0

    @classmethod
    async def open(
        cls, path: Path, words: Callable[[int], tuple[str, str]], max_bytes: int = MAX_BYTES
    ) -> tuple[LogStore, bool]:
        """Return the log at ``path`` and whether a damaged one was removed for it; raises ``StoreFailed``.

        A damaged file is not kept aside: what is in it must not outlive its days.
        """
        for lost in (False, True):
            try:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                connection = await aiosqlite.connect(path, isolation_level=None)
                try:
                    await prepare(connection, max_bytes)
                except BaseException:
                    await connection.close()
                    raise
                return cls(connection, words), lost
            except Damaged:
                remove(path)
            except (sqlite3.Error, OSError) as error:
                if not is_damage(error):
                    raise StoreFailed(str(error)) from error
                remove(path)
        raise StoreFailed("a new file is damaged at once")

    async def add(self, rows: Sequence[Row]) -> None:
        """Keep rows in one transaction; raises ``StoreFailed``, and ``Damaged`` for a file that broke."""

        async def write() -> None:
            await self._make_room()
            names = {row.name: text_of_wire(row.name) for row in rows}
            said = {row.outcome: self._words(row.outcome) for row in rows}
            texts = {row.school for row in rows} | {text for pair in said.values() for text in pair}
            await self._db.executemany(
                "INSERT OR IGNORE INTO name (text) VALUES (?)", [(text,) for text in set(names.values())]
            )
            await self._db.executemany("INSERT OR IGNORE INTO word (text) VALUES (?)", [(t,) for t in texts])
            await self._db.executemany(
                "INSERT INTO entry VALUES ((SELECT id FROM word WHERE text = ?), ?, ?, ?,"
                " (SELECT id FROM name WHERE text = ?), (SELECT id FROM word WHERE text = ?),"
                " (SELECT id FROM word WHERE text = ?))",
                [(r.school, r.day, r.device, r.time, names[r.name], *said[r.outcome]) for r in rows],
            )

        await self._changed(write)

    async def find(self, wanted: Wanted) -> list[Entry]:
        """Return the rows wanted, oldest first; raises ``StoreFailed`` and ``Damaged``."""
        found = await self._fetched(*wanted.query()) if not wanted.nothing else []
        return [Entry(row[0], row[1].lower(), *row[2:]) for row in reversed(found)]

    async def devices(self, schools: Sequence[str], most: int) -> list[DeviceDay]:
        """Return what is held of each device on each day; raises ``StoreFailed`` and ``Damaged``."""
        found = await self._fetched(*devices_of(schools, most))
        return [DeviceDay(row[0], day_text(row[1]), row[2].lower(), *row[3:]) for row in found]

    async def days(self) -> dict[OfDay, int]:
        """Return how many rows each school has of each day; raises ``StoreFailed`` and ``Damaged``."""
        return {(school, day): count for school, day, count in await self._fetched(DAYS, ())}

    async def erase(self, devices: Iterable[tuple[OfDay, bytes]]) -> int:
        """Remove the rows of devices from the files and return how many; raises as ``add``."""
        places = [(*of, device) for of, device in devices]
        return await self._delete(
            "school = (SELECT id FROM word WHERE text = ?) AND day = ? AND device = ?", places
        )

    async def drop(self, days: Iterable[OfDay]) -> int:
        """Remove the rows of whole days from the files and return how many; raises as ``add``."""
        return await self._delete("school = (SELECT id FROM word WHERE text = ?) AND day = ?", list(days))

    async def close(self) -> None:
        """Close the file, its write-ahead log emptied."""
        await self._db.close()

    async def _delete(self, where: str, places: Sequence[tuple[object, ...]]) -> int:
        gone = 0

        async def write() -> None:
            nonlocal gone
            for place in places:
                async with self._db.execute(f"DELETE FROM entry WHERE {where}", place) as cursor:  # noqa: S608
                    gone += cursor.rowcount
            await self._db.execute("DELETE FROM name WHERE id NOT IN (SELECT name FROM entry)")

        await self._changed(write)
        await self._scrub()
        return gone

    async def _scrub(self) -> None:
        """Rebuild the file: a page that was split may keep copies of a row in its free part."""
        try:
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                await one(self._db, statement)
        except sqlite3.Error as error:
            raise _trouble(error) from error

    async def _make_room(self) -> None:
        used = await self._used()
        if used < _FULL:
            return
        text = f"SELECT count(*) / {_OLDEST} FROM entry"  # noqa: S608
        async with self._db.execute(
            f"DELETE FROM entry WHERE rowid IN (SELECT rowid FROM entry ORDER BY rowid LIMIT ({text}))"  # noqa: S608
        ) as cursor:
            self.pruned += cursor.rowcount
        await self._db.execute("DELETE FROM name WHERE id NOT IN (SELECT name FROM entry)")

    async def _used(self) -> float:
        pages, free, most = [
            int(str(await one(self._db, f"PRAGMA {name}")))
            for name in ("page_count", "freelist_count", "max_page_count")
        ]
        return (pages - free) / most

    async def _changed(self, write: Callable[[], Awaitable[None]]) -> None:
        """Run ``write`` (a coroutine function) in a transaction, or take all of it back."""
        try:
            await self._db.execute("BEGIN IMMEDIATE")
            try:
                await write()
                await self._db.commit()
            except BaseException:
                await self._db.rollback()
                raise
        except sqlite3.Error as error:
            raise _trouble(error) from error

    async def _fetched(self, text: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            async with self._db.execute(text, values) as cursor:
                return [tuple(row) for row in await cursor.fetchall()]
        except sqlite3.Error as error:
            raise _trouble(error) from error


def remove(path: Path) -> None:
    """Remove a query log with all its files; raises ``OSError``."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def is_damage(error: Exception) -> bool:
    """Return whether an error says that the file is broken, not the disk."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def _trouble(error: sqlite3.Error) -> Exception:
    return Damaged(str(error)) if is_damage(error) else StoreFailed(str(error))
