"""The publisher's process put together: started, kept up to date, stopped.

In the folder: ``repository/`` and its metadata's drafts, ``push/`` (uploads and their receipts), ``wholes/``,
``layers/``, ``receipts.db``, ``feed.db`` and ``feed.key``; of lists on their way ``rollout.json``,
``rollout.db`` and ``decisions.log``. It must not hold an offline key.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from securesystemslib.signer import Signer

from schoolguard.hub.feed.service import FeedService, feed_service
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.hub.push.uploading import PushIntake, PushLimits
from schoolguard.hub.receipts.store import CannotStore, Published, ReceiptStore, open_store
from schoolguard.hub.rollout.log import CannotDecide
from schoolguard.hub.rollout.reports import CannotKeepReports
from schoolguard.hub.rollout.state import StateBroken
from schoolguard.hub.server.enclosing import Enclosing
from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import ServerLimits
from schoolguard.hub.server.notices import Notices, watch
from schoolguard.hub.server.tls import use_small_buffers
from schoolguard.hub.service.compiled_lists import LayersFailed
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.known import Known, read_known
from schoolguard.hub.service.lanes import Lanes
from schoolguard.hub.service.layers import Layers, partner_roles
from schoolguard.hub.service.list_check import ListCheck
from schoolguard.hub.service.order_check import OrderCheck, Paper, read_paper
from schoolguard.hub.service.partner_keys import PublishedKeys
from schoolguard.hub.service.receiving import Receiving
from schoolguard.hub.service.reporting import Reporting
from schoolguard.hub.service.rolling import DECISIONS, rolling_of
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.site import HubServer
from schoolguard.hub.service.subscribed import Subscribed, contents_in
from schoolguard.hub.service.taking import ORDERS, Taking, Told, targets_before
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.service.viewing import View
from schoolguard.hub.tuf.accepting import PushRefused
from schoolguard.hub.tuf.collecting import collect
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.orders.reading import OrderRefused
from schoolguard.intake.trust.errors import Untrusted
from schoolguard.intake.trust.names import TIMESTAMP, served_metadata, served_target
from schoolguard.lists.layout import SnapshotBroken

RECEIPTS_DB, PUSHES, LAYERS = "receipts.db", "push", "layers"

RENEW = 300.0
"""Seconds between looks at whether snapshot or timestamp must be signed anew, or layers are behind."""
COLLECT = 86_400.0
LOOK = 1.0
"""Seconds between looks at whether people decided something, which another process wrote down."""
STORE_TIME = 10.0

_FAILURES = (
    *(RepositoryFailed, Untrusted, PushRefused, LayersFailed),
    *(SnapshotBroken, BundleRefused, OSError, ValueError),
    *(StateBroken, CannotDecide, CannotKeepReports),
)
"""What one look may fail with; the next one tries again, and files, notices and orders go on."""

_log = logging.getLogger("schoolguard.hub")


class Hub:
    """One publisher; ``run`` serves until cancelled. ``signers`` are the online keys."""

    def __init__(
        self, folder: Path, settings: HubSettings, signers: Sequence[Signer], clock: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._signers = signers
        self._clock = clock
        self._repository = Repository(folder)
        self._turns = Turns(self._repository)
        self._enrolled = Enrolled(settings.gateways)
        self._rolling = rolling_of(folder, settings, self._enrolled, clock)
        self._layers = Layers(
            folder / LAYERS,
            self._repository,
            self._turns,
            signers,
            self._rolling.wholes,
            settings.layers,
            clock,
            self._rolling,
            contents_in(folder, settings),
        )
        self._limits = ServerLimits()
        self._compile = asyncio.Event()
        self._subscribed = Subscribed(
            folder, settings, self._rolling.wholes, self._layers.stack, self._compile.set, clock
        )

    async def run(self, started: Callable[[int], None]) -> None:
        """Serve until cancelled; ``started`` is told the port.

        Raises ``CannotKnow``, ``CannotStore``, ``CannotKeep``, ``KeyUnusable``, ``RepositoryFailed``,
        ``Untrusted``, ``OSError``.
        """
        use_small_buffers()
        self._loop = asyncio.get_running_loop()
        self._known = await asyncio.to_thread(read_known, self._settings)
        # What a kill left between judgement and publishing goes out first: it was accepted.
        version = await asyncio.to_thread(self._publish)
        async with AsyncExitStack() as open_:
            store = await open_.enter_async_context(
                open_store(self._folder / RECEIPTS_DB, self._enrolled.key_of)
            )
            self._store = store
            await self._note(await asyncio.to_thread(self._papers), self._clock())
            enclosing = Enclosing(self._repository.served, self._clock)
            self._notices = Notices(self._limits, random.random, enclose=enclosing)
            self._notices.announce(version)
            judge = Lanes(self._folder / PUSHES, self._taking(self._known), self._clock)
            feed = await open_.enter_async_context(
                feed_service(self._folder, self._settings.feed, self._clock)
            )
            server = await open_.enter_async_context(self._server(judge, store, feed))
            started(server.port)
            async with asyncio.TaskGroup() as tasks:
                timestamp = self._repository.served / served_metadata(TIMESTAMP, None)
                tasks.create_task(judge.run(), name="pushes")
                tasks.create_task(feed.run(), name="feed")
                tasks.create_task(watch(timestamp, self._notices), name="timestamp")
                tasks.create_task(self._keep_layers(self._known), name="layers")
                tasks.create_task(self._keep_fresh(), name="renewal")
                tasks.create_task(self._watch_decisions(), name="decisions")
                tasks.create_task(self._subscribed.run(), name="subscriptions")

    def _server(self, judge: Lanes, store: ReceiptStore, feed: FeedService) -> HubServer:
        keys = PublishedKeys(self._repository)
        limits = PushLimits(size=self._settings.push_size)
        uploads = PushIntake(judge.spool, judge, keys, self._clock, limits)
        receiving = Receiving(store, keys, self._enrolled.names, self._clock)
        status = Reporting(
            self._rolling.reports,
            keys,
            lambda partner: View(self._rolling).lists(partner),
            self._compile.set,
            self._clock,
        )
        files = StaticFiles(self._repository.served, self._limits)
        listening = self._settings.listening
        return HubServer(listening, files, self._notices, uploads, receiving, status, self._limits, feed)

    def _taking(self, known: Known) -> Taking:
        lists = ListCheck(
            self._rolling.wholes,
            known.lists,
            self._settings.limits,
            self._layers.stack,
            self._rolling.in_force,
        )
        told = Told(self._tell_orders, self._tell_timestamp, self._tell_lists)
        return Taking(
            self._repository,
            self._turns,
            self._signers,
            lists,
            OrderCheck(known.orders),
            told,
            self._clock,
        )

    def _tell_orders(self, papers: Iterable[Paper], now: float) -> None:
        """Note orders from the thread that publishes them; a receipt may come a moment later."""
        noted = asyncio.run_coroutine_threadsafe(self._note(list(papers), now), self._loop)
        try:
            noted.result(STORE_TIME)
        except concurrent.futures.TimeoutError:
            _log.error("orders not noted in time; they are at the next start")

    def _tell_timestamp(self, version: int) -> None:
        self._loop.call_soon_threadsafe(self._notices.announce, version)

    def _tell_lists(self) -> None:
        self._loop.call_soon_threadsafe(self._compile.set)

    async def _note(self, papers: Iterable[Paper], now: float) -> None:
        for paper in papers:
            order = paper.order
            start = float(order.start)
            noted = Published(order.partner, order.id, paper.digest, order.sequence, now, start)
            try:
                await self._store.published(noted)
            except CannotStore as error:  # an order must not wait for its report
                _log.error("order not noted", extra={"order": order.id, "problem": str(error)})

    def _papers(self) -> list[Paper]:
        """Return every published order."""
        found = []
        for role in partner_roles(self._repository):
            for path, target in targets_before(self._repository, role).items():
                if not path.startswith(ORDERS):
                    continue
                try:
                    file = self._repository.served / served_target(path, target.sha256)
                    found.append(read_paper(path, file))
                except (OrderRefused, OSError) as error:
                    _log.error("order cannot be read", extra={"path": path, "problem": str(error)})
        return found

    def _publish(self) -> int:
        with self._turns.taken():
            return publish(self._repository, self._signers, self._clock()).timestamp

    async def _keep_layers(self, known: Known) -> None:
        """Compile whenever a list was accepted or goes on, and at the start what a kill interrupted."""
        while True:
            self._compile.clear()
            try:
                version = await asyncio.to_thread(self._layers.update, known.lists, self._settings.limits)
                if version is not None:
                    self._notices.announce(version)
            except _FAILURES as error:
                _log.error("layers not published", extra={"problem": str(error)})
            try:
                async with asyncio.timeout(self._until_due()):
                    await self._compile.wait()
            except TimeoutError:
                continue

    def _until_due(self) -> float:
        """Return in how many seconds to look again; never at once, a fault must not spin."""
        due = self._layers.due
        return RENEW if due is None else min(RENEW, max(LOOK / 4, due - self._clock()))

    async def _watch_decisions(self) -> None:
        """Look at lists anew when people wrote a decision down."""
        path, before = self._folder / DECISIONS, 0
        while True:
            size = path.stat().st_size if path.is_file() else 0
            if size != before:
                before = size
                self._compile.set()
            await asyncio.sleep(LOOK)

    async def _keep_fresh(self) -> None:
        """Sign snapshot and timestamp anew in time, and delete what nobody can ask for any more."""
        collected = self._clock()
        while True:
            await asyncio.sleep(RENEW)
            try:
                self._notices.announce(await asyncio.to_thread(self._publish))
                if self._clock() - collected > COLLECT:
                    await asyncio.to_thread(self._collect)
                    collected = self._clock()
            except _FAILURES as error:
                _log.error("not signed anew", extra={"problem": str(error)})

    def _collect(self) -> None:
        with self._turns.taken():
            collect(self._repository, self._clock())
