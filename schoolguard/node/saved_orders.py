"""Takedown orders as the state folder has them, read without a running gateway: what they close, who says so.

It must not change anything. The gateway may append to its journal meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.dns.names import from_key
from schoolguard.intake.guardrails.suffixes import Suffixes
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import CannotKeep, SavedJournal
from schoolguard.intake.orders.order import Order, Target
from schoolguard.intake.orders.overlay import TAKEDOWN, Overlay
from schoolguard.language import N_, Said, Translate
from schoolguard.lists.snapshot import Hit
from schoolguard.lists.stack import OVERLAY
from schoolguard.node.floor import Floor
from schoolguard.node.local_time import clock_text
from schoolguard.node.moment import Moment
from schoolguard.node.ordering import checks_of, served_by
from schoolguard.policy.wording import printable
from schoolguard.settings import Settings

_MOST = 2
_LINE = N_("Order {id} of {partner}, {authority}: {legal_basis}; until {expiry}; contact: {contact}")


class SavedOrders:
    """The orders that hold at a moment on the gateway with these settings; trouble is added to ``notes``."""

    def __init__(self, settings: Settings, moment: Moment, notes: list[Said]) -> None:
        """Read the journal; one that cannot be read is told, and no order is known then."""
        self.overlay = Overlay()
        self._served = served_by(settings)
        self._closing: list[tuple[Order, frozenset[Target]]] = []
        try:
            book = OrderBook(SavedJournal(settings.paths.state / "orders.log"))
        except CannotKeep as error:
            notes.append(error)
            return
        if book.broken is not None:
            notes.append(book.broken)
        if book.latest():  # the safety net is read for orders only
            self._read(book, settings, moment)

    def _read(self, book: OrderBook, settings: Settings, moment: Moment) -> None:
        clock = Clock(moment.now, Floor(settings.paths.state).read())
        checks = checks_of(settings.lists, Suffixes())
        self.overlay = book.overlay(clock, self._served, checks)
        for held in book.holding(clock):
            closed = frozenset(target for target in held.targets if checks.refusal(target) is None)
            self._closing.append((held.order, closed))

    def closing(self, key: str, school: str) -> list[Order]:
        """Return the orders that close the name with this search key in a school, in the order of their
        ids."""
        found = {order.key: order for order, _ in self._closing_by(key, school)}
        return sorted(found.values(), key=_id)

    def named(self, hits: Iterable[Hit], key: str, school: str) -> list[Hit]:
        """Return a name's hits with what comes from orders under the orders' ids."""
        own = [hit for hit in hits if hit.list_id != OVERLAY]
        overlaid = [hit for hit in hits if hit.list_id == OVERLAY]
        for order, target in self._closing_by(key, school):
            hit = next(each for each in overlaid if each.name == target.name)
            own.append(hit._replace(list_id=f"order {order.id}", mask=TAKEDOWN))
        return own

    def _closing_by(self, key: str, school: str) -> Iterator[tuple[Order, Target]]:
        name = from_key(key)
        for order, targets in self._closing:
            if school in order.scope.of(self._served):
                yield from ((order, target) for target in targets if _covers(target, name))


def order_lines(orders: Iterable[Order], translate: Translate) -> list[str]:
    """Return who ordered a name closed, one line an order."""
    found = list(orders)
    lines = [_line(order, translate) for order in found[:_MOST]]
    return [*lines[:-1], f"{lines[-1]} +{len(found) - _MOST}"] if len(found) > _MOST else lines


def order_dict(order: Order) -> dict[str, object]:
    """Return an order as plain values, without its names, which may be thousands."""
    return {
        "id": order.id,
        "partner": order.partner,
        "authority": order.authority,
        "legal_basis": order.legal_basis,
        "contact": order.contact,
        "start": rfc3339(order.start),
        "expiry": rfc3339(order.expiry),
    }


def _line(order: Order, translate: Translate) -> str:
    said = {
        name: printable(str(value))
        for name, value in order_dict(order).items()
        if name not in ("start", "expiry")
    }
    return translate(_LINE).format(**said, expiry=clock_text(order.expiry))


def _covers(target: Target, name: str) -> bool:
    return target.name == name or (not target.exact and name.endswith(f".{target.name}"))


def _id(order: Order) -> tuple[str, str]:
    return order.id, order.partner
