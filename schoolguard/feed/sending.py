"""Sends what waits in the outbox to the receiver, oldest first, until it has each document.

A document leaves the outbox when the receiver signed that it has it: an answer that was lost, or forged, is
followed by sending again, which the receiver sees by the sequence. One that the receiver refuses is set aside
and tried again later, so that those behind it go on. It must not change a document.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp

from schoolguard.feed.backoff import Backoff
from schoolguard.feed.batch import batch_of, parcel_of
from schoolguard.feed.compact import Packing
from schoolguard.feed.delivery import (
    PACKED,
    SUMMARIES,
    Judged,
    Verdict,
    digest_of,
    read_delivered,
)
from schoolguard.feed.enrolled import EnrolledFile, EnrolledUnusable, Home
from schoolguard.feed.message import MessageRefused
from schoolguard.feed.parcel import pack
from schoolguard.feed.sent import Sent, SentLog
from schoolguard.feed.web import Bounds, NotSent, NotTaken, exchange, session
from schoolguard.language import N_, Said
from schoolguard.store.errors import StoreFull, StoreUnusable
from schoolguard.store.kept import Waiting

_log = logging.getLogger("schoolguard.feed")

_ANSWER = N_("{url}: the answer is not the enrolled receiver's: {why}")
_ALONE = (400, 413, 422)
"""Statuses that say that a delivery is wrong as it is: half of it is tried, at last one document alone."""


class Outbox(Protocol):
    """What the sender needs of the store; ``store.store.Store`` is one."""

    async def outbox(self, limit: int) -> list[Waiting]:
        """Return documents that wait, oldest first."""

    async def tried(self, school: str, sequence: int) -> None:
        """Count that a document was sent in vain."""

    async def acknowledged(self, school: str, sequence: int, now: float) -> None:
        """Take a document out of the outbox."""

    async def follow(self, school: str, sequence: int) -> None:
        """Let the next sequence of a school be above this one."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: between looks into the outbox that nobody asked for, the spread after a period's end, and how
    long a document is set aside that was refused, or that may come later. ``batch`` and ``bytes`` bound one
    delivery. At least ``every`` lies between deliveries that went well.
    """

    look: float = 60.0
    every: float = 0.0
    spread: float = 240.0
    refused: float = 86_400.0
    later: float = 3_600.0
    batch: int = 48
    bytes: int = 256 << 10
    backoff: Backoff = field(default_factory=Backoff)
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Aside:
    """A document that waits for another try: why, since when and until when (Unix seconds of this clock)."""

    school: str
    sequence: int
    verdict: Verdict
    reason: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of sending, for status and metrics; ``success`` in Unix seconds, 0 for never.

    ``clock_ahead`` is how many seconds this clock was before the receiver's at the last answer.
    """

    success: float = 0.0
    delivered: int = 0
    duplicates: int = 0
    refused: int = 0
    failures: int = 0
    bytes: int = 0
    problem: Said | None = None
    clock_ahead: int | None = None
    aside: tuple[Aside, ...] = ()


