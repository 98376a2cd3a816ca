"""Ends the periods of a gateway's schools: counts become documents in the outbox, and devices are forgotten.

A period's counts leave the open rows in the transaction that puts its document into the outbox, so neither a
kill nor a full disk loses or doubles one. It must not send, and it never holds a device but as a token.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.categories import Category
from schoolguard.feed.model import ListVersion, Span, Standing
from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.standing import reference
from schoolguard.intake.orders.key import KeyUnusable, gateway_key
from schoolguard.node.counting import Counting
from schoolguard.node.devices_seen import DevicesSeen
from schoolguard.node.feed_sending import FeedSending
from schoolguard.node.period_clock import PeriodClock
from schoolguard.node.period_documents import day_bytes, period_bytes, standing_bytes
from schoolguard.node.periods import Acts, service_finder
from schoolguard.node.standing import standings
from schoolguard.resolver.sightings import token_of
from schoolguard.serve.link import Counted, Devices, Period
from schoolguard.settings import Settings
from schoolguard.store.errors import StoreFull, StoreUnusable

KEY = "gateway.key"
SHORTEST = 60
"""Seconds: a period that is shorter when the gateway ends is left open, and goes on when it begins again."""

MOST_UNSENT = 36
"""Documents kept of a school that is not enrolled: three hours, so that people can see what would be sent."""

_CANNOT = (StoreFull, StoreUnusable, KeyUnusable, FeedRefused, OSError)
"""Why a period cannot be ended now; its counts stay open, and the next second tries again."""

_AGAIN = 30.0
_log = logging.getLogger("schoolguard.feed")


@dataclass(frozen=True, slots=True)
class Clocks:
    """``now`` gives Unix seconds, ``steady`` seconds that never jump, ``believed`` whether ``now`` can be."""

    believed: Callable[[], bool]
    now: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


class Feeding:
    """The feed of one gateway.

    ``tell`` sends a fact to every worker; ``acts`` returns what people did between two moments (Unix
    seconds). ``close`` belongs before the store's end.
    """

    def __init__(
        self,
        state: Path,
        counting: Counting,
        tell: Callable[[Period], object],
        acts: Callable[[float, float], Acts],
        clocks: Clocks,
    ) -> None:
        self._state = state
        self._counting = counting
        self._tell = tell
        self._acts = acts
        self._clocks = clocks
        self._started = int(clocks.now())
        self._clock = PeriodClock(state, clocks.now(), clocks.steady())
        self._devices = DevicesSeen()
        self._fact = Period(secrets.token_bytes(32), 1, names=False)
        self._key_since = 1
        self._bits = SystemRandom().getrandbits
        self._settings: Settings | None = None
        self._standings: dict[str, Standing] = {}
        self._leaving: dict[str, Standing] = {}
        self._told: dict[str, str] = {}
        self._unsent: dict[str, deque[int]] | None = None
        self._done: set[tuple[str, str]] = set()
        self._used_up: Mapping[str, int] = {}
        self._failed_at: float | None = None
        self._ending = False
        self._macs: dict[bytes, bytes] = {}
        self.sending = FeedSending(state, counting, clocks.now)

    def now(self) -> Period:
        """Return what a worker that begins must know."""
        return self._fact

    def receive(self, message: Counted, categories: Mapping[int, Category]) -> None:
        """Take the devices that a worker saw; ``categories`` is the table in force, by bit.

        Yesterday's tokens that were on their way at midnight are dropped: they would count a device twice.
        What comes while a period is being closed counts in none: its queries may be of either, and a number
        of devices must not be of more than the queries beside it.
        """
        if message.period >= self._key_since:
            self._devices.add(message.devices, message.names, categories, period=not self._ending)

    def learn(self, devices: Devices) -> None:
        """Take whose an address is: a device counts once, though it asked before its MAC was known."""
        for address in devices.gone:
            self._macs.pop(address, None)
        self._macs.update(devices.found)
        self._know(devices.found)

    def _know(self, found: Mapping[bytes, bytes]) -> None:
        key = self._fact.key
        for address, mac in found.items():
            self._devices.know(token_of(address, key), token_of(mac, key))

    async def configured(self, settings: Settings, lists: Sequence[ListVersion]) -> None:
        """Take the settings and lists that are in force from now on."""
        found = await asyncio.to_thread(standings, settings, lists, self._started)
        # What was counted of a school that is no more here is told at the period's end, with its day.
        former = {**self._leaving, **self._standings}
        self._leaving = {school: standing for school, standing in former.items() if school not in found}
        self._settings, self._standings = settings, found
        self.sending.configured(settings.feed)
        self._look_at_names()
        try:
            await self._counting.store.begin(list(found))
        except (StoreFull, StoreUnusable) as error:
            _log.error("schools are not begun", extra={"problem": str(error)})

    async def run(self) -> None:
        """End periods and days when they are over, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            await self.look()

    async def look(self) -> None:
        """End what is over: the day, else the period."""
        settings, steady = self._settings, self._clocks.steady()
        if settings is None or (self._failed_at is not None and steady - self._failed_at < _AGAIN):
            return
        day_over = self._clock.day_over(self._clocks.now(), steady, believed=self._clocks.believed())
        if not (day_over or self._clock.due(steady, settings.feed.period)):
            self._look_at_names()
            return
        self._ending = True
        try:
            await self._end(settings, day_over=day_over)
            self._failed_at = None
        except _CANNOT as error:
            self._failed_at = steady
            _log.error("the period stays open", extra={"problem": str(error)})
        finally:
            self._ending = False

    async def close(self) -> None:
        """Stop sending, and end the period unless it has just begun."""
        await self.sending.close()
        if self._settings is None or self._clock.seconds(self._clocks.steady()) < SHORTEST:
            return
        try:
            await self._end(self._settings, day_over=False)
        except _CANNOT as error:
            _log.error("the period stays open", extra={"problem": str(error)})

    async def told(self) -> dict[str, Any]:
        """Return what ``schoolguard feed status`` shows of this process."""
        return {
            "ok": True,
            "period-seconds": self._clock.seconds(self._clocks.steady()),
            "period-begin": self._clock.begin,
            "failing": self._failed_at is not None,
            **self.sending.told(),
        }

    async def _end(self, settings: Settings, *, day_over: bool) -> None:
        """End the period of each school, then the day; raises what ``_CANNOT`` names, to go on later."""
        key = await asyncio.to_thread(gateway_key, self._state / KEY)
        await self._counting.store_all()
        leaving, staying = self._leaving, self._standings
        for school, standing in (leaving | staying).items():
            await self._once("period", school, partial(self._end_period, school, standing, settings, key))
        now, steady = self._clocks.now(), self._clocks.steady()
        await self._end_day(leaving | staying if day_over else leaving, settings, key, now)
        self._leaving = {school: each for school, each in self._leaving.items() if school not in leaving}
        if day_over:
            self._used_up = {}
            self._devices.end_day()
            self._told.clear()
            self._clock.next_day(now, steady)
        else:  # at midnight the meter of budgets begins anew, perhaps before this looks at it
            self._used_up = self._acts(self._clock.day_begin, now).budgets_used_up
        self._done.clear()
        self._devices.end_period()
        hashing, number = self._fact.key, self._fact.number + 1
        if day_over:
            hashing, self._key_since = secrets.token_bytes(32), number
        self._begin(Period(hashing, number, self._names()))
        self._ending = False
        if day_over:
            self._know(self._macs)
        self._clock.next_period(now, steady)
        await self._keep_few()
        self.sending.wake()

    async def _once(self, what: str, school: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, unless it was done before the failure that made this the second try."""
        if (what, school) not in self._done:
            await work()
            self._done.add((what, school))

    async def _end_period(
        self, school: str, standing: Standing, settings: Settings, key: Ed25519PrivateKey
    ) -> None:
        rules = settings.feed.rules
        await self._stand(school, standing, key)
        seen = self._devices.period(school)
        sequence = await self._counting.store.close_period(
            school,
            self._span,
            lambda opened: period_bytes(opened, seen, standing, rules, key, self._bits),
        )
        self._note(school, sequence)

    async def _stand(self, school: str, standing: Standing, key: Ed25519PrivateKey) -> None:
        """Tell what changes seldom when it changed, and once a day."""
        name = reference(school, standing)
        if self._told.get(school) == name:
            return
        now, content = int(self._clocks.now()), standing_bytes(school, standing, key)
        self._note(school, await self._counting.store.post(school, now, now, lambda _: content))
        self._told[school] = name

    async def _end_day(
        self, schools: Mapping[str, Standing], settings: Settings, key: Ed25519PrivateKey, now: float
    ) -> None:
        clock, devices, rules = self._clock, self._devices, settings.feed.rules
        end = clock.day_end(now)
        begin = min(clock.day_begin, end)
        seconds, believed = clock.day_seconds(self._clocks.steady()), self._clocks.believed()
        acts = Acts(self._acts(begin, end).passes, self._used_up)
        service_of = service_finder((id, each.names) for id, each in settings.services.items())

        async def post(school: str, standing: Standing) -> None:
            def content(sequence: int) -> bytes:
                span = Span(sequence, begin, end, seconds, believed)
                return day_bytes(school, span, devices, acts, service_of, standing, rules, key, self._bits)

            self._note(school, await self._counting.store.post(school, begin, end, content))

        for school, standing in schools.items():
            await self._once("day", school, partial(post, school, standing))

    def _span(self, sequence: int) -> Span:
        end, seconds = int(self._clocks.now()), self._clock.seconds(self._clocks.steady())
        begin = self._clock.begin if self._clock.begin <= end else max(end - seconds, 0)
        return Span(sequence, begin, end, seconds, self._clocks.believed())

    def _names(self) -> bool:
        """Return whether blocked names are noted: only where somebody may be told of them."""
        return self.sending.enrolled_schools is not None

    def _look_at_names(self) -> None:
        """Tell workers when the first school was enrolled."""
        if self._names() != self._fact.names:
            self._begin(Period(self._fact.key, self._fact.number, self._names()))

    def _begin(self, fact: Period) -> None:
        self._fact = fact
        self._tell(fact)

    def _note(self, school: str, sequence: int) -> None:
        if self._unsent is not None:
            self._unsent.setdefault(school, deque()).append(sequence)

    async def _keep_few(self) -> None:
        """Drop old documents of schools that nobody enrolled: nobody waits for them."""
        enrolled = self.sending.awaited_schools
        if enrolled is None:
            return
        if self._unsent is None:
            self._unsent = {}
            if set(self._standings) - enrolled:
                for waiting in await self._counting.store.outbox(5_000):
                    self._note(waiting.school, waiting.sequence)
        for school, sequences in self._unsent.items():
            if school in enrolled:
                sequences.clear()
            while len(sequences) > MOST_UNSENT:
                await self._counting.store.acknowledged(school, sequences[0], self._clocks.now())
                sequences.popleft()
