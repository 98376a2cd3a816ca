"""A gateway that follows a publisher: orders within seconds, compiled layers behind them, receipts back.

It must not decide what is believed, how orders are enforced, or how layers are put in force; each is another
part's. Nothing here is waited for by whoever answers queries: while the publisher is away, wrong or hostile,
what was in force stays so. What is on hand is compared with what the publisher lists, so nothing is lost by
a kill between two steps.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp

from schoolguard.intake.enclosure import Files
from schoolguard.intake.model import Publisher
from schoolguard.intake.notices import Ear, NoticeListener
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.enclosed import EnclosedSource
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.limits import Pace
from schoolguard.intake.trust.source import Source
from schoolguard.intake.trust.web import WebSource, session
from schoolguard.node.following_faults import NOT_TAKEN, word_of
from schoolguard.node.following_state import FollowingState, Told
from schoolguard.node.layer_intake import Apply, LayerIntake, Whose
from schoolguard.node.order_intake import take_orders
from schoolguard.node.ordering import Ordering
from schoolguard.node.province_chain import every_way, layers_of
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.province_trust import ProvinceTrust
from schoolguard.node.receipt_sending import RECEIPTS, ReceiptSender, Waits

NOTICES = "notices"
_NEVER = 1e9
_OF_WHAT_IS_HERE = ("versions", "state", "offered", "installed")


class Following:
    """Follows one publisher; ``state`` is the gateway's folder, ``now`` gives Unix seconds."""

    def __init__(
        self,
        publisher: Publisher,
        state: Path,
        ordering: Ordering,
        installed: Apply,
        *,
        drawn: Callable[[], float] = random.random,
        ear: Ear | None = None,
        waits: Waits | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._publisher = publisher
        self._ordering = ordering
        self._drawn = drawn
        self._ear = ear or Ear()
        self._waits = waits
        self._pace = pace or Pace()
        self._trust = ProvinceTrust(state / "province" / "trust", publisher.root)
        layers = ProvinceLayers(state / "province" / "layers", publisher.kept)
        self._layers = LayerIntake(layers, installed, self._whose)
        self._told = Told()
        self._remember(layers)
        self._looking = asyncio.Lock()
        self._news = asyncio.Event()

    @property
    def state(self) -> FollowingState:
        """What is known now."""
        return self._told.state

    @property
    def layers(self) -> LayerIntake:
        """What brings layers in force here."""
        return self._layers

    @property
    def gateway(self) -> str:
        """Who this gateway is to the publisher: its public key, in hexadecimal."""
        return self._ordering.id

    def again(self) -> None:
        """Look soon whether other layers are to be in force."""
        self._news.set()

    def _remember(self, layers: ProvinceLayers) -> None:
        """Know what is on the disk: a gateway that begins without a line tells how old its lists are."""
        try:
            installed = layers.installed()
            self._told.change(
                success=self._trust.store.changed(),
                expires=self._trust.expires(),
                versions=self._trust.versions(),
                state="" if installed is None else installed.state,
            )
        except NOT_TAKEN as error:
            self._told.fault("state", word_of(error), error)

    async def run(self) -> None:
        """Follow, until cancelled."""
        async with self._source() as (source, http), asyncio.TaskGroup() as tasks:
            if source is not None:
                tasks.create_task(self._poll(source), name="publisher: poll")
                tasks.create_task(self._install_news(source), name="publisher: layers")
            url = self._publisher.url
            if url is not None and source is not None:
                sender = ReceiptSender(
                    f"{url}/{RECEIPTS}", self._ordering, self._told, self._drawn, self._waits
                )
                tasks.create_task(sender.run(http), name="publisher: receipts")
                tasks.create_task(self._listener(url, source).run(), name="publisher: notices")

    async def look(self, source: Source, files: Files | None = None) -> int:
        """Take the publisher's present state, and its orders at once; return the timestamp's version.

        ``files`` are what a notice brought along. It raises nothing: faults are told in ``state``.
        """
        await self._look(EnclosedSource(source, files) if files else source, self._told)
        self._news.set()
        return self.state.versions.get("timestamp", 0)

    async def install(self, source: Source) -> None:
        """Put the publisher's newest layers in force; raises nothing, as ``look``."""
        await self._install(source, self._told)

    async def import_(self, folder: Path) -> FollowingState:
        """Take everything from a copy that somebody carried here, with the same checks; return what became
        of it, without what is known of the publisher itself.
        """
        source, told = FolderSource(folder, carried=True), Told()
        await self._look(source, told)
        await self._install(source, told)
        now, alone = told.state, self._publisher.url is None and self._publisher.folder is None
        members = (*_OF_WHAT_IS_HERE, *(("success", "expires") if alone and now.success else ()))
        self._told.change(**{member: getattr(now, member) for member in members})
        return now

    async def export(self, folder: Path) -> int:
        """Write a copy for another gateway to ``folder``, fetching what is missing; return how many files.

        Raises what ``Client.fetch`` and ``intake.trust.export`` raise, and ``ChainUnusable``.
        """
        async with self._source() as (source, _), self._looking:
            client = self._client(source or FolderSource(folder))
            targets = await asyncio.to_thread(client.targets)
            layers = layers_of(targets)
            way = every_way(layers)
            orders = [target for path, target in targets.items() if path.startswith("orders/")]
            for target in (*orders, *(layer.target for layer in way)):
                await client.fetch(target)
            return await asyncio.to_thread(self._trust.export, folder)

    def _client(self, source: Source) -> Client:
        return Client(self._trust.store, source)

    async def _look(self, source: Source, told: Told) -> None:
        async with self._looking:
            client = self._client(source)
            await self._refresh(client, source, told)
            try:
                targets = await asyncio.to_thread(client.targets)
                versions = await asyncio.to_thread(self._trust.versions)
            except NOT_TAKEN as error:
                told.fault("state", word_of(error), error)
                return
            told.right("state")
            told.change(versions=versions)
            await take_orders(client, targets, versions, self._ordering, told)

    async def _refresh(self, client: Client, source: Source, told: Told) -> None:
        clock = self._ordering.clock()
        now = clock.floor if clock.now is None else clock.now
        try:
            await self._trust.pin(source, now)
            news = await client.refresh(now)
        except NOT_TAKEN as error:
            told.fault("metadata", word_of(error), error)
            return
        told.right("metadata", {f"metadata/{refused.role}" for refused in news.refused})
        for refused in news.refused:
            told.fault(f"metadata/{refused.role}", refused.fault.value, refused)
        told.change(success=now, expires=dict(news.expires))

    def _whose(self) -> Whose:
        return Whose(self._ordering.id, tuple(served.id for served in self._ordering.served))

    async def _poll(self, source: Source) -> None:
        while True:
            await self.look(source)
            await asyncio.sleep(self._publisher.every + self._publisher.jitter * self._drawn())

    async def _install_news(self, source: Source) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            # Orders come with the notice; layers do not, and thousands of gateways must not ask at once.
            await asyncio.sleep(self._ear.spread * self._drawn())
            await self.install(source)

    def _listener(self, url: str, source: Source) -> NoticeListener:
        # Polling is ours: it must go on while a request is held open, and without any notice.
        ear = replace(self._ear, poll=_NEVER)
        return NoticeListener(f"{url}/{NOTICES}", 0, partial(self.look, source), drawn=self._drawn, ear=ear)

    async def _install(self, source: Source, told: Told) -> None:
        client = self._client(source)
        if await self._layers.take(client, told, self._ordering.clock().now or 0.0):
            await self._prune(client)

    async def _prune(self, client: Client) -> None:
        async with self._looking:
            targets: Mapping[str, Target] = await asyncio.to_thread(client.targets)
            wanted = {target.sha256 for target in targets.values()}
            await asyncio.to_thread(self._trust.store.prune, wanted)

    @asynccontextmanager
    async def _source(self) -> AsyncIterator[tuple[Source | None, aiohttp.ClientSession]]:
        async with session() as http:
            if self._publisher.url is not None:
                yield WebSource(http, self._publisher.url, self._pace), http
            elif self._publisher.folder is not None:
                yield FolderSource(self._publisher.folder, carried=True), http
            else:
                yield None, http
