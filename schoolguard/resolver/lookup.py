"""What upstreams say to an allowed question: cached, shared while in flight, stale when nobody answers.

It must not decide: policy is asked again by the caller for every plan that takes an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from schoolguard.dns.answer import Answer
from schoolguard.dns.rr import EDE, RCode
from schoolguard.resolver.cache import AnswerCache, Kept
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.exchange import Ask, ExchangeFailed, exchange
from schoolguard.resolver.upstreams import UpstreamSet
from schoolguard.settings import Settings

STALE_TTL = 30
"""Seconds a stale answer may be kept by the client (RFC 8767 4)."""

_STALE_AFTER = 1.8
"""Seconds to wait for an upstream before a stale answer is given (RFC 8767 5, client response timer)."""

_FAILURE_FIRST, _FAILURE_MOST, _FAILURES_KEPT = 5.0, 300.0, 10_000
"""A failed question is not asked again for 5 s, doubled to 5 min while it fails (RFC 9520 3.2)."""

_PREFETCH_BELOW = 0.1
_TRY_NEXT = frozenset({RCode.FORMERR, RCode.SERVFAIL, RCode.NOTIMP, RCode.REFUSED})


Found = tuple[Kept, bool]
"""An answer and whether it is stale."""


class LookupFailed(Exception):
    """No upstream gave an answer; ``ede`` is the Extended DNS Error to tell the client."""

    def __init__(self, ede: tuple[int, str]) -> None:
        super().__init__(ede[1])
        self.ede = ede


def cache_key(question: bytes, do: bool, cd: bool) -> bytes:
    """Return the answer cache's key: all that can change what an upstream says."""
    return question + (b"\0", b"\1", b"\2", b"\3")[do + 2 * cd]


