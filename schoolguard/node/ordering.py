"""Takedown orders on one gateway: from their arrival to every worker, and the receipts that say so.

It must not fetch or verify anything: what arrives was signed by a partner whose role allows it. The journal
in the state folder is the only place where orders are kept.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from schoolguard import __version__
from schoolguard.intake.guardrails.suffixes import Suffix, Suffixes
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.checks import Checks, ProtectedNames
from schoolguard.intake.orders.confirming import Gateway, owed
from schoolguard.intake.orders.fate import Arrived
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.key import KeptKey
from schoolguard.intake.orders.overlay import Overlay
from schoolguard.intake.orders.receipt import sign
from schoolguard.intake.orders.scope import Served
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Kind, ListSource, Report
from schoolguard.policy.clock import WallClock
from schoolguard.serve.link import Orders
from schoolguard.settings import Settings

ENFORCE_SECONDS = 10.0
"""A worker takes an overlay in some ten milliseconds; one that does not answer hangs, and is replaced."""

_LOOK = 1.0
_log = logging.getLogger("schoolguard.orders")


class Ordering:
    """The orders of one gateway.

    ``tell`` sends a message to every running worker and returns their numbers. ``current`` is what a worker
    that begins must know. Raises ``CannotKeep`` and ``KeyUnusable``.
    """

    def __init__(self, state: Path, floor: float, tell: Callable[[Orders], Iterable[int]]) -> None:
        self.book = OrderBook(Journal(state / "orders.log"))
        self.current = Orders(0, {}, {}, {})
        self.receipts = asyncio.Event()
        self._key = KeptKey(state / "gateway.key")
        self._tell = tell
        self._floor = floor
        self._wall = WallClock(floor)
        self._suffixes = Suffixes()
        self._overlay = Overlay()
        self._changing = asyncio.Lock()
        self._taken: dict[int, int] = {}
        self._news = asyncio.Condition()
        self.served: tuple[Served, ...] = ()
        self.checks = checks_of((), self._suffixes)
        self._due = 0.0

    @property
    def id(self) -> str:
        """Who signs the receipts: the gateway's public key, in hexadecimal."""
        return self._key.now().public_key().public_bytes_raw().hex()

    def clock(self) -> Clock:
        """Return the moment to judge by."""
        return Clock(self._wall.read(time.time(), time.monotonic()), self._floor)

    async def configured(self, settings: Settings) -> None:
        """Take other schools and another safety net."""
        self.served = served_by(settings)
        self.checks = await asyncio.to_thread(checks_of, settings.lists, self._suffixes)
        await self.refresh()

    async def arrived(self, arrivals: Sequence[Arrived]) -> None:
        """Keep orders and put them in force; raises ``CannotKeep``, and then nothing was changed."""
        async with self._changing:
            await asyncio.to_thread(self.book.accept, arrivals, time.time(), self.clock())
        await self.refresh()

    async def refresh(self) -> None:
        """Put in force what holds now, and confirm it when every worker has it."""
        async with self._changing:
            clock = self.clock()
            overlay = await asyncio.to_thread(self.book.overlay, clock, self.served, self.checks)
            if overlay.tells(self._overlay):
                self.current = Orders(self.current.number + 1, overlay.below, overlay.exact, overlay.schools)
                if not await self._enforce(self.current):
                    return  # the next look tries again: nothing is confirmed that is not so
            self._overlay = overlay
            await asyncio.to_thread(self._confirm, overlay, clock)
            self.receipts.set()
            self._due = self.book.next_change(time.time()) or 0.0

    async def acknowledged(self, digest: str) -> None:
        """Keep that the publisher has a receipt."""
        async with self._changing:
            await asyncio.to_thread(self.book.outbox.acknowledge, digest, time.time())

    def taken(self, worker: int, number: int) -> None:
        """Take a worker's word that it judges by the orders with this number."""
        self._taken[worker] = number
        asyncio.get_running_loop().create_task(self._notify(), name="orders taken")

    async def run(self) -> None:
        """Begin and end orders by themselves, until cancelled."""
        believed = self.clock().now is not None
        while True:
            await asyncio.sleep(_LOOK)
            now = self.clock().now
            if (now is not None) != believed or (self._due and time.time() >= self._due):
                believed = now is not None
                await self.refresh()

    async def _enforce(self, message: Orders) -> bool:
        workers = set(self._tell(message))
        try:
            async with asyncio.timeout(ENFORCE_SECONDS), self._news:
                await self._news.wait_for(
                    lambda: all(self._taken.get(worker, -1) >= message.number for worker in workers)
                )
        except TimeoutError:
            _log.error("a worker does not take the orders", extra={"number": message.number})
            self._overlay = Overlay()
            self._due = time.time() + _LOOK
            return False
        return True

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _confirm(self, overlay: Overlay, clock: Clock) -> None:
        key = self._key.now()
        signer = key.public_key().public_bytes_raw().hex()
        gateway = Gateway(signer, self.served, f"schoolguard {__version__}")
        receipts = owed(self.book, gateway, overlay, clock, time.time())
        if receipts:
            self.book.outbox.put([(receipt, sign(receipt, key)) for receipt in receipts], time.time())


def served_by(settings: Settings) -> tuple[Served, ...]:
    """Return the schools of a gateway as orders know them."""
    return tuple(Served(school.id, school.commune) for school in settings.schools)


def checks_of(sources: Iterable[ListSource], suffixes: Suffixes) -> Checks:
    """Return what no order may close: public suffixes, and the safety net as its files are now."""
    net = ProtectedNames(_safety_net(sources))
    return Checks(lambda name: suffixes.kind(name) is not Suffix.NONE, net.protected, net.below)


def _safety_net(sources: Iterable[ListSource]) -> set[str]:
    """Return the names of the never-block lists, as their files are now."""
    names: set[str] = set()
    for source in sources:
        if source.kind is not Kind.NEVER_BLOCK:
            continue
        try:
            names.update(entry.name for entry in read(source, Report(source.id, source.format)))
        except (ListRefused, OSError) as error:
            _log.error("a safety net cannot be read", extra={"list": source.id, "problem": str(error)})
    return names
