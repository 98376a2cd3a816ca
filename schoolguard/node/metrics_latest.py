"""The last known figures of a part that has to read its disk before it can tell them.

A scrape waits for them only a moment: a store that is being restored or cleaned up must not end the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

WAIT_SECONDS = 2.0
T = TypeVar("T")


class Latest(Generic[T]):
    """Reads with ``read``, one time after the other, in the event loop."""

    def __init__(self, read: Callable[[], Awaitable[T]], wait: float = WAIT_SECONDS) -> None:
        self._read, self._wait = read, wait
        self._reading: asyncio.Task[T] | None = None
        self._value: T | None = None

    async def value(self) -> T | None:
        """Return what was read now, or before when reading takes longer; ``None`` when nothing ever was.

        What ``read`` raises is raised to the scrape that sees it.
        """
        reading = self._reading
        if reading is None:
            reading = self._reading = asyncio.get_running_loop().create_task(self._once(), name="figures")
        await asyncio.wait({reading}, timeout=self._wait)
        if reading.done():
            self._reading = None
            self._value = reading.result()
        return self._value

    async def _once(self) -> T:
        return await self._read()