class Lookup:
    """The answer cache with upstreams behind it; one per worker, kept over reloads."""

    def __init__(
        self,
        settings: Settings,
        counts: Counts,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        caches = settings.caches
        self.cache = AnswerCache(caches.answers, caches.serve_stale, settings.resolver_addresses)
        self._counts = counts
        self._clock = clock
        self._random = random
        self._flight: dict[bytes, asyncio.Future[Kept | LookupFailed]] = {}
        self._claimed: set[bytes] = set()
        self._failed: dict[bytes, tuple[float, float]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take new settings while keeping the answers."""
        self._caches = settings.caches
        self._limits = settings.limits
        self._upstreams = settings.upstreams
        self._set = UpstreamSet(settings.upstreams.servers, self._random)

    def fresh(self, key: bytes, now: float) -> Kept | None:
        """Return a kept answer that has not run out."""
        kept = self.cache.find(key, now)
        return kept if kept is not None and kept.expires > now else None

    async def find(self, key: bytes) -> Found:
        """Return the answer to a question, and whether it is stale; raises ``LookupFailed``."""
        self._claimed.discard(key)
        now = self._clock()
        stale = self.cache.find(key, now)
        if stale is not None and stale.expires > now:
            return stale, False
        if stale is None:
            return await self._share(key), False
        task = self._spawn(self._share(key))
        try:
            async with asyncio.timeout(_STALE_AFTER):
                return await asyncio.shield(task), False
        except (LookupFailed, TimeoutError):
            return stale, True

    def is_claimed(self, key: bytes) -> bool:
        """Return whether somebody else asks this question already, or will when his coroutine runs."""
        return key in self._flight or key in self._claimed

    def claim(self, key: bytes) -> None:
        """Say that ``find`` will be called for this question: of a hundred askers in a batch one is first."""
        self._claimed.add(key)

    def prefetch(self, key: bytes, kept: Kept, now: float) -> None:
        """Ask again in the background when a name still asked for has under a tenth of its time left."""
        if kept.expires - now > _PREFETCH_BELOW * kept.life or key in self._flight:
            return
        if len(self._flight) < self._limits.queries_in_flight // 2:
            self._counts.events["prefetch"] += 1
            self._spawn(self._share(key))

    def _spawn(self, work: Coroutine[Any, Any, Kept]) -> asyncio.Task[Kept]:
        task = asyncio.get_running_loop().create_task(work, name="lookup")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Kept]) -> None:
        self._tasks.discard(task)
        # A failure in the background is counted where it arises; anything else is a bug to be seen.
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LookupFailed):
            raise error

    async def _share(self, key: bytes) -> Kept:
        """Wait for the exchange already in flight for this question, or lead one (threat 3)."""
        flying = self._flight.get(key)
        if flying is not None:
            outcome = await asyncio.shield(flying)
            if isinstance(outcome, LookupFailed):
                raise LookupFailed(outcome.ede)
            return outcome
        self._refuse_early(key)
        flying = self._flight[key] = asyncio.get_running_loop().create_future()
        outcome = LookupFailed((EDE.NETWORK_ERROR, "cancelled"))
        try:
            outcome = await self._lead(key)
            return outcome
        except LookupFailed as error:
            outcome = error
            raise
        finally:
            del self._flight[key]
            flying.set_result(outcome)

    def _refuse_early(self, key: bytes) -> None:
        failed = self._failed.get(key)
        if failed is not None and failed[0] > self._clock():
            self._counts.events["failure-cached"] += 1
            raise LookupFailed((EDE.CACHED_ERROR, "upstreams failed a moment ago"))
        if len(self._flight) >= self._limits.queries_in_flight:
            self._counts.events["overloaded"] += 1
            raise LookupFailed((EDE.NETWORK_ERROR, "too many questions in flight"))

    async def _lead(self, key: bytes) -> Kept:
        flags = key[-1]
        ask = Ask(key[:-1], bool(flags & 1), bool(flags & 2), self._upstreams.randomise_case)
        order = self._set.order(self._clock())
        reason, code = "unreachable", None
        for attempt in range(max(self._upstreams.attempts, 1)):
            server = order[attempt % len(order)]
            at, begin = f"{server.endpoint.host}@{server.endpoint.port}", self._clock()
            try:
                answer = await exchange(ask, server.endpoint, self._upstreams.timeout, self._count)
            except ExchangeFailed as error:
                server.failed(self._clock())
                reason, code = error.reason, None
                self._counts.events[f"upstream-{reason}:{at}"] += 1
                continue
            took = self._clock() - begin
            server.succeeded(took)
            if answer.rcode not in _TRY_NEXT:
                self._counts.exchanged(at, took)
                self._failed.pop(key, None)
                return self._keep(key, answer)
            reason, code = f"rcode {answer.rcode}", answer.ede[0] if answer.ede is not None else None
            self._counts.events[f"upstream-servfail:{at}"] += 1
        raise self._failure(key, reason, code)

    def _keep(self, key: bytes, answer: Answer) -> Kept:
        negative = answer.rcode != RCode.NOERROR or answer.counts[:2] == b"\0\0"
        most = self._caches.max_negative_ttl if negative else self._caches.max_ttl
        ttl = min(max(answer.ttl, self._caches.min_ttl), most)
        now = self._clock()
        answer = capped(answer, most)  # clients must not keep it longer than we do
        return self.cache.keep(key, answer, ttl, now)

    def _failure(self, key: bytes, reason: str, code: int | None) -> LookupFailed:
        if len(self._failed) >= _FAILURES_KEPT:
            self._failed.clear()
        now = self._clock()
        until, pause = self._failed.get(key, (0.0, 0.0))
        # Doubled only while it keeps failing: one asked again long after its pause begins anew.
        pause = min(_FAILURE_MOST, 2 * pause) if pause and now < until + pause else _FAILURE_FIRST
        self._failed[key] = (now + pause, pause)
        if code is None:
            quiet = reason in ("timeout", "unreachable")
            code = EDE.NETWORK_ERROR if quiet else EDE.NO_REACHABLE_AUTHORITY
        return LookupFailed((code, f"upstream: {reason}"))

    def _count(self, event: str) -> None:
        self._counts.events[event] += 1


def capped(answer: Answer, most: int) -> Answer:
    """Return the answer with no TTL above ``most`` seconds."""
    if all(ttl <= most for _, ttl in answer.ttls):
        return answer
    body = bytearray(answer.body)
    for offset, ttl in answer.ttls:
        body[offset : offset + 4] = min(ttl, most).to_bytes(4)
    ttls = tuple((offset, min(ttl, most)) for offset, ttl in answer.ttls)
    return replace(answer, body=bytes(body), ttls=ttls)
