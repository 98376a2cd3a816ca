"""Keeps all subscriptions: fetches what is due, a few at a time, and tells which lists changed.

It must not compile. When a list is asked for is spread by chance, or all schools would ask in one second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.fetch import fetch, note_failure
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import FetchRefused, Subscription, SubscriptionState

FIRST_WAIT = 60.0
"""Seconds after a first failure; doubled with each further one, up to the list's own ``refresh``."""
START_SPREAD = 300.0
"""Seconds over which lists that became due while the gateway was off are spread."""
NEW_SPREAD = 5.0
_LONGEST_SLEEP = 3_600.0
"""The clock may be set at any time, so nobody sleeps longer than this by the clock of before."""

_log = logging.getLogger("schoolguard.subscriptions")

Changed = Callable[[tuple[str, ...]], None]


class Subscriptions:
    """Run it with ``run``; ``changed`` is told the ids of lists with new content, once for each batch.

    ``clock`` gives Unix seconds, ``drawn`` random numbers from 0 to 1.
    """

    def __init__(
        self,
        wanted: Sequence[Subscription],
        kept: KeptLists,
        changed: Changed,
        *,
        clock: Callable[[], float],
        drawn: Callable[[], float],
        line: Line | None = None,
    ) -> None:
        self._wanted = {each.id: each for each in wanted}
        self._kept = kept
        self._changed = changed
        self._clock = clock
        self._drawn = drawn
        self._line = line or Line()
        self._gate = asyncio.Semaphore(self._line.limits.together)
        self._due: dict[str, float] = {}
        self._kicked = asyncio.Event()
        self._states: dict[str, SubscriptionState] = {}

    @property
    def states(self) -> Mapping[str, SubscriptionState]:
        """How each list stands, after ``prepare``."""
        return self._states

    def prepare(self) -> None:
        """Make the folder and read how the lists stand; raises ``OSError``."""
        self._kept.prepare()
        now = self._clock()
        for list_id, each in self._wanted.items():
            state = self._states[list_id] = self._kept.state(list_id)
            self._due[list_id] = self._first(each, state, now)

    async def run(self) -> None:
        """Keep the lists until cancelled; raises ``OSError`` when the folder cannot be made."""
        self.prepare()
        self._kept.clear(self._wanted)
        while True:
            await self._sleep()
            now = self._clock()
            due = tuple(list_id for list_id, time in self._due.items() if time <= now)
            if due:
                await self.fetch(due)

    def fetch_soon(self, list_id: str) -> None:
        """Let a list be due at once; raises ``KeyError`` for one that is not wanted."""
        self._due[self._wanted[list_id].id] = self._clock()
        self._kicked.set()

    async def fetch(self, ids: Sequence[str]) -> dict[str, FetchRefused | None]:
        """Fetch some lists now and tell ``changed``; return why each was refused, None when it was not."""
        before = {list_id: self._states[list_id].sha256 for list_id in ids}
        refusals = dict(zip(ids, await asyncio.gather(*map(self._round, ids)), strict=True))
        changed = tuple(each for each in ids if self._states[each].sha256 != before[each])
        if changed:
            self._changed(changed)
        return refusals

    async def _round(self, list_id: str) -> FetchRefused | None:
        wanted = self._wanted[list_id]
        async with self._gate:
            try:
                state = await fetch(wanted, self._kept, self._line, self._clock())
            except FetchRefused as error:
                self._failed(wanted, error)
                return error
        self._states[list_id] = state
        self._due[list_id] = self._clock() + wanted.refresh * (0.9 + 0.2 * self._drawn())
        _log.info("list fetched", extra={"list": list_id, "bytes": state.size, "sha256": state.sha256})
        return None

    def _failed(self, wanted: Subscription, refusal: FetchRefused) -> None:
        now = self._clock()
        extra = {"list": wanted.id, "reason": refusal.reason, "problem": str(refusal)}
        _log.warning("list not fetched", extra=extra)
        try:
            state = note_failure(wanted, self._kept, refusal, now)
        except OSError as error:
            _log.error("state of a list cannot be written", extra={"list": wanted.id, "problem": str(error)})
            state = self._states[wanted.id]
        self._states[wanted.id] = state
        self._due[wanted.id] = now + self._wait(wanted, state)

    def _wait(self, wanted: Subscription, state: SubscriptionState) -> float:
        doubled: float = FIRST_WAIT * 2.0 ** min(max(state.failures - 1, 0), 20)
        return max(min(doubled, wanted.refresh), state.wait) * (0.75 + 0.5 * self._drawn())

    def _first(self, wanted: Subscription, state: SubscriptionState, now: float) -> float:
        if not state.sha256 and not state.failures:
            return now + NEW_SPREAD * self._drawn()
        if state.failures:
            due = state.tried + self._wait(wanted, state)
        else:
            due = state.checked + wanted.refresh * (0.9 + 0.2 * self._drawn())
        # A clock that was once wrong must not keep a list from being asked for.
        due = min(due, now + wanted.refresh * 1.1)
        return max(due, now + START_SPREAD * self._drawn())

    async def _sleep(self) -> None:
        self._kicked.clear()
        soonest = min(self._due.values(), default=self._clock() + _LONGEST_SLEEP)
        wait = min(max(soonest - self._clock(), 0.0), _LONGEST_SLEEP)
        try:
            async with asyncio.timeout(wait):
                await self._kicked.wait()
        except TimeoutError:
            return
