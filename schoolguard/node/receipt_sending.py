"""Sends the receipts that wait in the orders' journal to the publisher, until it has each of them.

It must not make or judge receipts. One leaves the journal when the publisher said that it has it; what it
refuses stays there and is tried again after the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from schoolguard.intake.orders.journal import CannotKeep
from schoolguard.intake.orders.outbox import Waiting
from schoolguard.language import N_, Said
from schoolguard.node.following_state import Told
from schoolguard.node.ordering import Ordering

RECEIPTS = "receipts"

_STATUS = N_("{url}: the publisher answered with status {status}")
_BROKEN = N_("{url}: {why}")
_REFUSED = (400, 409, 413, 422)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: between two looks into the journal, for one exchange, and from the first fault to the longest
    wait."""

    look: float = 1.0
    exchange: float = 30.0
    first: float = 1.0
    longest: float = 300.0


class NotSent(Said):
    """The publisher cannot be told now; the message says why."""


class ReceiptSender:
    """Sends to ``url``; ``drawn`` gives random numbers from 0 to 1."""

    def __init__(
        self, url: str, ordering: Ordering, told: Told, drawn: Callable[[], float], waits: Waits | None = None
    ) -> None:
        self._url = url
        self._ordering = ordering
        self._told = told
        self._drawn = drawn
        self._waits = waits or Waits()
        self._refused: set[str] = set()

    async def run(self, http: aiohttp.ClientSession) -> None:
        """Send, until cancelled."""
        failures = 0
        while True:
            try:
                await self._send_all(http)
                failures = 0
            except (NotSent, CannotKeep) as error:
                word = "not-sent" if isinstance(error, NotSent) else "disk"
                self._told.fault("receipts", word, error)
                failures += 1
                await asyncio.sleep(self._pause(failures))
            else:
                await self._news()

    async def _send_all(self, http: aiohttp.ClientSession) -> None:
        outbox = self._ordering.book.outbox
        self._told.change(receipts=len(outbox))
        sent = False
        for each in outbox.waiting(len(outbox)):
            if each.digest not in self._refused:
                await self._send(http, each)
                sent = True
        if sent:
            self._told.right("receipts")
            self._told.change(receipts=len(outbox))

    async def _send(self, http: aiohttp.ClientSession, waiting: Waiting) -> None:
        status = await self._post(http, waiting.document)
        if status in _REFUSED:
            self._refused.add(waiting.digest)
            error = NotSent(_STATUS, url=self._url, status=status)
            self._told.fault("refused receipts", "receipt-refused", error)
        elif not 200 <= status < 300:
            raise NotSent(_STATUS, url=self._url, status=status)
        else:
            await self._ordering.acknowledged(waiting.digest)

    async def _post(self, http: aiohttp.ClientSession, document: bytes) -> int:
        headers = {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._waits.exchange),
                http.post(self._url, data=document, headers=headers, allow_redirects=False) as reply,
            ):
                return reply.status
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise NotSent(_BROKEN, url=self._url, why=str(error) or type(error).__name__) from error

    async def _news(self) -> None:
        """Wait for the next receipt."""
        news = self._ordering.receipts
        try:
            async with asyncio.timeout(self._waits.look):
                await news.wait()
        except TimeoutError:
            return  # the journal is looked into all the same
        news.clear()

    def _pause(self, failures: int) -> float:
        longest = min(self._waits.first * 2.0 ** min(failures, 20), self._waits.longest)
        return max(self._waits.first / 2, longest * self._drawn())
