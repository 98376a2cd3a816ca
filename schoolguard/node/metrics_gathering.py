"""Takes everything that a scrape shows from the parts of one gateway, at one moment, in the event loop.

The page is served from threads of its own; what the parts keep must not change while it is read. It changes
nothing. What is on the disk is waited for first, and not for long (``metrics_latest``).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from schoolguard.node.facts import Facts
from schoolguard.node.metrics_latest import Latest
from schoolguard.node.metrics_readings import (
    DiskReading,
    FeedReading,
    GatewayState,
    OrderReading,
    PassReading,
    Readings,
    StoreReading,
    Sums,
)
from schoolguard.node.metrics_rising import PassesGranted
from schoolguard.node.ordering import Ordering
from schoolguard.node.province import Province
from schoolguard.node.supervisor import Supervisor
from schoolguard.node.totals import Totals

WAIT_SECONDS = 5.0
"""How long a scrape waits for a busy event loop; Prometheus gives up after 10."""


class Gathering:
    """Reads the parts; ``store`` and ``feed`` are put in when they run."""

    def __init__(
        self,
        totals: Totals,
        supervisor: Supervisor,
        facts: Facts,
        ordering: Ordering,
        province: Province,
        folder: Path,
    ) -> None:
        self._totals, self._supervisor, self._facts = totals, supervisor, facts
        self._ordering, self._province, self._folder = ordering, province, folder
        self._granted = PassesGranted()
        self._loop = asyncio.get_running_loop()
        self.store: Latest[StoreReading] | None = None
        self.feed: Latest[FeedReading | None] | None = None

    def read(self, state: Callable[[], GatewayState]) -> Readings:
        """Return everything, to a thread that is not the loop's; raises ``TimeoutError``."""
        if self._loop.is_closed():
            raise TimeoutError
        return asyncio.run_coroutine_threadsafe(self._taken(state), self._loop).result(WAIT_SECONDS)

    async def _taken(self, state: Callable[[], GatewayState]) -> Readings:
        store = await self.store.value() if self.store is not None else None
        feed = await self.feed.value() if self.feed is not None else None
        return self.take(state(), store, feed)

    def take(
        self, state: GatewayState, store: StoreReading | None = None, feed: FeedReading | None = None
    ) -> Readings:
        """Return everything as it is now; to be called in the event loop."""
        ordering = self._ordering
        return Readings(
            state,
            self._sums(),
            tuple((school.id, school.commune) for school in ordering.served),
            self._processes(),
            self._passes(time.time()),
            Counter(each for ids in self._facts.usage.meter.all_used_up().values() for each in ids),
            OrderReading(len(ordering.book.holding(ordering.clock())), len(ordering.book.outbox)),
            self._province.state,
            self._disk(),
            store,
            feed,
        )

    def _sums(self) -> Sums:
        totals = self._totals
        return Sums(
            dict(totals.queries),
            dict(totals.events),
            tuple(totals.latency),
            totals.latency_sum,
            totals.gauges.copy(),
        )

    def _processes(self) -> dict[str, int]:
        workers = self._supervisor.workers
        running = {f"worker-{number}": worker.pid for number, worker in workers.items() if worker.running}
        return {"control": os.getpid(), **running}

    def _passes(self, now: float) -> PassReading:
        book, schools = self._facts.book, {school.id: 0 for school in self._ordering.served}
        in_force = Counter(each.school for each in book.in_force(now))
        return PassReading({**schools, **in_force}, {**schools, **self._granted.take(book.issued())})

    def _disk(self) -> DiskReading | None:
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return None  # its samples end, and the alert on what is missing tells of it
        return DiskReading(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
