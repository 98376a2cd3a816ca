"""Which names of which orders hold at a moment. A pure function of the orders, whatever order they arrived
in.

When the time cannot be believed, the strict side is taken: an order holds from its arrival and does not
expire, and one that lifts another has not begun. Only what has certainly passed (``floor``) counts: without
that, a box whose battery is dead would close at each start what expired years ago. A clock that somebody
moved so cannot open anything: it is not believed, and the orders of after the jump are not deleted, only
judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schoolguard.intake.orders.order import Order, Target


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment to judge by: ``now`` in Unix seconds, ``None`` when it cannot be believed; ``floor`` is a
    time that has certainly passed.
    """

    now: float | None
    floor: float = 0.0

    def certainly(self, moment: float) -> bool:
        """Return whether a moment has passed; not when nobody knows."""
        return moment <= (self.floor if self.now is None else self.now)

    def perhaps(self, moment: float) -> bool:
        """Return whether a moment has passed, or may have."""
        return self.now is None or moment <= self.now


@dataclass(frozen=True, slots=True)
class Held:
    """The names of an order that hold: neither expired nor lifted. Those not yet judged by ``Checks`` are
    among them.
    """

    order: Order
    targets: frozenset[Target]


class Lifts:
    """What the orders lift: all that are known, each with its sequence and its start."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._by_key: dict[tuple[str, str], list[tuple[Order, frozenset[Target] | None]]] = defaultdict(list)
        for order in orders:
            for lift in order.lifts:
                self._by_key[order.partner, lift.order].append((order, lift.targets))

    def of(self, order: Order) -> list[tuple[Order, frozenset[Target] | None]]:
        """Return which later orders lift an order, and which of its names; ``None`` for all."""
        found = self._by_key.get(order.key, ())
        return [(by, targets) for by, targets in found if by.sequence > order.sequence]

    def left(self, order: Order, clock: Clock) -> frozenset[Target]:
        """Return the names of an order that are not lifted."""
        targets = order.targets
        for by, lifted in self.of(order):
            if clock.certainly(by.start):
                targets = frozenset() if lifted is None else targets - lifted
        return targets


def held(orders: Iterable[Order], lifting: Iterable[Order], clock: Clock) -> list[Held]:
    """Return what holds of ``orders`` (the latest of each id); ``lifting`` are those whose lifts are
    believed.
    """
    lifts = Lifts(lifting)
    found = []
    for order in orders:
        if clock.perhaps(order.start) and not clock.certainly(order.expiry):
            left = lifts.left(order, clock)
            if left:
                found.append(Held(order, left))
    return found


def next_change(orders: Iterable[Order], now: float) -> float | None:
    """Return when what holds may next change by itself after ``now``, ``None`` when it does not."""
    moments = (moment for order in orders for moment in (order.start, order.expiry) if moment > now)
    return min(moments, default=None)
