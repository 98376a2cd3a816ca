"""Counts the orders that not every gateway has confirmed, from the publisher's own store of receipts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from schoolguard.hub.receipts.report import report
from schoolguard.hub.receipts.store import open_store
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.run import RECEIPTS_DB
from tests.bench.orders.publishing import PARTNER


async def unconfirmed(hub: Path, ids: Iterable[str], gateways: int, patience: float) -> int:
    """Return how many orders are still not confirmed by all gateways after ``patience`` seconds."""
    enrolled = Enrolled(hub / "gateways")
    waiting = set(ids)
    end = time.monotonic() + patience
    async with open_store(hub / RECEIPTS_DB, enrolled.key_of) as store:
        while waiting and time.monotonic() < end:
            for id in sorted(waiting):
                told = await report(store, PARTNER, id, enrolled.names())
                if told is not None and told.whole == gateways:
                    waiting.discard(id)
            await asyncio.sleep(1.0)
    return len(waiting)
