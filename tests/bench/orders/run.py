"""The run itself: gateways begin, orders go out, what goes amiss goes amiss, receipts are counted.

It must not make or remove anything that the run stands on; that is the caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from operator import sub
from pathlib import Path

from tests.bench.orders import cores
from tests.bench.orders.figures import Found
from tests.bench.orders.gateways import Gateway
from tests.bench.orders.network import Network
from tests.bench.orders.publishing import Partner
from tests.bench.orders.questions import EVERY, Upstream
from tests.bench.orders.receipts import unconfirmed
from tests.bench.orders.trouble import Trouble
from tests.bench.orders.watching import Order, Watch
from tests.bench.processes import Failed, Server
from tests.bench.stage import say

_BEGIN_AT_ONCE = 4
_READY = 180.0
_REPEATS, _REPEAT_AFTER = 20, 1.0
_LOOK = 0.1
_NOT_AN_ORDER = 65_535


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for; times in seconds."""

    gateways: int
    orders: int
    every: float
    trouble: float
    calm: bool
    patience: float
    seed: int
    keep: Path | None


@dataclass
class Run:
    """One run over running namespaces."""

    options: Options
    network: Network
    partner: Partner
    gateways: list[Gateway]
    found: Found
    watches: list[Watch] = field(default_factory=list)

    async def run(self) -> None:
        """Begin the gateways, send the orders, wait for the last, count the receipts."""
        async with self._asking():
            await self._begin()
            self.found.memory = sum(map(_memory, self.gateways))
            await self._disturbed()
            say("waiting for what is missing")
            await self._until(lambda: not any(watch.missing for watch in self.watches))
            self.found.lost = sum(len(watch.missing) for watch in self.watches)
            say("waiting for receipts")
            ids = {f"order-{order.number}" for order in self.found.orders}
            folder, patience = self.partner.publisher.folder, self.options.patience
            self.found.unconfirmed = await unconfirmed(folder, ids, len(self.gateways), patience)

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        upstreams = [Upstream(each.place) for each in self.gateways]
        self.watches = self.found.watches = [Watch(each.place) for each in self.gateways]
        asking = asyncio.create_task(self._ask(), name="clients")
        try:
            yield
        finally:
            asking.cancel()
            for upstream in upstreams:
                upstream.close()
            for watch in self.watches:
                watch.client.close()

    async def _ask(self) -> None:
        turn = 0
        while True:
            turn += 1
            began = time.monotonic()
            for watch in self.watches:
                watch.ask()
                if turn % 10 == 0:
                    watch.client.ask(_NOT_AN_ORDER, "allowed.example")
            took = time.monotonic() - began
            self.found.slowest_turn = max(self.found.slowest_turn, took)
            await asyncio.sleep(max(0.0, EVERY - took))

    async def _begin(self) -> None:
        """Begin all gateways, some at a time, and have each enforce a first order that does not count."""
        first = Order(60_000, "first.bench-orders.example", time.time())
        publisher = self.partner.publisher
        for start in range(0, len(self.gateways), _BEGIN_AT_ONCE):
            say(f"gateways {start} and up")
            for each in self.gateways[start : start + _BEGIN_AT_ONCE]:
                each.follow(publisher)
                each.begin(publisher)
            batch = self.watches[start : start + _BEGIN_AT_ONCE]
            await self._until(partial(_all_answer, batch), "a gateway does not begin")
        for watch in self.watches:
            watch.expect(first)
        await self.partner.order("first", first.name)
        await self._until(
            lambda: not any(watch.missing for watch in self.watches), "the first order is missing"
        )
        for watch in self.watches:
            watch.ways.clear()

    async def _disturbed(self) -> None:
        drawn = random.Random(self.options.seed)
        length = self.options.orders * self.options.every
        pairs = list(zip(self.gateways, self.watches, strict=True))
        publisher = self.partner.publisher
        kills = [length * drawn.uniform(0.3, 0.4), length * drawn.uniform(0.6, 0.7)]
        trouble = Trouble(self.options.trouble, drawn, self.network, publisher, pairs, kills)
        self.found.troubles = trouble.made
        making = None if self.options.calm else asyncio.create_task(trouble.run(), name="trouble")
        await self._order_all(making)
        trouble.enough = True
        if making is not None:
            await making

    async def _order_all(self, making: asyncio.Task[None] | None) -> None:
        before = self._used()
        for number in range(self.options.orders):
            if making is not None and making.done():
                making.result()  # raises what ended it
            began = time.monotonic()
            await self._order(number)
            await asyncio.sleep(max(0.0, self.options.every - (time.monotonic() - began)))
        self.found.seconds, self.found.busy, self.found.own = map(sub, self._used(), before)

    def _used(self) -> tuple[float, float, float]:
        return time.monotonic(), cores.busy(), cores.own()

    async def _order(self, number: int) -> None:
        order = Order(number, f"o{number}.bench-orders.example", time.time())
        for watch in self.watches:
            watch.expect(order)
        self.found.orders.append(order)
        await self._insist(f"order-{number}", order.name)
        order.published = self.partner.publisher.published()
        order.answered = time.time()
        if number % 10 == 9:
            missing = sum(len(watch.missing) for watch in self.watches)
            say(f"{number + 1} orders, {missing} on their way, command {order.answered - order.began:.2f} s")

    async def _insist(self, id: str, name: str) -> None:
        """Order, and as a person would, again when the command says that the publisher is not there."""
        for _ in range(_REPEATS):
            try:
                return await self.partner.order(id, name)
            except Failed as error:
                say(str(error))
                self.found.repeated += 1
                await asyncio.sleep(_REPEAT_AFTER)
        raise Failed(f"{id} cannot be ordered")

    async def _until(self, condition: Callable[[], bool], otherwise: str | None = None) -> None:
        end = time.monotonic() + (_READY if otherwise else self.options.patience)
        while not condition():
            if time.monotonic() > end:
                if otherwise is None:
                    return
                raise Failed(otherwise)
            await asyncio.sleep(_LOOK)


def _all_answer(watches: list[Watch]) -> bool:
    return all(watch.answering.is_set() for watch in watches)


def _memory(each: Gateway) -> int:
    """Return the proportional set size of a gateway's processes, in bytes."""
    return 0 if each.process is None else Server("", 0, each.process, each.log).pss()
