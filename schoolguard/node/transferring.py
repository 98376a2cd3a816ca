"""Zone transfer of one gateway: zones kept from primaries, tiers served to other resolvers.

It must not compile or put anything in force: it says when the lists are to be compiled anew, and is told what
is in force. Nothing that goes wrong here touches what is answered to pupils.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

from schoolguard.intake.transfer.following import Following
from schoolguard.intake.transfer.model import Address, ZoneState
from schoolguard.intake.transfer.notify import Notices, NotifyListener
from schoolguard.node.commands import Command, Taking
from schoolguard.node.exports import RETRY_SECONDS, Exports, until
from schoolguard.node.transfer_metrics import TransferCollector, TransferStates
from schoolguard.serve.link import Orders
from schoolguard.settings import Settings

FIRST_SECONDS = 60.0
"""How long the very first lists may wait for zones: until then every query gets SERVFAIL."""

T = TypeVar("T")
_log = logging.getLogger("schoolguard.transfer")


class Transferring:
    """Follows and serves zones as configured.

    ``recompile`` is awaited when a zone changed, once for all that changed meanwhile, and not before anything
    is in force; it returns whether it could be done now. ``orders`` returns those in force now, for the
    exports. ``drawn`` gives random numbers from 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        recompile: Callable[[], Awaitable[bool]],
        orders: Callable[[], Orders],
        *,
        clock: Callable[[], float] = time.time,
        drawn: Callable[[], float] = random.random,
    ) -> None:
        self._folder, self._settings = settings.paths.transfers, settings.transfers
        self._recompile, self._orders, self._clock, self._drawn = recompile, orders, clock, drawn
        self._exports = Exports(settings.paths.exports, settings.transfers, orders, clock)
        self._followed_anew, self._asked = asyncio.Event(), asyncio.Event()
        self._begun, self._stale = asyncio.Event(), asyncio.Event()
        self._rounds: set[str] = set()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._heard: Counter[str] = Counter()
        self._deaf: dict[Address, str] = {}
        self._follow_anew()

    async def run(self) -> None:
        """Follow, serve and export until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self._follow, self._renew, self._exports.serve, self._exports.write):
                group.create_task(work(), name=f"transfer: {work.__name__}")

    async def before(self, work: Callable[[], Awaitable[T]], seconds: float = FIRST_SECONDS) -> T:
        """Do work when it was asked for each zone that never came, at the latest after ``seconds``."""
        missing = {state.id for state in self._following.states if state.serial is None}
        try:
            async with asyncio.timeout(seconds):
                while not missing <= self._rounds:
                    self._asked.clear()
                    await self._asked.wait()
        except TimeoutError:
            _log.warning("not all zones came in time", extra={"zones": sorted(missing - self._rounds)})
        return await work()

    def in_force(self, settings: Settings, layers: tuple[str, ...]) -> None:
        """Take what is in force from now on: settings, and snapshot files, bottom first."""
        former, new = self._settings, settings.transfers
        self._settings = new
        if (new.transfers, new.notify_listen) != (former.transfers, former.notify_listen):
            self._followed_anew.set()
        self._exports.in_force(new, layers)
        self._begun.set()

    @property
    def collector(self) -> TransferCollector:
        """What shows ``states`` as metrics."""
        return TransferCollector(lambda: self.states)

    @property
    def states(self) -> TransferStates:
        """How all of it stands now."""
        exports = self._exports
        return TransferStates(
            self._following.states,
            exports.states,
            self._failed,
            self._heard + self._following.notices.counts,
            exports.replies,
            {_place(each): problem for each, problem in (self._deaf | exports.deaf).items()},
            {(zone, _place(at)): serial for (zone, at), serial in exports.unheard.items()},
            exports.failed,
        )

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name, for ``CommandServer``."""
        return {"transfers": self.status, "orders-closed": self.orders_closed}

    async def orders_closed(self) -> dict[str, Any]:
        """Return what orders close now, for an export to a file."""
        orders = self._orders()
        return {"ok": True, "below": dict(orders.below), "exact": dict(orders.exact)}

    async def status(self) -> dict[str, Any]:
        """Return what ``schoolguard lists transfers`` shows."""
        states = self.states
        unheard = sorted(states.unheard.items())
        return {
            "ok": True,
            "transfers": [asdict(each) for each in states.zones],
            "exports": [asdict(each) for each in states.exports],
            "cannot_listen": states.deaf,
            "unheard": [{"zone": zone, "secondary": at, "serial": s} for (zone, at), s in unheard],
        }

    def _follow_anew(self) -> None:
        # Listened for here, not by Following: an address in use must stop no zone.
        self._following = Following(
            self._settings.transfers, (), self._folder, self._round, drawn=self._drawn, clock=self._clock
        )
        self._serials = {state.id: state.serial for state in self._following.states}

    def _round(self, state: ZoneState) -> None:
        self._rounds.add(state.id)
        self._asked.set()
        if state.reason:
            self._failed[state.id, state.reason] += 1
        if self._serials[state.id] != state.serial:
            self._serials[state.id] = state.serial
            _log.info("zone changed", extra={"zone_id": state.id, "serial": state.serial})
            self._stale.set()

    async def _follow(self) -> None:
        while True:
            following, listen = self._following, self._settings.notify_listen
            ears = (self._hear(each, following.notices) for each in listen)
            await until(self._followed_anew, following.run(), *ears)
            self._heard += following.notices.counts
            self._follow_anew()

    async def _hear(self, endpoint: Address, notices: Notices) -> None:
        try:
            while True:
                try:
                    async with NotifyListener(endpoint, notices):
                        self._deaf.pop(endpoint, None)
                        await asyncio.Event().wait()
                except OSError as error:
                    self._deaf[endpoint] = str(error)
                    where = _place(endpoint)
                    _log.error("cannot hear NOTIFY", extra={"address": where, "problem": str(error)})
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._deaf.pop(endpoint, None)

    async def _renew(self) -> None:
        await self._begun.wait()
        while True:
            await self._stale.wait()
            self._stale.clear()
            if not await self._recompile():
                await asyncio.sleep(RETRY_SECONDS)
                self._stale.set()


def _place(address: Address) -> str:
    return "{}@{}".format(*address)
