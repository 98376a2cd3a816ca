"""What goes amiss during the run: gateways and the publisher are killed, lines are cut, all for a while."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.bench.orders.gateways import Gateway
from tests.bench.orders.network import Network
from tests.bench.orders.publishing import Publisher
from tests.bench.orders.watching import CUT, PUBLISHER, RESTART, Disturbance, Watch

_CUT = (5.0, 20.0)
_DOWN = (0.2, 3.0)


@dataclass
class Trouble:
    """Makes trouble every ``every`` seconds, with one gateway at a time or the publisher."""

    every: float
    drawn: random.Random
    network: Network
    publisher: Publisher
    gateways: list[tuple[Gateway, Watch]]
    kills_of_publisher: list[float]
    made: Counter[str] = field(default_factory=Counter)
    enough: bool = False

    async def run(self) -> None:
        """Begin one trouble after the other, until ``enough``, and return when all have ended."""
        async with asyncio.TaskGroup() as tasks:
            for after in self.kills_of_publisher:
                tasks.create_task(self._kill_publisher(after))
            for kind in itertools.cycle((self._kill, self._cut)):
                await asyncio.sleep(self.every * self.drawn.uniform(0.5, 1.5))
                if self.enough:
                    break
                if calm := [each for each in self.gateways if not each[1].amiss]:
                    tasks.create_task(kind(*self.drawn.choice(calm)))

    async def _kill(self, gateway: Gateway, watch: Watch) -> None:
        self.made[RESTART] += 1
        watch.disturb(Disturbance(RESTART))
        gateway.kill()
        await asyncio.sleep(self.drawn.uniform(*_DOWN))
        watch.answering.clear()
        gateway.begin(self.publisher)
        await watch.answering.wait()
        watch.calm()

    async def _cut(self, gateway: Gateway, watch: Watch) -> None:
        self.made[CUT] += 1
        watch.disturb(Disturbance(CUT))
        self.network.cut(gateway.place)
        await asyncio.sleep(self.drawn.uniform(*_CUT))
        self.network.join(gateway.place)
        watch.calm()

    async def _kill_publisher(self, after: float) -> None:
        await asyncio.sleep(after)
        self.made[PUBLISHER] += 1
        disturbance = Disturbance(PUBLISHER)
        calm = [watch for _, watch in self.gateways if not watch.amiss]
        for watch in calm:
            watch.disturb(disturbance)
        self.publisher.kill()
        await asyncio.to_thread(self.publisher.serve)
        disturbance.ended = time.time()
        for watch in calm:
            if watch.amiss is disturbance:
                watch.calm()
