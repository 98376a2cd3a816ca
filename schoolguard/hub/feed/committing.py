"""Documents of many requests in one transaction: a request is answered when what it brought is on the disk.

One thread owns the file. While it writes, requests gather, and the next transaction takes them all: the more
come, the fewer transactions there are for each. It must not answer before the commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from schoolguard.feed.delivery import Judged
from schoolguard.hub.feed.storing import Arrived
from schoolguard.hub.feed.tables import CannotKeep

MOST_WAITING = 20_000
"""Documents that may wait for a transaction; beyond, a request is told to come again."""

_MOST_AT_ONCE = 1_000
_Waiting = tuple[Sequence[Arrived], "asyncio.Future[list[Judged]]"]
T = TypeVar("T")


class Busy(Exception):
    """Too many documents wait to be stored."""


class Committer:
    """Lets ``store`` take batches, one after the other; ``run`` must be running."""

    def __init__(self, store: Callable[[Sequence[Arrived]], list[Judged]]) -> None:
        self._store = store
        self._waiting: deque[_Waiting] = deque()
        self._count = 0
        self._news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "feed")

    async def put(self, arrived: Sequence[Arrived]) -> list[Judged]:
        """Return what became of documents, once they are on the disk; raises ``CannotKeep``, ``Busy``."""
        if self._count + len(arrived) > MOST_WAITING:
            raise Busy
        done: asyncio.Future[list[Judged]] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, done))
        self._count += len(arrived)
        self._news.set()
        return await done

    async def alone(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done in the thread that owns the file."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._commit(self._taken())

    def close(self) -> None:
        """End the thread; what it does is finished first."""
        self._thread.shutdown()

    def _taken(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and size < _MOST_AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1][0])
        self._count -= size
        return taken

    async def _commit(self, taken: list[_Waiting]) -> None:
        batch = [each for arrived, _ in taken for each in arrived]
        try:
            judged = iter(await self.alone(lambda: self._store(batch)))
        except CannotKeep as error:
            for _, done in taken:
                if not done.done():
                    done.set_exception(error)
            return
        for arrived, done in taken:
            part = [next(judged) for _ in arrived]
            if not done.done():  # who asked may have hung up; what they brought is stored all the same
                done.set_result(part)
