"""How an order went: how many gateways enforce it, how fast, who has not confirmed. Values in, values out.

The time to enforcement runs from publication, or from the order's start if that is later, to the moment that
a gateway says all its workers took it. That is the gateway's clock: where it cannot be (before publication,
or after its receipt came), the receipt's arrival counts instead, so that a wrong clock never makes an order
look faster than its receipt allows, and ``by_arrival`` says how many those were.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from schoolguard.hub.receipts.store import Published, ReceiptStore, Stored
from schoolguard.intake.orders.checks import Refused
from schoolguard.intake.orders.receipt import State

CLOCK_SLACK = 1.0
"""Seconds by which a gateway's clock may be off without being called wrong."""


@dataclass(frozen=True, slots=True)
class Refusing:
    """A gateway that does not enforce an order, or some of its names, and why."""

    gateway: str
    reason: str
    names: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One order on the gateways that it was sent to.

    ``whole`` counts gateways that enforce every name, ``partly`` those that refused some, ``refused`` those
    that enforce nothing; ``elsewhere`` those without a school in its scope, ``ended`` those that it reached
    too late. ``waiting`` gateways have it and do not enforce it yet; ``silent`` ones said nothing. ``p50`` to
    ``p99`` are seconds over all that enforce it (nearest rank), ``None`` without one.
    """

    order: Published
    whole: int
    partly: int
    refused: int
    elsewhere: int
    ended: int
    waiting: tuple[str, ...]
    silent: tuple[str, ...]
    refusing: tuple[Refusing, ...]
    p50: float | None
    p95: float | None
    p99: float | None
    by_arrival: int

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """The gateways of which nobody knows yet that they did what the order asks of them."""
        return tuple(sorted((*self.waiting, *self.silent)))


async def report(store: ReceiptStore, partner: str, id: str, gateways: Collection[str]) -> Report | None:
    """Return how the latest document of an order went on ``gateways``, ``None`` when none was published."""
    order = await store.latest(partner, id)
    return None if order is None else report_of(order, await store.of_order(order), gateways)


def report_of(order: Published, stored: Sequence[Stored], gateways: Collection[str]) -> Report:
    """Return the report from what was stored; gateways that are not among ``gateways`` are left out."""
    said = {each.receipt.gateway: each for each in stored if each.receipt.gateway in gateways}
    states = {state: [each for each in said.values() if each.receipt.state is state] for state in State}
    delays = [_delay(order, each) for each in states[State.ENFORCED]]
    seconds = sorted(delay for delay, _ in delays)
    partly = [each for each in states[State.ENFORCED] if each.receipt.refused]
    return Report(
        order,
        len(states[State.ENFORCED]) - len(partly),
        len(partly),
        len(states[State.REFUSED]),
        len(states[State.ELSEWHERE]),
        len(states[State.ENDED]),
        tuple(sorted(each.receipt.gateway for each in states[State.WAITING])),
        tuple(sorted(frozenset(gateways) - said.keys())),
        tuple(map(_refusing, (*states[State.REFUSED], *partly))),
        percentile(seconds, 50),
        percentile(seconds, 95),
        percentile(seconds, 99),
        sum(by_arrival for _, by_arrival in delays),
    )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest of ``ordered`` values that at least ``percent`` of them do not exceed."""
    if not ordered:
        return None
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1]


def _delay(order: Published, stored: Stored) -> tuple[float, bool]:
    """Return the seconds that a gateway took, and whether they run to its receipt's arrival."""
    since = max(order.time, order.start)
    arrived = stored.arrived if stored.enforced_arrived is None else stored.enforced_arrived
    enforced = stored.enforced
    if enforced is None or not since - CLOCK_SLACK <= enforced <= arrived + CLOCK_SLACK:
        return max(0.0, arrived - since), True
    return max(0.0, enforced - since), False


def _refusing(stored: Stored) -> Refusing:
    receipt = stored.receipt
    return Refusing(receipt.gateway, receipt.reason, receipt.refused)
