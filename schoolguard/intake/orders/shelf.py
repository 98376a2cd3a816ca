"""What a book holds at a moment: every document and its fate, and which version of each order is the latest.

A change is made on a copy, which takes the old one's place whole, so that another thread never sees half of
it. It must not write anything down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from schoolguard.intake.orders.fate import Arrived, Kept, Turned
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.order import Order, digest_of
from schoolguard.intake.orders.reading import OrderRefused, read_order
from schoolguard.language import N_

MOST_ORDERS = 50_000
"""Documents in the book, whatever became of them; the journal of so many small ones has 50 MB."""

MOST_TARGETS = 100_000
"""Names of all orders that have not expired: what an overlay may grow to in every worker."""

FULL = "full"
"""Code of what was refused for want of room: it is judged anew each time it comes, for others expire."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Documents by path and digest, in the order of arrival; the latest versions by partner and id."""

    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    turned: dict[tuple[str, str], Turned] = field(default_factory=dict)
    latest: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def copy(self) -> Shelf:
        """Return a shelf that can be changed while this one is read."""
        return replace(self, kept=dict(self.kept), turned=dict(self.turned), latest=dict(self.latest))

    def put(self, fate: Kept | Turned) -> None:
        """Let a fate take its place."""
        if isinstance(fate, Turned):
            self.turned[fate.path, fate.digest] = fate
            return
        key = (fate.order.path, fate.digest)
        self.turned.pop(key, None)
        self.kept[key] = fate
        former = self.latest.get(fate.order.key)
        if former is None or (fate.proven and former.order.sequence <= fate.order.sequence):
            self.latest[fate.order.key] = fate

    def closing(self) -> list[Order]:
        """Return the orders that may close names: the latest, and unproven ones that claim to be later."""
        latest = self.latest
        unproven = (each.order for each in self.kept.values() if not each.proven)
        later = [order for order in unproven if order.sequence > latest[order.key].order.sequence]
        return [*(each.order for each in latest.values()), *later]

    def lifting(self) -> list[Order]:
        """Return the orders whose lifts are believed."""
        return [each.order for each in self.latest.values() if each.proven]

    def known(self, path: str, digest: str) -> Kept | Turned | None:
        """Return the fate of a document, ``None`` when it must be judged, for the first time or again."""
        kept = self.kept.get((path, digest))
        if kept is not None:
            return kept if kept.proven else None
        turned = self.turned.get((path, digest))
        return None if turned is None or turned.code == FULL else turned

    def names(self, clock: Clock) -> int:
        """Return how many names those orders have that have not expired."""
        return sum(_names(each, clock) for each in self.latest.values())

    def growth(self, fate: Kept | Turned, clock: Clock) -> int:
        """Return by how many names ``names`` would grow by a fate."""
        if isinstance(fate, Turned):
            return 0
        former = self.latest.get(fate.order.key)
        if former is not None and former.order.sequence > fate.order.sequence:
            return 0
        return _names(fate, clock) - (0 if former is None else _names(former, clock))

    def judge(self, arrived: Arrived, time: int, clock: Clock, room: int) -> Kept | Turned:
        """Return the fate of a document that came at ``time``, where ``names`` may grow by ``room``."""
        digest = digest_of(arrived.document)
        try:
            order = read_order(arrived.document, arrived.partner, arrived.path)
            self._check_sequence(order, digest)
            fate = Kept(order, digest, time, arrived.version)
            if len(self.kept) >= MOST_ORDERS:
                raise OrderRefused(FULL, N_("{most} orders are kept already"), most=MOST_ORDERS)
            if self.growth(fate, clock) > room:
                msgid = N_("orders that have not expired may have {most} names in all")
                raise OrderRefused(FULL, msgid, most=MOST_TARGETS)
        except OrderRefused as error:
            return Turned(arrived.path, arrived.partner, digest, time, error.code, str(error))
        return fate

    def _check_sequence(self, order: Order, digest: str) -> None:
        former = self.latest.get(order.key)
        if former is not None and former.order.sequence == order.sequence and former.digest != digest:
            msgid = N_("order {id} has two documents with sequence {sequence}; the later needs a higher one")
            raise OrderRefused("sequence", msgid, id=order.id, sequence=order.sequence)


def _names(kept: Kept, clock: Clock) -> int:
    return 0 if clock.certainly(kept.order.expiry) else len(kept.order.targets)
