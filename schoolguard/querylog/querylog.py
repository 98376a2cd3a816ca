"""The query log in the control process: rows from workers to the disk, looks, erasures, and the end of days.

It must not know workers or the audit log's form; it is handed what it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from schoolguard.querylog.finding import Wanted
from schoolguard.querylog.model import DeviceDay, Entry, Row, Terms, day_of
from schoolguard.querylog.rows import Rows
from schoolguard.querylog.standing import standing_path
from schoolguard.querylog.switching import Audit, Switching
from schoolguard.querylog.trouble import Trouble

WRITE_EVERY = 1.0
SETTLE_EVERY = 15.0


class Keeping(NamedTuple):
    """What workers must know: the day, each school's key of it, and the groups (school, name) concerned."""

    day: int
    keys: Mapping[str, bytes]
    groups: frozenset[tuple[str, str]]


NOTHING = Keeping(0, {}, frozenset())


class QueryLog:
    """The logs of all schools of one gateway.

    ``words`` turns an outcome into verdict and cause; ``tell`` sends ``Keeping`` to every worker; ``clock``
    returns Unix seconds, ``floor`` a time that has certainly passed, ``random`` so many bytes.
    """

    def __init__(
        self,
        state: Path,
        audit: Audit,
        words: Callable[[int], tuple[str, str]],
        tell: Callable[[Keeping], object],
        clock: Callable[[], float],
        floor: float,
        random: Callable[[int], bytes],
    ) -> None:
        self._tell, self._clock, self._floor = tell, clock, floor
        trouble = Trouble()
        self._switching = Switching(standing_path(state), audit, trouble)
        self._rows = Rows(state, random, words, lambda why: self._switching.lost(why, self.now()), trouble)
        self._changing = asyncio.Lock()
        self._day = 0
        self._configured = False
        self.keeping = NOTHING

    @property
    def on(self) -> tuple[Terms, ...]:
        """The terms that are on."""
        return self._switching.on

    @property
    def dropped(self) -> int:
        """Rows that nobody had room for, since the gateway began."""
        return self._rows.dropped

    @property
    def pruned(self) -> int:
        """Rows, the oldest, that were removed before their days were over, for the file was full."""
        return self._rows.pruned

    def now(self) -> float:
        """Return the time: the clock's, unless that is certainly behind."""
        return max(self._clock(), self._floor)

    async def configured(self, terms: Sequence[Terms]) -> None:
        """Take the terms of the configuration in force, at most one a school."""
        self._switching.configured(terms)
        self._configured = True
        await self.settle()

    def take(self, rows: Sequence[Row], dropped: int = 0) -> None:
        """Take rows from a worker, and how many it had no room for."""
        self._rows.take(rows, dropped)

    async def run(self) -> None:
        """Write rows and see days and terms end, until cancelled."""
        loop = asyncio.get_running_loop()
        settled = loop.time()
        while True:
            await asyncio.sleep(WRITE_EVERY)
            if loop.time() - settled >= SETTLE_EVERY or day_of(self.now()) != self._day:
                settled = loop.time()
                await self.settle()
            await self.write()

    async def settle(self) -> None:
        """Bring what is on, what is kept and what workers know to the present moment.

        Before the first configuration is in force nobody knows which logs it has, and none is ended.
        """
        if not self._configured:
            return
        async with self._changing:
            now = self.now()
            self._day = day_of(now)
            await self._switching.end_what_is_over(now)
            # What ended goes before anything begins: another reason's rows are not taken over.
            await self._rows.shorten(self._switching.days(), day_of(now))
            await self._switching.begin_what_is_due(now)
            await self._announce(now)

    async def write(self) -> None:
        """Put the rows that wait on the disk."""
        async with self._changing:
            await self._rows.write(self.now())

    async def end(self, terms: Terms, by: str, fields: Mapping[str, Any]) -> None:
        """End a log by hand: its rows are deleted, and it stays off until it is configured anew.

        Raises ``Said`` when that cannot be written down; then nothing was changed.
        """
        async with self._changing:
            now = self.now()
            await self._switching.end_by_hand(terms, by, now, fields)
            await self._rows.shorten(self._switching.days(), day_of(now))
            await self._announce(now)

    async def find(self, wanted: Wanted, devices: Sequence[bytes], called: Sequence[bytes]) -> list[Entry]:
        """Return rows of these devices and pseudonyms, of all when none is given.

        Raises ``StoreFailed`` and ``Damaged``.
        """
        async with self._changing:
            await self._rows.write(self.now())
            if devices or called:
                wanted = wanted.of(self._rows.places(devices, called, wanted.schools))
            return await self._rows.store.find(wanted) if self._rows.store is not None else []

    async def devices(self, schools: Sequence[str], most: int) -> list[DeviceDay]:
        """Return what is held of each device on each day; raises ``StoreFailed`` and ``Damaged``."""
        async with self._changing:
            await self._rows.write(self.now())
            return await self._rows.store.devices(schools, most) if self._rows.store is not None else []

    async def erase(self, schools: Sequence[str], devices: Sequence[bytes], called: Sequence[bytes]) -> int:
        """Remove all rows of some devices and pseudonyms from the disk; return how many those were.

        Raises ``StoreFailed`` and ``Damaged``.
        """
        async with self._changing:
            await self._rows.write(self.now())
            return await self._rows.erase(self._rows.places(devices, called, schools), self.now())

    def called(self, schools: Sequence[str], devices: Sequence[bytes]) -> list[str]:
        """Return the pseudonyms of devices on the days kept, in hexadecimal."""
        places = self._rows.places(devices, (), schools)
        return list(dict.fromkeys(each.hex() for _, each in places))

    async def close(self) -> None:
        """Write what waits and close the file."""
        async with self._changing:
            await self._rows.write(self.now())
            await self._rows.close()

    async def _announce(self, now: float) -> None:
        """Tell the workers what to keep, when that is new."""
        holding = self._switching.holding(now)
        keys = await self._rows.keep(holding, day_of(now))
        groups = frozenset((school, group) for school in keys for group in holding[school])
        keeping = Keeping(day_of(now), keys, groups) if groups else NOTHING
        if keeping != self.keeping:
            self.keeping = keeping
            self._tell(keeping)
