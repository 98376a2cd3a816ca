"""The one connection that writes: a change whole or not at all, a damaged file restored while it is in use.

What is asked while the file turns out damaged is done again after it was restored. It knows no table.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from schoolguard.language import N_
from schoolguard.store.checking import check_seals, check_tables, check_trees
from schoolguard.store.connecting import BUSY, SETTINGS, connect
from schoolguard.store.errors import Damaged, StoreUnusable, told_apart
from schoolguard.store.kept import Restored
from schoolguard.store.opening import prepare, restored_from

T = TypeVar("T")


class Writer:
    """The file, open after ``open``; ``load`` is called with each new connection, before anything else.

    ``checked`` is whether the whole file was checked since then, ``restored`` each time it was restored.
    """

    def __init__(self, path: Path, load: Callable[[aiosqlite.Connection], Awaitable[None]]) -> None:
        self.path = path
        self.checked = False
        self.restored: list[Restored] = []
        self._load = load
        self._connection: aiosqlite.Connection | None = None
        self._closed = False
        self._turn = asyncio.Lock()

    async def open(self, check_seconds: float) -> bool:
        """Make the file ready and open it; return whether its last change was torn, thus passed over.

        Raises ``StoreUnusable`` and ``StoreFull``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + check_seconds
        prepared = await asyncio.to_thread(prepare, self.path, lambda: loop.time() >= deadline)
        self.checked = prepared.checked
        if prepared.restored is not None:
            self.restored.append(prepared.restored)
        try:
            with told_apart(self.path):
                await self._connect()
        except Damaged as damage:  # of what the check had no time for
            await self._mend(str(damage))
        return prepared.torn

    async def look(self, look: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Read something; raises ``StoreFull`` and ``StoreUnusable``."""
        return await self.safely(lambda: look(self.file))

    async def change(self, change: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Do something in a transaction; raises ``StoreFull``, and then nothing was changed."""

        async def changed() -> T:
            async with self.transaction() as file:
                return await change(file)

        return await self.safely(changed)

    async def safely(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do one thing at a time; when the file turns out damaged, restore it and do it again.

        It goes on to its end when the caller is cancelled: a transaction that is being committed cannot be
        called back, and who would do it again must not do it twice.
        """
        return await _to_its_end(self._safely(work))

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """One change, whole or not at all; only inside what ``safely`` does."""
        file = self.file
        await file.execute("BEGIN IMMEDIATE")
        try:
            yield file
            await file.execute("COMMIT")
        except BaseException:
            if file.in_transaction:  # a full disk has ended it already
                await file.execute("ROLLBACK")
            raise

    async def examine(self) -> Restored | None:
        """Check the whole file beside the connection, restore it if it is damaged; return what was lost."""
        before = len(self.restored)
        problem = await asyncio.to_thread(problem_of, self.path)
        if problem is not None:
            async with self._turn:
                await self._mend(problem)
        self.checked = True
        return self.restored[-1] if len(self.restored) > before else None

    async def close(self) -> None:
        """Close the file when what is being done is done; nothing opens it again."""
        async with self._turn:
            self._closed = True
            connection, self._connection = self._connection, None
            if connection is not None:
                with told_apart(self.path):
                    await connection.close()

    @property
    def file(self) -> aiosqlite.Connection:
        """The connection, only inside what ``safely`` does; raises ``Damaged`` while it is not open."""
        if self._connection is None:
            raise Damaged("the file is not open")
        return self._connection

    async def _safely(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._turn:
            if self._closed:
                raise StoreUnusable(N_("{path} is closed"), path=str(self.path))
            try:
                with told_apart(self.path):
                    return await work()
            except Damaged as damage:
                await self._mend(str(damage))
            try:
                with told_apart(self.path):
                    return await work()
            except Damaged as damage:
                raise self._unusable(damage) from damage

    async def _mend(self, found: str) -> None:
        try:
            await self._again(found)
        except Damaged as damage:
            raise self._unusable(damage) from damage

    def _unusable(self, damage: Damaged) -> StoreUnusable:
        msgid = N_("{path} cannot be read or written: {problem}")
        return StoreUnusable(msgid, path=str(self.path), problem=str(damage))

    async def _again(self, found: str) -> None:
        """Restore the file if it is damaged; else only open it again: the memory may have been at fault."""
        problem = await asyncio.to_thread(problem_of, self.path)
        if problem is not None:
            await self._restore(f"{found}; {problem}")
            return
        await self._disconnect()
        with told_apart(self.path):
            await self._connect()

    async def _restore(self, problem: str) -> None:
        await self._disconnect()
        self.restored.append(await asyncio.to_thread(restored_from, self.path, problem))
        with told_apart(self.path):
            await self._connect()

    async def _connect(self) -> None:
        connection = await aiosqlite.connect(self.path, isolation_level=None, timeout=BUSY)
        try:
            for setting in SETTINGS:
                await connection.execute_fetchall(setting)
            await self._load(connection)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # it is damaged, which is known
                await connection.close()


def problem_of(path: Path) -> str | None:
    """Return what is wrong with a file that is in use, read through a connection of its own.

    Raises ``StoreFull`` when it cannot be opened.
    """
    try:
        with told_apart(path), contextlib.closing(connect(path)) as connection:
            connection.execute("PRAGMA query_only = ON")
            check_tables(connection)
            check_trees(connection, lambda: False)
            check_seals(connection, lambda: False)
    except Damaged as damage:
        return str(damage)
    return None


async def _to_its_end(work: Awaitable[T]) -> T:
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # seen: who was cancelled cannot hear of it
        raise
