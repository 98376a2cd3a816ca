"""Rows on their way to the disk, the file and the keys there, and how all of them end. It knows no terms.

Nothing here may stop the gateway: trouble is logged once, and tried again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from pathlib import Path

from schoolguard.querylog.ageing import days_over
from schoolguard.querylog.keys import DayKeys, OfDay
from schoolguard.querylog.model import Row
from schoolguard.querylog.pseudonym import pseudonym
from schoolguard.querylog.schema import Damaged
from schoolguard.querylog.store import LogStore, StoreFailed, remove
from schoolguard.querylog.trouble import Trouble

MOST_WAITING = 50_000
"""Rows that wait in memory while the disk is full, some 15 MB; then the oldest are dropped and counted."""

BATCH = 5_000
_LATE = 120
"""Seconds within which a worker has told what it saw before a device was erased."""


class Rows:
    """What is kept below one state folder; ``lost`` is called with why when a damaged file was removed.

    ``live`` are the keys of the days that are kept. No call raises but ``erase`` and ``days``.
    """

    def __init__(
        self,
        state: Path,
        random: Callable[[int], bytes],
        words: Callable[[int], tuple[str, str]],
        lost: Callable[[str], object],
        trouble: Trouble,
    ) -> None:
        self.path = state / "query-log.db"
        self.live: dict[OfDay, bytes] = {}
        self.store: LogStore | None = None
        self.dropped = 0
        self._keys = DayKeys(state / "query-log.keys", random)
        self._words, self._lost, self._trouble = words, lost, trouble
        self._pruned = 0
        self._overdue: int | None = None
        self._waiting: deque[Row] = deque()
        self._erased: dict[tuple[OfDay, bytes], int] = {}

    @property
    def pruned(self) -> int:
        """Rows that were removed before their days were over, for the file was full."""
        return self._pruned + (self.store.pruned if self.store is not None else 0)

    def take(self, rows: Iterable[Row], dropped: int) -> None:
        """Take rows, and a number of those that somebody else had no room for."""
        self._waiting.extend(rows)
        self.dropped += dropped
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1

    async def keep(self, schools: Iterable[str], day: int) -> dict[str, bytes]:
        """Return the day's key of each school, with a file to write to; none while that cannot be."""
        wanted = tuple(schools)
        try:
            if wanted and self.store is None:
                self.store, lost = await LogStore.open(self.path, self._words)
                if lost:
                    self._lost("it failed its check")
            keys = {school: self._keys.make(school, day) for school in wanted}
            self.live = self._keys.all()
        except (StoreFailed, OSError) as error:
            self._trouble.tell("the query log cannot be kept", error)
            return {}
        return keys

    async def write(self, now: float) -> None:
        """Put the rows that wait on the disk; what it has no room for waits on."""
        while self.store is not None and self._waiting:
            count = min(BATCH, len(self._waiting))
            rows = [self._waiting[i] for i in range(count)]
            good = [row for row in rows if (row.school, row.day) in self.live and not self._is_erased(row)]
            try:
                await self.store.add(good)
            except StoreFailed as error:
                self._trouble.tell("the query log cannot be written, its rows wait", error)
                return
            except Damaged as error:
                await self._begin_anew(error)
                return
            for _ in range(count):
                self._waiting.popleft()
            self._trouble.over()
        self._erased = {place: at for place, at in self._erased.items() if at > now - _LATE}

    async def shorten(self, kept: Mapping[str, int], today: int) -> None:
        """Delete every day that is over, with its key; ``kept`` is how many days each school keeps.

        Not more than so many days are kept either, whatever days a wrong clock once made.
        """
        if not kept:
            await self.remove()
            return
        try:
            over = days_over(await self.days(), kept, today)
            if over:
                self._waiting = deque(row for row in self._waiting if (row.school, row.day) not in over)
            for of in over:
                # The key first: if the disk has no room for the deletion, nobody can tell whose the rows are.
                self._keys.destroy(of)
                self.live.pop(of, None)
            if over and self.store is not None:
                await self._drop(over, today)
        except Damaged as error:
            await self._begin_anew(error)
        except (StoreFailed, OSError) as error:
            self._trouble.tell("the query log cannot be shortened", error)

    async def days(self) -> set[OfDay]:
        """Return the days of which there is something; raises ``StoreFailed``, ``Damaged``, ``OSError``."""
        if self.store is None and self.path.exists():
            self.store, lost = await LogStore.open(self.path, self._words)
            if lost:
                self._lost("it failed its check")
        return self._keys.days() | (set(await self.store.days()) if self.store is not None else set())

    def places(
        self, devices: Sequence[bytes], pseudonyms: Sequence[bytes], schools: Sequence[str]
    ) -> tuple[tuple[OfDay, bytes], ...]:
        """Return under which pseudonyms devices (MACs, packed addresses) stand here, by school and day."""
        found = [
            (of, called)
            for of, key in sorted(self.live.items())
            if of[0] in schools
            for called in (*(pseudonym(key, device) for device in devices), *pseudonyms)
        ]
        return tuple(dict.fromkeys(found))

    async def erase(self, places: Sequence[tuple[OfDay, bytes]], now: float) -> int:
        """Remove the rows of some pseudonyms, those still to come of before ``now`` too; return how many.

        Raises ``StoreFailed`` and ``Damaged``.
        """
        self._erased |= dict.fromkeys(places, int(now))
        waiting = len(self._waiting)
        self._waiting = deque(row for row in self._waiting if not self._is_erased(row))
        gone = waiting - len(self._waiting)
        return gone + (await self.store.erase(places) if self.store is not None else 0)

    async def remove(self) -> None:
        """Remove everything."""
        self._waiting.clear()
        self.live = {}
        await self.close()
        try:
            remove(self.path)
            for of in self._keys.days():
                self._keys.destroy(of)
        except OSError as error:
            self._trouble.tell("the query log cannot be removed", error)

    async def close(self) -> None:
        """Close the file."""
        store, self.store = self.store, None
        if store is not None:
            self._pruned += store.pruned
            await store.close()

    def _is_erased(self, row: Row) -> bool:
        return row.time <= self._erased.get(((row.school, row.day), row.device), -inf)

    async def _drop(self, over: set[OfDay], today: int) -> None:
        """Delete days from the file, or the file itself when that failed for a day: it takes no room."""
        store = self.store
        assert store is not None  # noqa: S101 - asked before
        try:
            await store.drop(over)
            self._overdue = None
        except StoreFailed as error:
            self._overdue = today if self._overdue is None else self._overdue
            if today <= self._overdue:
                raise
            self._overdue = None
            await self._begin_anew(error)

    async def _begin_anew(self, error: Damaged | StoreFailed) -> None:
        """Remove a file that cannot be used or shortened, for its rows must not outlive their days."""
        await self.close()
        try:
            remove(self.path)
            self.store, _ = await LogStore.open(self.path, self._words)
        except (StoreFailed, OSError) as failed:
            self._trouble.tell("the query log cannot be kept", failed)
        self._lost(str(error))
