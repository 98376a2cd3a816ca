"""The tasks of a worker, kept and awaited: a reply on its way is finished before the worker ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("schoolguard.tasks")


class Tasks:
    """A set of running tasks; a failure in one is logged with its trace and ends only that task."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start ``work`` and keep it until it ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)

    async def drain(self, seconds: float) -> int:
        """Wait for all tasks, at most ``seconds``; cancel and return the number of those left."""
        if not self._running:
            return 0
        _, left = await asyncio.wait(self._running, timeout=seconds)
        for task in left:
            task.cancel()
        return len(left)
