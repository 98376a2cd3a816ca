"""Lists on their way, on one gateway: judged on the names asked here before they are enforced, and watched
after.

It must not enforce anything, and nothing waits for it. What leaves is counts, signed; the names that they
are of stay here, for ``schoolguard province preview``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp

from schoolguard import __version__
from schoolguard.intake.model import Publisher
from schoolguard.intake.orders.key import KeptKey
from schoolguard.intake.rollout.report import Effect, ListCount, Preview, Rate, Report, sign
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.limits import Pace
from schoolguard.intake.trust.web import WebSource, session
from schoolguard.node.following_faults import NOT_TAKEN
from schoolguard.node.province_chain import Layer, layers_of, stages_of
from schoolguard.node.province_kept import Installed
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.province_trust import ProvinceTrust
from schoolguard.node.rollout_candidate import candidate, judge
from schoolguard.node.rollout_memory import Memory, Switch, read_memory, write_memory
from schoolguard.node.rollout_sending import REPORTS, send_report
from schoolguard.settings import Settings

LOOK = 2.0
AGAIN = 60.0
"""Seconds after which what failed is tried again; new lists are looked at at once."""
WATCHED = 3 * 86_400.0
"""Seconds after other layers came within which the publisher is told how much is blocked."""

_log = logging.getLogger("schoolguard.publisher")


class Rollout:
    """One gateway's part; ``counters`` are all queries so far and those that lists blocked."""

    def __init__(
        self,
        publisher: Publisher,
        settings: Settings,
        counters: Callable[[], Rate],
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._publisher = publisher
        self._counters = counters
        self._clock = clock
        state = settings.paths.state
        self._folder = state / "province"
        self._layers = ProvinceLayers(self._folder / "layers")
        self._trust = ProvinceTrust(self._folder / "trust", publisher.root)
        self._key = KeptKey(state / "gateway.key")
        self._path = self._folder / "rollout.json"
        self._memory = read_memory(self._path)
        self._mark: tuple[int, ...] = ()
        self._failed = 0.0

    @property
    def previews(self) -> tuple[dict[str, Any], ...]:
        """What was judged here, with names; for this school's eyes only."""
        return self._memory.previews

    async def run(self) -> None:
        """Judge and watch, until cancelled."""
        self._memory = self._with(rates=self._memory.rates.begun(self._counters(), self._clock()))
        async with session() as http:
            while True:
                try:
                    await self._look(http)
                except NOT_TAKEN as error:
                    _log.error("lists on their way: not judged or told", extra={"problem": str(error)})
                    self._failed = self._clock()
                await asyncio.sleep(LOOK)

    async def _look(self, http: aiohttp.ClientSession) -> None:
        now = self._clock()
        installed = await asyncio.to_thread(self._layers.installed)
        if installed is not None:
            self._notice_switch(installed.state, now)
        ended = now - self._memory.rates.start >= self._publisher.report_every
        if ended:
            self._remember(self._with(rates=self._memory.rates.ended(self._counters(), now)))
        mark = self._present_mark()
        again = bool(self._failed) and now - self._failed >= AGAIN
        if installed is not None and (mark != self._mark or ended or again):
            self._mark, self._failed = mark, 0.0
            await self._judge_all(http, installed)
            if ended:
                await self._tell_effect(http, now)

    def _notice_switch(self, state: str, now: float) -> None:
        switch = self._memory.switch
        if switch.state == state:
            return
        rates = self._memory.rates.ended(self._counters(), now)  # what follows is after, not before
        self._remember(self._with(switch=Switch(state, switch.state, now), rates=rates))

    async def _judge_all(self, http: aiohttp.ClientSession, installed: Installed) -> None:
        client = self._client(http)
        layers = layers_of(await asyncio.to_thread(client.targets))
        stages = stages_of(layers) if layers else None
        coming = () if stages is None else (stages.shadow, stages.canary)
        states = [state for state in dict.fromkeys(coming) if state and state != installed.state]
        pairs = {(state, installed.state) for state in states}
        kept = tuple(each for each in self._memory.previews if (each["state"], each["former"]) in pairs)
        if kept != self._memory.previews:
            self._remember(self._with(previews=kept))
        for state in states:
            await self._judge(client, layers, state, installed)
            await self._tell_preview(http, state, installed.state)

    async def _judge(
        self, client: Client, layers: tuple[Layer, ...], state: str, installed: Installed
    ) -> None:
        known = self._preview_of(state, installed.state)
        if known is not None and known["asked"]:
            return
        settings = self.settings
        former = self._layers.paths(installed)
        place = self._folder / "candidate"
        async with candidate(place, layers, client, state, installed, self._layers) as new:
            found = await judge(settings, former, new)
        found |= {"state": state, "former": installed.state, "judged": self._clock()}
        others = [each for each in self._memory.previews if each["state"] != state]
        self._remember(self._with(previews=(*others, found)))

    async def _tell_preview(self, http: aiohttp.ClientSession, state: str, former: str) -> None:
        found = self._preview_of(state, former)
        if found is None or not found["asked"] or (state, former) in self._memory.told:
            return  # a gateway that nobody asked anything has no word on it
        lists = tuple(ListCount(*each) for each in found["lists"])
        counts = (found["asked"], found["blocked"], found["opened"], found["learning"])
        if await self._tell(http, preview=Preview(state, former, *counts, lists)):
            self._remember(self._with(told=(*self._memory.told, (state, former))))

    async def _tell_effect(self, http: aiohttp.ClientSession, now: float) -> None:
        switch, rates = self._memory.switch, self._memory.rates
        after, before = rates.after(switch.since), rates.before(switch.since)
        if not switch.former or now - switch.since > WATCHED or not after.queries:
            return
        await self._tell(http, effect=Effect(switch.state, switch.former, int(switch.since), after, before))

    async def _tell(
        self, http: aiohttp.ClientSession, *, preview: Preview | None = None, effect: Effect | None = None
    ) -> bool:
        """Return whether there is a publisher to tell, who has it now; raises ``ReportNotSent``."""
        if self._publisher.url is None:
            return False
        now = self._clock()
        number = self._memory.next_number(now)
        self._remember(self._with(number=number))
        key = self._key.now()
        public = key.public_key().public_bytes_raw().hex()
        report = Report(public, number, int(now), f"schoolguard {__version__}", preview, effect)
        await send_report(http, f"{self._publisher.url}/{REPORTS}", sign(report, key))
        return True

    def _client(self, http: aiohttp.ClientSession) -> Client:
        publisher = self._publisher
        if publisher.url is not None:
            return Client(self._trust.store, WebSource(http, publisher.url, Pace()))
        return Client(self._trust.store, FolderSource(publisher.folder or self._folder, carried=True))

    def _preview_of(self, state: str, former: str) -> dict[str, Any] | None:
        pair = (state, former)
        return next((e for e in self._memory.previews if (e["state"], e["former"]) == pair), None)

    def _present_mark(self) -> tuple[int, ...]:
        files = (self._trust.store.folder / "trusted.json", self._folder / "layers" / "current.json")
        return tuple(path.stat().st_mtime_ns for path in files if path.is_file())

    def _with(self, **changes: Any) -> Memory:
        return replace(self._memory, **changes)

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        write_memory(self._path, memory)
