"""``state/store.db``: what the gateway counted. One writer; every change whole or not at all.

It must not know devices or names asked, and nothing here reads a clock: ``now`` is given.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import aiosqlite

from schoolguard.store import aside, closing, counting, outbox
from schoolguard.store.adding import add_batch, add_numbers
from schoolguard.store.batch import Batch, merged
from schoolguard.store.bounds import Bounds
from schoolguard.store.cells import cells_of, put_cells
from schoolguard.store.held import Held
from schoolguard.store.kept import Kind, OpenPeriod, Removed, Restored, Row, S_co, Waiting
from schoolguard.store.losses import TORN, losses_of, raised
from schoolguard.store.model import Cell, Delta
from schoolguard.store.numbers import Numbers, read
from schoolguard.store.retention import retain
from schoolguard.store.schools import SchoolState, put_schools, schools_of
from schoolguard.store.seal import checked
from schoolguard.store.state import ROUND, put_state, state_of
from schoolguard.store.writer import Writer

MOST_WORKERS = 1_024
"""Workers whose numbers are known: those that were heard last. A delta older than a thousand restarts may
count twice.
"""

CHECK_SECONDS = 2.0
"""How long the check at the start may take: half a million rows, of a school with five groups half a year.

What it had no time for is checked beside the work at the first retention.
"""

_APPLIED = "SELECT worker, numbers, used, seal FROM applied ORDER BY used"
_log = logging.getLogger("schoolguard.store")


class Store:
    """The file, open. Every call raises ``StoreFull`` when the disk takes nothing, and then nothing was
    changed; ``StoreUnusable`` after ``close``, and when the file cannot even be restored.
    """

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.bounds = bounds
        self._writer = Writer(path, self._load)
        self._path = path
        self._cells: dict[Cell, int] = {}
        self._numbers = Numbers()
        self._used = self._round = 0

    @classmethod
    async def open(
        cls, path: Path, bounds: Bounds, now: float, *, check_seconds: float = CHECK_SECONDS
    ) -> Store:
        """Open the file, made if there is none, brought to the newest form, restored if it is damaged.

        ``now`` is not believed and only logged; a reload may change ``bounds``. Raises ``StoreUnusable``,
        and ``StoreFull`` (try again later).
        """
        store = cls(path, bounds)
        if await store._writer.open(check_seconds):
            _log.warning("the store's last change was not whole and is passed over")
            await store._writer.change(_tear)
        _log.info("store opened", extra={"now": int(now), "checked": store.checked})
        return store

    @property
    def checked(self) -> bool:
        """Whether the whole file was checked since it was opened; when not, ``retain`` does."""
        return self._writer.checked

    @property
    def restored(self) -> tuple[Restored, ...]:
        """Each time that the file was restored since it was opened, with what was lost."""
        return tuple(self._writer.restored)

    def has(self, worker: str, number: int) -> bool:
        """Return whether a worker's delta is stored."""
        return self._numbers.has(worker, number)

    async def add(self, deltas: Sequence[Delta], now: float) -> None:
        """Add deltas, all or none; those that are stored already are passed over."""
        await self._writer.safely(lambda: self._add(merged(deltas, self._numbers)))

    async def add_held(self, held: Held, now: float) -> None:
        """Add all that is held, all or none; raises ``StoreFull``, and ``held`` then holds it on."""

        async def add() -> None:
            batch = held.leaving()
            try:
                await self._add(batch)
            except BaseException:
                held.refused()
                raise
            held.arrived()

        await self._writer.safely(add)

    async def begin(self, schools: Sequence[str]) -> None:
        """Make schools known: from now on the gateway's figures count for them, before their first query."""
        await self._writer.change(lambda file: _begin(file, schools))

    async def close_period(
        self, school: str, span: Callable[[int], S_co], document: Callable[[OpenPeriod[S_co]], bytes]
    ) -> int:
        """Put a school's open period into the outbox and begin a new one; return its sequence.

        ``span`` and ``document`` may be called again when the file had to be restored; what they raise is
        raised, and nothing was changed.
        """
        return await self._writer.change(lambda file: closing.close_period(file, school, span, document))

    async def post(self, school: str, begin: int, end: int, document: Callable[[int], bytes]) -> int:
        """Put a document that closes no period into the outbox, with the school's next sequence; return
        that.
        """
        return await self._writer.change(lambda file: closing.post(file, school, begin, end, document))

    async def follow(self, school: str, sequence: int) -> None:
        """Let the next sequence of a school be above this one, which the hub has seen from a lost file."""
        await self._writer.change(lambda file: closing.follow(file, school, sequence))

    async def outbox(self, limit: int) -> list[Waiting]:
        """Return documents that wait, oldest first."""
        return await self._writer.look(lambda file: outbox.waiting(file, limit))

    async def tried(self, school: str, sequence: int) -> None:
        """Count that a document was sent in vain."""
        await self._writer.change(lambda file: outbox.tried(file, school, sequence))

    async def acknowledged(self, school: str, sequence: int, now: float) -> None:
        """Take a document out of the outbox; one that is not there changes nothing."""
        await self._writer.change(lambda file: outbox.acknowledged(file, school, sequence))

    async def schools(self) -> dict[str, SchoolState]:
        """Return what is kept of each school that was ever counted or begun, with its open queries."""
        return await self._writer.look(schools_of)

    async def losses(self) -> dict[str, int]:
        """Return what this file ever lost, by the words of ``losses``."""
        return losses_of(await self._writer.look(state_of))

    async def counts(self, kind: Kind, begin: int, end: int) -> list[Row]:
        """Return the counts of a kind that begin within ``[begin, end)`` (Unix seconds), by time and cell."""
        return await self._writer.look(lambda file: self._counts(file, kind, begin, end))

    async def retain(self, now: float, *, believed: bool = True) -> Removed:
        """Roll minutes up, delete what is old, keep the size; best called hourly.

        While the clock is not believed nothing is deleted for its age. Else the store's own clock follows
        ``now`` by a day at first: a clock that jumps ahead takes a day of the oldest rows, not all. What the
        start had no time to check is checked first.
        """
        if not self.checked:
            await self.examine()
        return await self._writer.safely(lambda: self._retain(now if believed else None))

    async def examine(self) -> Restored | None:
        """Check the whole file beside the writer, and restore it if it is damaged; return what was lost."""
        return await self._writer.examine()

    async def close(self) -> None:
        """Close the file; raises ``StoreFull`` when its log cannot be written into it, which the next start
        does.
        """
        await self._writer.close()

    async def _load(self, file: aiosqlite.Connection) -> None:
        self._cells = await cells_of(file)
        self._numbers, self._used = Numbers(), 0
        self._round = (await state_of(file)).get(ROUND, 0)
        for worker, numbers, used, mark in await file.execute_fetchall(_APPLIED):
            checked("applied", worker, numbers, used, mark=mark)
            self._numbers.put(worker, read(numbers))
            self._used = used

    async def _add(self, batch: Batch) -> None:
        if not batch:
            return
        async with self._writer.transaction() as file:
            new = await put_cells(file, (cell for _, cell in batch.counts), self._cells)
            await add_batch(file, batch, {**self._cells, **new}, self._round)
            await add_numbers(file, batch.numbers, self._numbers, self._used + 1)
        self._cells.update(new)
        self._numbers.take(batch.numbers)
        self._used += 1

    async def _counts(self, file: aiosqlite.Connection, kind: Kind, begin: int, end: int) -> list[Row]:
        cells = {number: cell for cell, number in self._cells.items()}
        return await counting.counts(file, kind, begin, end, cells)

    async def _retain(self, now: float | None) -> Removed:
        removed, gone = await retain(
            self._writer.file, self._writer.transaction, self.bounds, now, MOST_WORKERS
        )
        for worker in gone:
            self._numbers.drop(worker)
        async with self._writer.transaction() as file:
            self._round = (await state_of(file)).get(ROUND, 0)
            self._cells = await cells_of(file)
        if now is not None:
            await asyncio.to_thread(aside.remove_aside, self._path, now)
        return removed


async def _tear(file: aiosqlite.Connection) -> None:
    await put_state(file, raised(await state_of(file), {TORN: 1}))


async def _begin(file: aiosqlite.Connection, schools: Sequence[str]) -> None:
    known = await schools_of(file)
    await put_schools(file, {school: SchoolState() for school in schools if school not in known})
