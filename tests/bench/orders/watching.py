"""What the run knows of each order at each gateway: ordered when, seen when, and what was amiss meanwhile.

An order belongs to a disturbance when it was on its way to the gateway during it, or when it was ordered
while the gateway still lacked one that was. Its time runs from the end of the disturbance, or from the order
when that came later; every other order's time runs from the start of the command ``partner order``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.orders.network import Place
from tests.bench.orders.questions import Client

NONE, CUT, RESTART, PUBLISHER = "undisturbed", "link cut", "gateway killed", "publisher killed"
CAUSES = (NONE, CUT, RESTART, PUBLISHER)


@dataclass
class Disturbance:
    """Something amiss, from now until ``ended``, Unix seconds."""

    cause: str
    ended: float | None = None


@dataclass
class Order:
    """One order: its name, when the command began, when it was published, when the command ended."""

    number: int
    name: str
    began: float
    published: float = 0.0
    answered: float = 0.0


@dataclass
class Way:
    """An order on its way to a gateway."""

    order: Order
    disturbance: Disturbance | None = None
    seen: float = 0.0

    @property
    def directly(self) -> bool:
        """Whether it was on its way during the disturbance; only then it explains that others wait."""
        ended = self.disturbance.ended if self.disturbance else 0.0
        return ended is None or self.order.began < ended

    @property
    def cause(self) -> str:
        """What was amiss."""
        return self.disturbance.cause if self.disturbance else NONE

    @property
    def seconds(self) -> float:
        """How long it took, as the module says."""
        ended = self.disturbance.ended if self.disturbance else None
        return max(0.0, self.seen - max(self.order.began, ended or 0.0))


@dataclass
class Watch:
    """One gateway as its client sees it."""

    place: Place
    ways: dict[int, Way] = field(default_factory=dict)
    missing: dict[int, Way] = field(default_factory=dict)
    amiss: Disturbance | None = None
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin to listen."""
        self.client = Client(self.place, self._heard)

    def expect(self, order: Order) -> None:
        """Take an order that begins now."""
        owed = next((way.disturbance for way in self.missing.values() if way.directly), None)
        way = Way(order, self.amiss or owed)
        self.ways[order.number] = self.missing[order.number] = way

    def disturb(self, disturbance: Disturbance) -> None:
        """Something goes amiss now, which the caller ends."""
        self.amiss = disturbance
        for way in self.missing.values():
            way.disturbance = disturbance

    def calm(self) -> None:
        """What was amiss is over."""
        if self.amiss is not None:
            self.amiss.ended, self.amiss = self.amiss.ended or time.time(), None

    def ask(self) -> None:
        """Ask for every order that is not seen yet."""
        for number, way in self.missing.items():
            self.client.ask(number, way.order.name)

    def _heard(self, number: int, blocked: bool) -> None:
        self.answering.set()
        if blocked and number in self.missing:
            self.missing.pop(number).seen = time.time()


def seen(watches: list[Watch]) -> Iterator[Way]:
    """Yield every order at every gateway where it holds."""
    yield from (way for watch in watches for way in watch.ways.values() if way.seen)
