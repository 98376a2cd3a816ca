"""The feed's sender as long as the gateway runs: started when there is somewhere to send, told the outbox.

It must not know what is counted.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schoolguard.feed.compact import Packing, packing
from schoolguard.feed.enrolled import EnrolledFile, EnrolledUnusable
from schoolguard.feed.sending import FeedState, Sender, Waits
from schoolguard.feed.sent import SentLog
from schoolguard.feed.settings import FeedSettings
from schoolguard.node.counting import Counting
from schoolguard.store.kept import Waiting

_log = logging.getLogger("schoolguard.feed")


class StoreOutbox:
    """The outbox of a store that may not be open yet: every call then raises ``StoreFull``."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    async def outbox(self, limit: int) -> list[Waiting]:
        """Return documents that wait, oldest first."""
        return await self._counting.store.outbox(limit)

    async def tried(self, school: str, sequence: int) -> None:
        """Count that a document was sent in vain."""
        await self._counting.store.tried(school, sequence)

    async def acknowledged(self, school: str, sequence: int, now: float) -> None:
        """Take a document out of the outbox."""
        await self._counting.store.acknowledged(school, sequence, now)

    async def follow(self, school: str, sequence: int) -> None:
        """Let the next sequence of a school be above this one."""
        await self._counting.store.follow(school, sequence)


class FeedSending:
    """Runs a sender to where the settings in force say; ``clock`` gives Unix seconds."""

    def __init__(self, state: Path, counting: Counting, clock: Callable[[], float]) -> None:
        self._enrolled = EnrolledFile(state)
        self._sent = SentLog(state)
        self._outbox = StoreOutbox(counting)
        self._clock = clock
        self._packing: Packing | None = None
        self._settings = FeedSettings()
        self._sender: Sender | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def enrolled_schools(self) -> frozenset[str] | None:
        """The schools that a person enrolled, ``None`` when nothing may leave."""
        if self._settings.to is None:
            return None
        try:
            home = self._enrolled.read()
        except EnrolledUnusable:
            return None  # the sender says so
        return None if home is None else frozenset(home.schools)

    @property
    def awaited_schools(self) -> frozenset[str] | None:
        """The schools whose documents somebody waits for, though they may not be sent just now.

        ``None`` when it cannot be read: then no document may be dropped.
        """
        try:
            home = self._enrolled.read()
        except EnrolledUnusable:
            return None
        return frozenset() if home is None else frozenset(home.schools)

    @property
    def state(self) -> FeedState:
        """What was sent since the start."""
        return FeedState() if self._sender is None else self._sender.state

    def configured(self, settings: FeedSettings) -> None:
        """Send by the settings in force from now on."""
        former, self._settings = self._settings, settings
        if _way(settings) == _way(former):
            return
        self._stop()
        if settings.to is None:
            self._sender = None
            return
        self._packing = self._packing or packing()
        draw = random.SystemRandom().random
        self._sender = Sender(
            self._outbox,
            self._enrolled,
            self._sent,
            settings.to,
            self._packing,
            self._clock,
            draw,
            Waits(spread=settings.spread, every=settings.every),
        )
        self._task = asyncio.get_running_loop().create_task(self._sender.run(), name="feed: sender")
        self._task.add_done_callback(_ended)

    def wake(self) -> None:
        """Look into the outbox now."""
        if self._sender is not None:
            self._sender.wake()

    def told(self) -> dict[str, Any]:
        """Return what people ask of the sender."""
        state = self.state
        return {
            "to": self._settings.to,
            "delivered": state.delivered,
            "duplicates": state.duplicates,
            "refused": state.refused,
            "failures": state.failures,
            "bytes": state.bytes,
            "success": state.success,
            "clock-ahead-seconds": state.clock_ahead,
            "problem": state.problem,
            "aside": [
                {"school": each.school, "sequence": each.sequence, "reason": each.reason}
                for each in state.aside[:100]
            ],
        }

    async def close(self) -> None:
        """Stop; what is on its way is sent again at the next start, and counted once."""
        task = self._task
        self._stop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _way(settings: FeedSettings) -> tuple[str | None, float, float]:
    """Return what a sender must begin anew for."""
    return settings.to, settings.spread, settings.every


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the feed's sender failed", exc_info=error)
