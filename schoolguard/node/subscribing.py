"""Public lists that this gateway fetches itself: kept up to date, judged, their age watched.

It must not compile or put anything in force: it says when the lists are to be compiled anew, and is told what
is in force. Nothing that goes wrong here touches what is answered to pupils.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.judging import Judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.intake.subscriptions.runner import Fetched, Subscriptions
from schoolguard.language import N_, Said
from schoolguard.node.commands import Arguments, Command, Taking
from schoolguard.node.compiling import Layers
from schoolguard.node.exports import RETRY_SECONDS, until
from schoolguard.node.fetch_commands import chosen, fetched_members
from schoolguard.node.subscribed_judge import judge_for
from schoolguard.node.subscribed_metrics import SubscribedCollector, SubscribedStates
from schoolguard.settings import Settings

FIRST_SECONDS = 60.0
"""How long the very first lists may wait for those to be fetched: until then every query gets SERVFAIL."""
LOOK_SECONDS = 300.0
"""Seconds between looks at the lists' ages."""

_ARGUMENTS = N_("`ids` is a list of list ids, `agreed` is true or false")

T = TypeVar("T")
_log = logging.getLogger("schoolguard.subscriptions")


class Subscribing:
    """Keeps the lists as configured.

    ``recompile`` is awaited when a list changed, once for all that changed meanwhile, and not before anything
    is in force; it returns why it could not be done now. ``layers`` returns the gateway's own lists in force.
    ``drawn`` gives random numbers from 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        recompile: Callable[[], Awaitable[Said | None]],
        layers: Callable[[], Layers | None],
        *,
        clock: Callable[[], float] = time.time,
        drawn: Callable[[], float] = random.random,
        line: Line | None = None,
    ) -> None:
        self._settings, self._recompile, self._layers = settings, recompile, layers
        self._clock, self._drawn, self._line = clock, drawn, line or Line()
        self._anew, self._begun, self._stale = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._alarmed: frozenset[str] = frozenset()
        self._fetch_anew()

    async def run(self) -> None:
        """Fetch, have compiled and watch ages until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self._follow, self._renew, self._watch):
                group.create_task(work(), name=f"subscriptions: {work.__name__}")

    async def before(self, work: Callable[[], Awaitable[T]], seconds: float = FIRST_SECONDS) -> T:
        """Do work when each list that never came was asked for once, at the latest after ``seconds``."""
        missing = {list_id for list_id, state in self._kept.states.items() if not state.sha256}
        try:
            async with asyncio.timeout(seconds):
                await self._kept.asked_for(missing)
        except TimeoutError:
            late = sorted(missing - set(self._kept.rounds))
            _log.warning("not all lists came in time", extra={"lists": late})
        return await work()

    def in_force(self, settings: Settings) -> None:
        """Take the settings in force from now on."""
        former, self._settings = self._settings, settings
        if settings.subscriptions.lists != former.subscriptions.lists:
            self._anew.set()
        self._begun.set()

    @property
    def collector(self) -> SubscribedCollector:
        """What shows how the lists stand as metrics."""
        return SubscribedCollector(lambda: self.states)

    @property
    def states(self) -> SubscribedStates:
        """How all lists stand now."""
        return SubscribedStates(
            self._kept.wanted, self._kept.states, self._failed + self._kept.failed, self._clock()
        )

    def told(self) -> Mapping[str, Any]:
        """Return what ``schoolguard status`` shows."""
        return {"lists_fetched": len(self._kept.wanted), "lists_too_old": sorted(self.states.too_old)}

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name, for ``CommandServer``."""
        return {"lists-fetch": Taking(self.fetch)}

    async def fetch(self, arguments: Arguments) -> dict[str, Any]:
        """Fetch lists now, have what changed compiled, and say what became of each; raises ``Said``."""
        ids, agreed = arguments.get("ids", []), arguments.get("agreed", False)
        if not isinstance(ids, list) or not isinstance(agreed, bool):
            raise Said(_ARGUMENTS)
        wanted = chosen(tuple(self._kept.wanted.values()), [str(each) for each in ids])
        rounds = await self._kept.fetch([each.id for each in wanted], agreed=agreed)
        problem = None
        if any(each.changed for each in rounds):
            problem = await self._recompile()
            if problem is not None:
                self._stale.set()
        return {"ok": True, "problem": problem, "lists": self._members(rounds)}

    def _members(self, rounds: tuple[Fetched, ...]) -> list[dict[str, Any]]:
        layers = self._layers()
        in_force = {each["id"]: each for each in layers.told()} if layers is not None else {}
        return [
            each | {"in_force": in_force.get(each["id"])} for each in fetched_members(rounds, self._clock())
        ]

    def _fetch_anew(self) -> None:
        self._kept = Subscriptions(
            self._settings.subscriptions.lists,
            KeptLists(self._settings.paths.subscriptions),
            self._judge,
            lambda _ids: self._stale.set(),
            clock=self._clock,
            drawn=self._drawn,
            line=self._line,
        )
        self._kept.look()

    async def _judge(self, wanted: Subscription, path: Path, agreed: bool) -> Judged:
        layers = self._layers()
        in_force = () if layers is None else layers.paths
        return await judge_for(self._settings, in_force, wanted, path, agreed=agreed)

    async def _follow(self) -> None:
        while True:
            try:
                await until(self._anew, self._kept.run())
            except OSError as error:
                _log.error("lists cannot be kept", extra={"problem": str(error)})
                await asyncio.sleep(RETRY_SECONDS)
            self._failed += self._kept.failed
            self._fetch_anew()

    async def _renew(self) -> None:
        await self._begun.wait()
        while True:
            await self._stale.wait()
            self._stale.clear()
            if await self._recompile() is not None:
                await asyncio.sleep(RETRY_SECONDS)
                self._stale.set()

    async def _watch(self) -> None:
        while True:
            too_old = self.states.too_old
            for list_id in sorted(too_old - self._alarmed):
                _log.error("list too old, its last good copy stays", extra={"list": list_id})
            self._alarmed = too_old
            await asyncio.sleep(LOOK_SECONDS)