class Sender:
    """Sends for all schools of a gateway that are enrolled; ``run`` goes on until it is cancelled.

    ``to`` is the receiver's address, ``clock`` gives Unix seconds, ``drawn`` random numbers from 0 to 1,
    ``rest`` waits so many seconds.
    """

    def __init__(
        self,
        store: Outbox,
        enrolled: EnrolledFile,
        sent: SentLog,
        to: str,
        packing: Packing,
        clock: Callable[[], float],
        drawn: Callable[[], float],
        waits: Waits | None = None,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.state = FeedState()
        self._store = store
        self._enrolled = enrolled
        self._sent = sent
        self._url = to.rstrip("/") + SUMMARIES
        self._packing = packing
        self._clock = clock
        self._drawn = drawn
        self._waits = waits or Waits()
        self._rest = rest
        self._news = asyncio.Event()
        self._aside: dict[tuple[str, int], Aside] = {}
        self._batch = self._waits.batch

    def wake(self) -> None:
        """Look into the outbox now: a period was closed, or a school was enrolled."""
        self._news.set()

    async def run(self) -> None:
        """Send, until cancelled."""
        failures = 0
        async with session() as http:
            while True:
                try:
                    await self.send_all(http)
                    failures = 0
                    await self._look()
                except (NotSent, StoreFull, StoreUnusable, EnrolledUnusable) as error:
                    failures += 1
                    self._failed(error, failures)
                    asked = error.again if isinstance(error, NotSent) else 0.0
                    await self._rest(self._waits.backoff.pause(failures, self._drawn(), asked))

    async def _look(self) -> None:
        """Wait until something may be sent, and then a while that no two schools have the same."""
        await self._rest(self._waits.every)
        while not await self._next(self._enrolled.read()):
            await self._idle(self._waits.look)
        await self._rest(self._waits.spread * self._drawn())

    async def send_all(self, http: aiohttp.ClientSession) -> None:
        """Send until nothing more waits that may be sent now.

        Raises ``NotSent``, ``StoreFull``, ``StoreUnusable``, ``EnrolledUnusable``.
        """
        while (home := self._enrolled.read()) is not None:
            batch = await self._next(home)
            if not batch:
                break
            await self._send(http, home, batch)
        self.state = replace(self.state, problem=None)

    async def _send(self, http: aiohttp.ClientSession, home: Home, batch: Sequence[Waiting]) -> None:
        try:
            parcel = await asyncio.to_thread(pack, parcel_of(batch, int(self._clock())), self._packing)
        except ValueError as error:
            self._halved(batch, str(error))
            return
        try:
            answer = await exchange(http, self._url, parcel, PACKED, self._waits.bounds)
            delivered = read_delivered(answer, home.receiver)
        except NotTaken as error:
            await self._store.tried(batch[0].school, batch[0].sequence)
            if error.status not in _ALONE:
                raise
            self._halved(batch, str(error))
            return
        except MessageRefused as error:
            raise NotSent(_ANSWER, url=self._url, why=str(error)) from error
        except NotSent:
            await self._store.tried(batch[0].school, batch[0].sequence)
            raise
        now = self._clock()
        self._batch = min(self._waits.batch, self._batch * 2)
        ahead = int(now) - delivered.time
        sent = self.state.bytes + len(parcel)
        self.state = replace(self.state, success=now, clock_ahead=ahead, bytes=sent, problem=None)
        for each in batch:
            digest = digest_of(each.document)
            judged = delivered.judged.get(digest) or Judged(digest, Verdict.LATER, "no word of it")
            await self._take(each, judged, now)

    async def _take(self, waiting: Waiting, judged: Judged, now: float) -> None:
        if not judged.kept:
            await self._put_aside(waiting, judged, now)
            return
        await self._store.acknowledged(waiting.school, waiting.sequence, now)
        self._drop(waiting)
        new = judged.verdict is Verdict.ACCEPTED
        self.state = replace(
            self.state,
            delivered=self.state.delivered + new,
            duplicates=self.state.duplicates + (not new),
        )
        try:
            sent = Sent(waiting.school, waiting.sequence, int(now), waiting.document)
            await asyncio.to_thread(self._sent.put, sent)
        except OSError as error:  # it is there for people to look at; what counts is delivered
            _log.warning("feed: not noted as sent", extra={"problem": str(error)})

    async def _put_aside(self, waiting: Waiting, judged: Judged, now: float) -> None:
        await self._store.tried(waiting.school, waiting.sequence)
        if judged.verdict is Verdict.REFUSED and judged.last >= waiting.sequence:
            # The receiver has later ones: this gateway's store was lost. What comes next goes behind them.
            await self._store.follow(waiting.school, judged.last)
        self._keep_aside(waiting, judged.verdict, judged.reason, now)
        if judged.verdict is Verdict.REFUSED:
            self.state = replace(self.state, refused=self.state.refused + 1)

    def _keep_aside(self, waiting: Waiting, verdict: Verdict, reason: str, now: float) -> None:
        key = (waiting.school, waiting.sequence)
        former = self._aside.get(key)
        if former is None:
            _log.error(
                "feed: a document is not taken",
                extra={"school": waiting.school, "sequence": waiting.sequence, "reason": reason},
            )
        wait = self._waits.refused if verdict is Verdict.REFUSED else self._waits.later
        since = now if former is None else former.since
        self._aside[key] = Aside(*key, verdict, reason, since, now + wait)
        self._show_aside()

    def _drop(self, waiting: Waiting) -> None:
        if self._aside.pop((waiting.school, waiting.sequence), None) is not None:
            self._show_aside()

    def _show_aside(self) -> None:
        self.state = replace(self.state, aside=tuple(self._aside.values()))

    def _halved(self, batch: Sequence[Waiting], why: str) -> None:
        """Send half as much next time; a document that is not taken alone is set aside."""
        self._batch = max(1, len(batch) // 2)
        if len(batch) == 1:
            self._keep_aside(batch[0], Verdict.LATER, why[:200], self._clock())

    async def _next(self, home: Home | None) -> list[Waiting]:
        """Return the oldest documents that may be sent now; raises ``StoreFull``, ``StoreUnusable``."""
        if home is None:
            return []
        limit = self._batch + len(self._aside)
        while True:
            found = await self._store.outbox(limit)
            ready = [each for each in found if self._may_go(each, home)]
            if ready or len(found) < limit:
                return batch_of(ready, self._batch, self._waits.bytes)
            limit *= 4  # what lies before them belongs to schools that are not enrolled

    def _may_go(self, waiting: Waiting, home: Home) -> bool:
        aside = self._aside.get((waiting.school, waiting.sequence))
        now = self._clock()
        # A clock that was set back must not hold a document for ever.
        held = aside is not None and aside.since <= now < aside.until
        return waiting.school in home.schools and not held

    def _failed(self, error: Said, failures: int) -> None:
        if failures == 1:
            _log.error("feed: nothing is delivered", extra={"problem": str(error)})
        self.state = replace(self.state, problem=error, failures=self.state.failures + 1)

    async def _idle(self, seconds: float) -> None:
        """Wait; less when ``wake`` is called."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()
