"""What orders said of a name, over time: for people who ask why a site is closed, or since when it is open.

It must not change anything, and not know who asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.checks import Checks, Refused
from schoolguard.intake.orders.fate import Kept
from schoolguard.intake.orders.holding import Clock, Lifts
from schoolguard.intake.orders.order import Order, Target
from schoolguard.language import N_


class Standing(StrEnum):
    """Where a version of an order stands at a moment."""

    IN_FORCE = "in-force"
    NOT_BEGUN = "not-begun"
    LIFTED = "lifted"
    EXPIRED = "expired"
    REPLACED = "replaced"


WORDS = {
    Standing.IN_FORCE: N_("in force"),
    Standing.NOT_BEGUN: N_("not begun"),
    Standing.LIFTED: N_("lifted"),
    Standing.EXPIRED: N_("expired"),
    Standing.REPLACED: N_("replaced by a later version"),
}


@dataclass(frozen=True, slots=True)
class Past:
    """One version of an order at a moment: those of its ``targets`` that were asked about, the ids of the
    orders that lift any of them, and which of them are kept open in spite of it.
    """

    kept: Kept
    standing: Standing
    targets: tuple[Target, ...]
    lifted_by: tuple[str, ...]
    refused: tuple[Refused, ...]


def in_force(book: OrderBook, clock: Clock, checks: Checks) -> list[Past]:
    """Return the orders that hold, oldest first."""
    return [each for each in _pasts(book, clock, checks, None) if each.standing is Standing.IN_FORCE]


def history(book: OrderBook, name: str, clock: Clock, checks: Checks) -> list[Past]:
    """Return every version of every order that names ``name`` (text shape), one above it or one below it."""
    return _pasts(book, clock, checks, name)


def concerns(target: Target, name: str) -> bool:
    """Return whether a name of an order says something of ``name`` or of something below it."""
    if target.name == name or target.name.endswith("." + name):
        return True
    return not target.exact and name.endswith("." + target.name)


def _pasts(book: OrderBook, clock: Clock, checks: Checks, name: str | None) -> list[Past]:
    latest = {each.order.key: each for each in book.latest()}
    lifts = Lifts(each.order for each in latest.values() if each.proven)
    found = []
    for kept in book.versions():
        targets = _asked(kept.order.targets, name)
        if targets or (name is None and kept.order.lifts):
            standing = _standing(kept, latest, lifts, targets, clock)
            found.append(Past(kept, standing, targets, _lifted_by(kept.order, lifts, targets, clock),
                              checks.refusals(targets)))  # fmt: skip
    return found


def _asked(targets: Iterable[Target], name: str | None) -> tuple[Target, ...]:
    asked = [target for target in targets if name is None or concerns(target, name)]
    return tuple(sorted(asked, key=lambda target: (target.name, target.exact)))


def _standing(
    kept: Kept, latest: dict[tuple[str, str], Kept], lifts: Lifts, targets: tuple[Target, ...], clock: Clock
) -> Standing:
    order = kept.order
    if latest[order.key] is not kept:
        return Standing.REPLACED
    if targets and not lifts.left(order, clock) & frozenset(targets):
        return Standing.LIFTED
    if clock.certainly(order.expiry):
        return Standing.EXPIRED
    return Standing.IN_FORCE if clock.perhaps(order.start) else Standing.NOT_BEGUN


def _lifted_by(order: Order, lifts: Lifts, targets: tuple[Target, ...], clock: Clock) -> tuple[str, ...]:
    asked = frozenset(targets)
    found = lifts.of(order)
    return tuple(
        by.id for by, names in found if clock.certainly(by.start) and (names is None or names & asked)
    )
