"""A follower that runs while a test looks at what it gives."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from schoolguard.devices.follow import Follower
from schoolguard.devices.model import DeviceSources
from schoolguard.devices.table import Changes
from tests.servers import DEADLINE, NeverHappened


class Given:
    """What the follower gave: every change, and what they come to."""

    def __init__(self) -> None:
        self.changes: list[tuple[float, Changes]] = []
        self.known: dict[bytes, bytes] = {}
        self._news = asyncio.Event()

    def take(self, changes: Changes) -> None:
        """Take changes as a worker would; what is gone must have been there."""
        self.changes.append((time.monotonic(), changes))
        self.known.update(changes.set)
        for address in changes.gone:
            del self.known[address]
        self._news.set()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds, looking after each change."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise NeverHappened(f"{what}; known: {self.known}") from None


@contextlib.asynccontextmanager
async def following(
    sources: DeviceSources, now: Callable[[], float] = time.time
) -> AsyncIterator[tuple[Follower, Given]]:
    """Run a follower; it starts before the block does, in the namespace that the caller is in."""
    given = Given()
    follower = Follower(sources, given.take, now, look=0.02)
    task = asyncio.create_task(follower.run())
    await asyncio.sleep(0)
    try:
        yield follower, given
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
