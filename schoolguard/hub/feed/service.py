"""The receiver put together, for as long as the publisher runs: its file, its threads, its routes.

It must not know what else the publisher serves.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from aiohttp import web

from schoolguard.feed.compact import packing as shipped
from schoolguard.feed.delivery import ENROL, KEYS, RECEIVER, SUMMARIES, Judged
from schoolguard.hub.feed.admission import Admission
from schoolguard.hub.feed.committing import Committer
from schoolguard.hub.feed.key import receiver_key
from schoolguard.hub.feed.reading import Reading
from schoolguard.hub.feed.receiving import FeedLimits, Receiving
from schoolguard.hub.feed.replies import problem
from schoolguard.hub.feed.retaining import Retaining
from schoolguard.hub.feed.settings import FeedSettings
from schoolguard.hub.feed.storing import Arrived, Storing
from schoolguard.hub.feed.tables import CannotKeep, connect
from schoolguard.hub.feed.verifying import Verifying

PREFIX, DATABASE = "/feed/", "feed.db"

_LOOK, _STEP = 3_600.0, 0.2
"""Seconds between looks for documents that are too old, and between steps when there are such."""

_log = logging.getLogger("schoolguard.hub.feed")


class FeedService:
    """The routes below ``/feed/``; ``run`` must be running."""

    def __init__(
        self, receiving: Receiving, reading: Reading, committer: Committer, retaining: Retaining
    ) -> None:
        self._receiving = receiving
        self._reading = reading
        self._committer = committer
        self._retaining = retaining
        self._posts = {
            SUMMARIES: receiving.delivery,
            ENROL: receiving.enrol,
            KEYS: receiving.change_key,
        }

    async def answer(self, request: web.BaseRequest, address: str) -> web.Response:
        """Answer one request."""
        path = request.rel_url.raw_path
        post = self._posts.get(path)
        if post is not None and request.method == "POST":
            return await post(request, address)
        if post is None and request.method == "GET":
            return (
                self._receiving.receiver()
                if path == RECEIVER
                else await self._reading.answer(request, address)
            )
        allowed = "GET" if post is None else "POST"
        return problem(405, "method", f"{allowed} belongs to this path", {"Allow": allowed})

    async def run(self) -> None:
        """Store and retain, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._committer.run(), name="feed-commits")
            tasks.create_task(self._retain(), name="feed-retention")

    async def _retain(self) -> None:
        while True:
            more = False
            try:
                more = await self._committer.alone(self._retaining.step)
            except CannotKeep as error:
                _log.error("nothing deleted", extra={"problem": str(error)})
            await asyncio.sleep(_STEP if more else _LOOK)  # deliveries go before


@asynccontextmanager
async def feed_service(
    folder: Path, settings: FeedSettings, clock: Callable[[], float], limits: FeedLimits | None = None
) -> AsyncIterator[FeedService]:
    """Open a publisher's receiver; raises ``CannotKeep``, ``KeyUnusable``."""
    key = await asyncio.to_thread(receiver_key, folder)
    packing = await asyncio.to_thread(shipped)
    path = folder / DATABASE
    with (
        closing(await asyncio.to_thread(connect, path)) as connection,
        closing(await asyncio.to_thread(_reader, path)) as reader,
    ):
        storing = Storing(connection)
        await asyncio.to_thread(storing.refresh)

        def store(batch: Sequence[Arrived]) -> list[Judged]:
            return storing.store(batch, clock())

        committer = Committer(store)
        verifying = Verifying(packing, storing.key_of, lambda: committer.alone(storing.refresh))
        receiving = Receiving(
            verifying, committer, Admission(connection, storing.register.forget), key, clock, limits
        )
        reading = Reading(reader, settings.silent_after, clock)
        retaining = Retaining(connection, settings.keep, clock)
        try:
            yield FeedService(receiving, reading, committer, retaining)
        finally:
            committer.close()
            reading.close()


def _reader(path: Path) -> sqlite3.Connection:
    return connect(path, reads_only=True)
