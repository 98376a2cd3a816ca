"""What a run found, as a table with the aims beside it."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.bench.orders.watching import CAUSES, NONE, Order, Watch, seen

P95, P99 = 2.0, 5.0
"""The aims, in seconds, for all orders together."""


@dataclass
class Found:
    """Everything that is printed."""

    gateways: int
    orders: list[Order] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    carried: dict[str, Any] = field(default_factory=dict)
    lost: int | None = None
    unconfirmed: int | None = None
    repeated: int = 0
    memory: int = 0
    slowest_turn: float = 0.0
    seconds: float = 0.0
    busy: float = 0.0
    own: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the aims are met."""
        undisturbed = [way.seconds for way in seen(self.watches) if way.cause == NONE]
        whole = self.lost == 0 == self.unconfirmed and bool(undisturbed)
        return whole and percentile(undisturbed, 95) <= P95 and percentile(undisturbed, 99) <= P99


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile by nearest rank."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1]


def printed(found: Found) -> str:
    """Return the table and what belongs to it."""
    return "\n".join((*_machine(found), "", *_table(found), "", *_ending(found)))


def _machine(found: Found) -> list[str]:
    possible = found.seconds * (os.cpu_count() or 1)
    load = f"{found.busy / possible:.0%}, by this run {found.own / possible:.0%}" if possible else "-"
    return [
        f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, busy {load}",
        f"{found.gateways} gateways, {len(found.orders)} orders, one name each; "
        f"{found.memory / found.gateways / 1e6:.0f} MB a gateway",
    ]


def _table(found: Found) -> list[str]:
    ways = list(seen(found.watches))
    rows = [("`partner order` to REFUSED, " + cause, [way.seconds for way in ways if way.cause == cause])
            for cause in CAUSES]  # fmt: skip
    from_order = [way.seen - way.order.began for way in ways if way.cause != NONE]
    rows.append(("the disturbed ones, from `partner order`", from_order))
    calm = [way for way in ways if way.cause == NONE and way.order.published]
    rows.append(("  of it: until published", [order.published - order.began for order in found.orders
                                             if order.published]))  # fmt: skip
    rows.append(("  of it: published to REFUSED", [way.seen - way.order.published for way in calm]))
    lines = ["| seconds | orders x gateways | p50 | p95 | p99 | worst |", "|---|--:|--:|--:|--:|--:|"]
    lines += [_row(name, values) for name, values in rows]
    return [*lines, f"| aim | | | {P95:.0f} | {P99:.0f} | |"]


def _row(name: str, values: Sequence[float]) -> str:
    if not values:
        return f"| {name} | 0 | - | - | - | - |"
    figures = " | ".join(f"{percentile(values, percent):.2f}" for percent in (50, 95, 99, 100))
    return f"| {name} | {len(values)} | {figures} |"


def _ending(found: Found) -> list[str]:
    carried = found.carried
    lines = [
        f"lost: {_count(found.lost)} (aim 0); "
        f"orders not confirmed by every gateway: {_count(found.unconfirmed)} (aim 0)",
        f"commands repeated because the publisher was away: {found.repeated}",
        "troubles: " + (", ".join(f"{cause} {count}" for cause, count in found.troubles.items()) or "none"),
    ]
    if carried:
        lines.append(
            f"lines: {carried['packets']} packets, {carried['lost']} lost, {carried['cut']} cut off, "
            f"{carried['late']} over 5 ms late, at most {1000 * carried['latest']:.0f} ms"
        )
    lines.append(f"asking all gateways once took at most {1000 * found.slowest_turn:.0f} ms")
    return lines


def _count(number: int | None) -> str:
    return "not counted" if number is None else str(number)
