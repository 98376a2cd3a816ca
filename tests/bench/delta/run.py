"""The run itself: all lists come to a gateway, then, under load, the changes of a day.

It must not make or remove anything that the run stands on; that is the caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from schoolguard.hub.rollout.state import State, read_state
from schoolguard.hub.rollout.versions import current
from schoolguard.hub.service.rolling import STATE
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.rollout.stages import Stage
from tests.bench.delta.figures import Found
from tests.bench.delta.names import Days
from tests.bench.delta.sampling import Samples, carried
from tests.bench.lifecycle import percentile
from tests.bench.load import Load, Outcome, Recorded, send
from tests.bench.orders.gateways import Gateway
from tests.bench.orders.publishing import Partner
from tests.bench.orders.questions import DNS, Upstream
from tests.bench.processes import Failed, tree
from tests.bench.stage import Questions, say

_FIRST, _LATER = 900.0, 300.0
_QUIET, _AFTER, _LONGEST = 10.0, 2.0, 600.0
_SETTLED = 3.0
"""So long the publisher makes nothing before it counts as idle."""
_PUBLISHED = b'"layers published"'


@dataclass
class Run:
    """One run over a running publisher; ``rate`` is in queries a second."""

    partner: Partner
    gateway: Gateway
    days: Days
    questions: Questions
    rate: int
    found: Found

    async def run(self) -> None:
        """Push everything, begin the gateway, load it, push the changes."""
        upstream, samples = Upstream(self.gateway.place), Samples(self.gateway.place)
        try:
            for each in self.days.lists:
                say(f"pushing {each.id}")
                await self.partner.push(each.file, each.id, each.category)
            await self._first(samples)
            say("warming the cache")
            await asyncio.to_thread(self._send, Load(self.questions.every, None))
            await self._day(samples)
        finally:
            samples.close()
            upstream.close()

    async def _first(self, samples: Samples) -> None:
        say("waiting until the publisher has compiled all")
        await self._settled()
        say("beginning the gateway")
        began = time.time()
        self.gateway.follow(self.partner.publisher)
        self.gateway.begin(self.partner.publisher)
        known = dict.fromkeys((*self.days.witnesses, *self.days.removed), True)
        enforced = await samples.until(known | dict.fromkeys(self.days.added, False), _FIRST)
        self.found.first, self.found.first_bytes = enforced - began, carried(self.gateway.place)

    async def _settled(self) -> None:
        """Wait until every list is in the layers and none is being made."""
        end = time.monotonic() + _FIRST
        busy = time.monotonic()
        while time.monotonic() < busy + _SETTLED:
            if time.monotonic() > end:
                raise Failed(f"the publisher does not publish its layers; see {self._log}")
            if self._making():
                busy = time.monotonic()
            await asyncio.sleep(0.1)

    async def _day(self, samples: Samples) -> None:
        published = self._log.read_bytes().count(_PUBLISHED)
        quiet, (latencies,) = await self._loaded("quiet", asyncio.sleep(_QUIET))
        self.found.quiet = percentile(latencies)
        say("pushing the changes")
        began, tomorrow = time.time(), self.days.tomorrow
        await self.partner.push(tomorrow.file, tomorrow.id, tomorrow.category, "--delta")
        say("waiting until they are enforced")
        # The load begins only now: it would keep the partner, who shares a core with it, from its work.
        outcome, (latencies,) = await self._loaded("day", self._enforced(samples, published, began))
        self.found.installing = percentile(latencies)
        self.found.sent, self.found.lost = outcome.sent + quiet.sent, outcome.lost + quiet.lost
        self.found.delta, self.found.complete = self._delta(began), True

    async def _enforced(self, samples: Samples, published: int, began: float) -> tuple[float, float]:
        """Wait until the changes are enforced; return when what is measured began, and its end."""
        wanted = dict.fromkeys(self.days.added, True) | dict.fromkeys(self.days.removed, False)
        before, place = carried(self.gateway.place), self.gateway.place
        made = await self._until(lambda: self._log.read_bytes().count(_PUBLISHED) > published)
        enforced = await samples.until(wanted, _LATER)
        await asyncio.sleep(_AFTER)
        self.found.line = carried(place) - before
        self.found.made, self.found.enforced = made - began, enforced - made
        return made, time.time()

    async def _loaded(
        self, name: str, step: Awaitable[tuple[float, float] | None]
    ) -> tuple[Outcome, list[list[float]]]:
        """Do a step under load; return how the load went, with the latencies of the time the step names."""
        recorded = Recorded(
            Load(self.questions.zipf, _LONGEST, self.rate), DNS[1], self.gateway.site.folder, name
        )
        with contextlib.ExitStack() as running:
            with self.gateway.place.inside():
                running.enter_context(recorded)
            times = await step
            recorded.hold(0.0)
            outcome, latencies = await asyncio.to_thread(recorded.finish)
        return outcome, latencies if times is None else [recorded.between(latencies, *times)]

    async def _until(self, condition: Callable[[], bool]) -> float:
        end = time.monotonic() + _LATER
        while not condition():
            if time.monotonic() > end:
                raise Failed(f"the publisher does not publish the changes; see {self._log}")
            await asyncio.sleep(0.02)
        return time.time()

    def _send(self, load: Load) -> None:
        with self.gateway.place.inside():
            send(load, DNS[1])

    @property
    def _log(self) -> Path:
        return self.partner.publisher.folder / "hub.log"

    def _making(self) -> bool:
        folder, process = self.partner.publisher.folder, self.partner.publisher.process
        state = read_state(folder / STATE) or State()
        version = current(state.versions, Stage.ALL)
        whole = version is not None and len(version.contents) == len(self.days.lists)
        return not whole or (process is not None and len(tree(process.pid)) > 1)

    def _delta(self, since: float) -> int:
        """Return the bytes of the smallest layer that was published since: a base may come with it."""
        served = Repository(self.partner.publisher.folder).served
        layers = [path.stat() for path in served.glob("targets/layers/*.zst")]
        return min(layer.st_size for layer in layers if layer.st_mtime >= since)
