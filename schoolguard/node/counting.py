"""Counts on their way from workers to the store: each delta once, acknowledged when it is stored.

It must not know the feed, devices or names; a full disk is waited out with the counts held in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from schoolguard.categories import Category
from schoolguard.language import N_
from schoolguard.node.left_counts import delta_of, leftovers
from schoolguard.serve.link import Counted, Stored
from schoolguard.store.bounds import Bounds
from schoolguard.store.errors import StoreFull, StoreUnusable
from schoolguard.store.held import Held
from schoolguard.store.store import Store

STORE_SECONDS = 10.0
"""Between two transactions: an SD card is written to once, and a power cut takes no more."""

LAST_WORDS_SECONDS = 0.2
"""After a worker's end, for what it still told to be read."""

RETAIN_SECONDS = 3_600.0
_log = logging.getLogger("schoolguard.counts")


class Counting:
    """The counts of one gateway; ``tell`` sends a message to the worker of a number."""

    def __init__(self, state: Path, tell: Callable[[int, Stored], None]) -> None:
        self._path = state / "store.db"
        self._folder = counts_folder(state)
        self._tell = tell
        self._opened: Store | None = None
        self._bounds = Bounds()
        self._held = Held(self._has)
        self._received: dict[str, int] = {}
        self._last: dict[str, tuple[int, int]] = {}
        self._full = False
        self._saving = asyncio.Lock()
        self._hurry = asyncio.Event()

    @property
    def store(self) -> Store:
        """The store; raises ``StoreFull`` while it could not be opened."""
        if self._opened is None:
            raise StoreFull(N_("the store of counts is not open"))
        return self._opened

    @property
    def held(self) -> Held:
        """What waits for the store."""
        return self._held

    async def open(self, bounds: Bounds) -> None:
        """Open the store and take what former workers left; until that works, counts are held."""
        self._bounds = bounds
        await self.save()

    def configured(self, bounds: Bounds) -> None:
        """Take the bounds that are in force from now on."""
        self._bounds = bounds
        if self._opened is not None:
            self._opened.bounds = bounds

    def receive(self, worker: int, message: Counted, categories: Mapping[int, Category]) -> None:
        """Take what the worker of a number counted; ``categories`` is the table in force, by bit."""
        told = message.told
        self._received[message.worker] = self._received.get(message.worker, 0) + told.queries
        self._last[message.worker] = worker, told.number
        self._held.take([delta_of(message.worker, told, categories)])

    def hurry(self) -> None:
        """Store soon: a worker died, and what it told is in this process only."""
        self._hurry.set()

    async def run(self, believed: Callable[[], bool]) -> None:
        """Store what comes, and keep the store's bounds, until cancelled; ``believed`` tells of the clock."""
        retained = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STORE_SECONDS):
                    await self._hurry.wait()
                    await asyncio.sleep(LAST_WORDS_SECONDS)
            self._hurry.clear()
            await self.save()
            if time.monotonic() - retained >= RETAIN_SECONDS:
                retained = time.monotonic()
                await self._retain(believed())

    async def save(self) -> None:
        """Store all that is here; when the disk takes nothing, it waits and is said once."""
        try:
            await self.store_all()
        except (StoreFull, StoreUnusable, OSError) as error:
            if not self._full:
                _log.error("counts wait in memory", extra={"problem": str(error)})
            self._full = True

    async def store_all(self) -> None:
        """Store all that is here; raises ``StoreFull``, ``StoreUnusable``, ``OSError``, and it is held on."""
        async with self._saving:  # the end of a period asks for it too
            await self._store_all()

    async def _store_all(self) -> None:
        if self._opened is None:
            self._opened = await Store.open(self._path, self._bounds, time.time())
        await self._take_leftovers()
        sent = dict(self._last)
        await self.store.add_held(self._held, time.time())
        self._full = False
        for word, (worker, number) in sent.items():
            self._tell(worker, Stored(word, number))

    async def close(self) -> None:
        """Store what is left and close the file; what does not fit is with workers, or counted as lost."""
        await self.save()
        if self._opened is None:
            return
        try:
            await self._opened.close()
        except StoreFull as error:
            _log.error("the store's log stays beside it until the next start", extra={"problem": str(error)})

    async def _take_leftovers(self) -> None:
        """Store what dead workers left, then remove their files; raises ``StoreFull``, and they stay."""
        for left in leftovers(self._folder, self._received):
            self._held.take(left.deltas)
            await self.store.add_held(self._held, time.time())
            for path in left.files:
                path.unlink(missing_ok=True)
            word = left.files[-1].stem
            self._received.pop(word, None)
            self._last.pop(word, None)

    async def _retain(self, believed: bool) -> None:
        try:
            removed = await self.store.retain(time.time(), believed=believed)
        except (StoreFull, StoreUnusable, OSError) as error:
            _log.error("old counts cannot be removed", extra={"problem": str(error)})
            return
        if removed.documents:
            _log.error("summaries too old to be sent were removed", extra={"number": len(removed.documents)})

    def _has(self, worker: str, number: int) -> bool:
        return self._opened is not None and self._opened.has(worker, number)


def counts_folder(state: Path) -> Path:
    """Return the folder where workers leave tallies and counts."""
    return state / "counts"
