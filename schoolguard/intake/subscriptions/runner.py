"""Keeps all subscriptions: fetches what is due, a few at a time, and tells which lists changed.

It must not compile or judge. When a list is asked for is spread by chance, or all schools would ask in one
second.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.fetch import fetch, note_failure
from schoolguard.intake.subscriptions.judging import Judge
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


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one round did to a list: how it stands now, whether it changed, why it was refused."""

    id: str
    state: SubscriptionState
    changed: bool
    refusal: FetchRefused | None


class Subscriptions:
    """Run it with ``run``; ``changed`` is told the ids of lists with new content, once for each batch.

    ``clock`` gives Unix seconds, ``drawn`` random numbers from 0 to 1. ``failed`` counts rounds by list and
    reason.
    """

    def __init__(
        self,
        wanted: Sequence[Subscription],
        kept: KeptLists,
        judge: Judge,
        changed: Changed,
        *,
        clock: Callable[[], float],
        drawn: Callable[[], float],
        line: Line | None = None,
    ) -> None:
        self._wanted = {each.id: each for each in wanted}
        self._kept = kept
        self._judge = judge
        self._changed = changed
        self._clock = clock
        self._drawn = drawn
        self._line = line or Line()
        self._gate = asyncio.Semaphore(self._line.limits.together)
        self._due: dict[str, float] = {}
        self._asked: set[str] = set()
        self._kicked = asyncio.Event()
        self._states: dict[str, SubscriptionState] = {}
        self._busy = {list_id: asyncio.Lock() for list_id in self._wanted}
        self.rounds: Counter[str] = Counter()
        self._rounded = asyncio.Event()
        self.failed: Counter[tuple[str, str]] = Counter()

    @property
    def wanted(self) -> Mapping[str, Subscription]:
        """The lists by id."""
        return self._wanted

    @property
    def states(self) -> Mapping[str, SubscriptionState]:
        """How each list stands, after ``prepare`` or ``look``."""
        return self._states

    def prepare(self) -> None:
        """Make the folder and read how the lists stand; raises ``OSError``."""
        self._kept.prepare()
        self.look()

    def look(self) -> None:
        """Read how the lists stand."""
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
            due = tuple(each for each, time in self._due.items() if time <= now or each in self._asked)
            self._asked -= set(due)
            if due:
                changed = tuple(each.id for each in await self.fetch(due) if each.changed)
                if changed:
                    self._changed(changed)

    def fetch_soon(self, list_id: str) -> None:
        """Let a list be due at once; raises ``KeyError`` for one that is not wanted."""
        # Not by its time: a round that is on its way sets that anew when it ends.
        self._asked.add(self._wanted[list_id].id)
        self._kicked.set()

    async def fetch(self, ids: Sequence[str], *, agreed: bool = False) -> tuple[Fetched, ...]:
        """Fetch some lists now and return what became of each; ``agreed``: a person agreed to what is held.

        Whoever asks learns what changed; ``changed`` is not told.
        """
        return tuple(await asyncio.gather(*(self._round(list_id, agreed=agreed) for list_id in ids)))

    async def asked_for(self, ids: Set[str]) -> None:
        """Wait until there was a round for each of some lists, whatever came of it."""
        while not ids <= self.rounds.keys():
            self._rounded.clear()
            await self._rounded.wait()

    async def _round(self, list_id: str, *, agreed: bool) -> Fetched:
        wanted = self._wanted[list_id]
        async with self._busy[list_id], self._gate:
            before, refusal = self._states[list_id].sha256, None
            try:
                state = await fetch(wanted, self._kept, self._line, self._judge, self._clock(), agreed=agreed)
            except FetchRefused as error:
                refusal = error
                self._failed(wanted, error)
            else:
                self._done(wanted, state)
            self.rounds[list_id] += 1
            self._rounded.set()
            state = self._states[list_id]
        return Fetched(list_id, state, state.sha256 != before, refusal)

    def _done(self, wanted: Subscription, state: SubscriptionState) -> None:
        self._states[wanted.id] = state
        self._due[wanted.id] = self._clock() + wanted.refresh * (0.9 + 0.2 * self._drawn())
        extra = {"list": wanted.id, "bytes": state.size, "sha256": state.sha256, "left_out": state.left_out}
        _log.info("list fetched", extra=extra)

    def _failed(self, wanted: Subscription, refusal: FetchRefused) -> None:
        now = self._clock()
        self.failed[wanted.id, refusal.reason] += 1
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
        if state.origin != wanted.origin and not state.failures:
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
        wait = 0.0 if self._asked else min(max(soonest - self._clock(), 0.0), _LONGEST_SLEEP)
        try:
            async with asyncio.timeout(wait):
                await self._kicked.wait()
        except TimeoutError:
            return
