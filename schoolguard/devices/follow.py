"""Follows everything that tells which device has an address, and gives what changed. It logs no address.

The first change is given at once, later ones are gathered for 100 ms: a classroom that is switched on is one
message to the workers and not thirty.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from schoolguard.devices.lease_files import LeaseReader, Unreadable
from schoolguard.devices.model import DeviceSources
from schoolguard.devices.neighbours import NeighbourWatch
from schoolguard.devices.table import Changes, Devices

_log = logging.getLogger("schoolguard.devices")

GATHER: Final = 0.1
"""Seconds between two calls of ``changed`` at least."""

LOOK: Final = 1.0

_SHARE: Final = 20
"""A file rests for so many times as long as it took to read: at most 5 % of a core."""


class Follower:
    """Keeps ``devices`` up to date while it runs and calls ``changed`` with what is different.

    ``now`` gives Unix seconds; ``look`` are the seconds between two looks at a lease file at least.
    """

    def __init__(
        self,
        sources: DeviceSources,
        changed: Callable[[Changes], None],
        now: Callable[[], float],
        look: float = LOOK,
    ) -> None:
        self.devices = Devices()
        self._changed = changed
        self._now = now
        self._look = look
        self._sources = sources
        self._timer: asyncio.TimerHandle | None = None
        self._given = -GATHER

    async def run(self) -> None:
        """Follow until cancelled; raises ``OSError`` when the kernel gives no netlink socket."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._stop)
            if self._sources.neighbours:
                watch = NeighbourWatch(self.devices, self._touched, self._now)
                stack.callback(watch.close)
                watch.start()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._expire(), name="leases that end")
                for source in self._sources.leases:
                    name = f"leases {source.file}"
                    tasks.create_task(self._follow(LeaseReader(source)), name=name)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _touched(self) -> None:
        """Give the changes now if the last ones are long ago, else when their time is over."""
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._given + GATHER - loop.time()
        if wait > 0:
            self._timer = loop.call_later(wait, self._give)
        else:
            self._give()

    def _give(self) -> None:
        self._timer = None
        changes = self.devices.changes()
        if changes:
            self._changed(changes)
            self._given = asyncio.get_running_loop().time()

    async def _follow(self, reader: LeaseReader) -> None:
        loop = asyncio.get_running_loop()
        name = str(reader.source.file)
        problem = ""
        while True:
            begun = loop.time()
            try:
                leases = await asyncio.to_thread(reader.look)
            except Unreadable as error:
                if str(error) != problem:
                    problem = str(error)
                    _log.warning("lease file not usable", extra={"file": name, "reason": problem})
            else:
                if problem:
                    problem = ""
                    _log.info("lease file usable again", extra={"file": name})
                if leases is not None:
                    self.devices.lease(name, leases.by_address, self._now())
                    self._touched()
            await asyncio.sleep(max(self._look, _SHARE * (loop.time() - begun)))

    async def _expire(self) -> None:
        while True:
            self.devices.expire(self._now())
            self._touched()
            await asyncio.sleep(self._look)
