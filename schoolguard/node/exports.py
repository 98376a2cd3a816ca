"""Tiers served to other resolvers by one gateway: written anew when what is in force changed, and served.

It must not choose what is in force: settings, lists and orders are handed in.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from schoolguard.hub.export.published import ExportBroken
from schoolguard.hub.export.serving import Serving
from schoolguard.intake.transfer.model import Address
from schoolguard.node.exporting import Closed, ExportFailed, ExportRequest, ExportState, publish_in_child
from schoolguard.serve.link import Orders
from schoolguard.settings import TransferSettings

RETRY_SECONDS = 10.0
"""Between two tries to have an address that is in use, or to write zones that could not be written."""

_LOOK = 1.0
_log = logging.getLogger("schoolguard.export")


class Exports:
    """The zones of ``settings`` under ``root``; ``orders`` returns those in force now."""

    def __init__(
        self,
        root: Path,
        settings: TransferSettings,
        orders: Callable[[], Orders],
        clock: Callable[[], float],
    ) -> None:
        self._root, self._settings = root, settings
        self._orders, self._clock = orders, clock
        self._exported_orders = 0
        self._layers: tuple[str, ...] = ()
        self._serving = self._server()
        self._served_anew, self._due = asyncio.Event(), asyncio.Event()
        self._replies: Counter[str] = Counter()
        self._states: tuple[ExportState, ...] = ()
        self.deaf: dict[Address, str] = {}
        self.failed = 0

    @property
    def states(self) -> tuple[ExportState, ...]:
        """Each zone as it was last written."""
        served = {zone.zone for zone in self._settings.exports}
        return tuple(each for each in self._states if each.zone in served)

    @property
    def replies(self) -> Counter[str]:
        """What secondaries got, by kind, since the start."""
        return self._replies + self._serving.counts

    @property
    def unheard(self) -> dict[tuple[str, Address], int]:
        """The serial that a secondary did not confirm, by zone and address."""
        return self._serving.unheard

    def in_force(self, settings: TransferSettings, layers: tuple[str, ...]) -> None:
        """Take other settings, and snapshot files, bottom first."""
        former, self._settings, self._layers = self._settings, settings, layers
        if (settings.exports, settings.export_listen) != (former.exports, former.export_listen):
            self._served_anew.set()
        self._due.set()

    async def serve(self) -> None:
        """Answer secondaries until cancelled."""
        while True:
            await until(self._served_anew, self._answer(self._serving, self._settings.export_listen))
            self._replies += self._serving.counts
            self._serving = self._server()

    async def write(self) -> None:
        """Write the zones whenever they are due, until cancelled."""
        while True:
            if not self._due.is_set() and self._orders().number == self._exported_orders:
                await asyncio.sleep(_LOOK)
                continue
            self._due.clear()
            zones, layers, orders = self._settings.exports, self._layers, self._orders()
            self._exported_orders = orders.number
            if not zones or not layers:
                continue
            closed = Closed(orders.below, orders.exact)
            request = ExportRequest(self._root, layers, zones, closed, self._clock())
            try:
                self._states = await publish_in_child(request)
            except (ExportFailed, OSError) as error:
                self.failed += 1
                _log.error("exports not renewed, the former ones stay", extra={"error": str(error)})
                await asyncio.sleep(RETRY_SECONDS)
                self._due.set()

    def _server(self) -> Serving:
        settings = self._settings
        return Serving(settings.exports, settings.export_listen, self._root, clock=self._clock)

    async def _answer(self, serving: Serving, listen: tuple[Address, ...]) -> None:
        try:
            while True:
                self.deaf.clear()
                try:
                    await serving.run()
                except* OSError as errors:
                    problem = str(errors.exceptions[0])
                    self.deaf = dict.fromkeys(listen, problem)
                    _log.error("exports cannot be served", extra={"problem": problem})
                except* ExportBroken as errors:
                    _log.error("exports cannot be read", extra={"problem": str(errors.exceptions[0])})
                    self._due.set()
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            self.deaf = {}


async def until(event: asyncio.Event, *works: Coroutine[Any, Any, None]) -> None:
    """Do works until the event is set, and wait for their end; raises what one of them raises before."""
    waiting = asyncio.create_task(event.wait())
    tasks: set[asyncio.Task[Any]] = {waiting, *(asyncio.create_task(work) for work in works)}
    going = tasks
    try:
        while not waiting.done():
            ended, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    event.clear()
