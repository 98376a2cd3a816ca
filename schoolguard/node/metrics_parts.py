"""The series of what stands beside the resolving: passes, budgets, orders, the publisher, the state folder.

Labels are bounded: schools and budgets of the configuration, roles of the publisher's metadata, words of this
program. Never a device, never who granted or why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import Metric

from schoolguard.node.following_state import FollowingState
from schoolguard.node.metrics_readings import DiskReading, OrderReading, PassReading, Readings
from schoolguard.node.metrics_rising import Rising
from schoolguard.node.metrics_series import counter, gauge

PASSES = gauge("passes_in_force", "Passes that are in force.", "school")
GRANTED = counter("passes_granted_total", "Passes granted, those that a restart still found too.", "school")
BUDGETS = gauge("budget_devices_used_up", "Devices that have used up a time budget today.", "budget")
ORDERS = gauge("orders_in_force", "Takedown orders that hold now.")
RECEIPTS = gauge("order_receipts_waiting", "Receipts for orders that the publisher has not acknowledged.")
SUCCESS = gauge(
    "publisher_success_timestamp_seconds", "When the publisher's state was last believed; 0 for never."
)
INSTALLED = gauge(
    "publisher_installed_timestamp_seconds", "When its lists were last put in force; 0 for never."
)
UP_TO_DATE = gauge("publisher_up_to_date", "1 when the lists in force are those that it offers.")
EXPIRES = gauge(
    "publisher_expires_timestamp_seconds", "When its metadata expires, the soonest of each role.", "role"
)
FAULTS = counter("publisher_faults_total", "What went wrong in following the publisher, by kind.", "fault")
PROBLEMS = gauge("publisher_problems", "What is wrong in following the publisher now.")
FREE = gauge("state_free_bytes", "Free space of the file system of the state folder.")
SIZE = gauge("state_size_bytes", "Size of the file system of the state folder.")
ALL = (
    *(PASSES, GRANTED, BUDGETS, ORDERS, RECEIPTS, SUCCESS, INSTALLED, UP_TO_DATE, EXPIRES, FAULTS, PROBLEMS),
    *(FREE, SIZE),
)

_ROLES = ("root", "timestamp", "snapshot", "targets")
"""TUF's own; what is delegated is a partner's, and there are as many as the publisher names."""


def parts(readings: Readings, faults: Rising) -> Iterator[Metric]:
    """Yield every series of this module; ``faults`` keeps what was counted of former publishers."""
    yield from _passes(readings.passes or PassReading({}, {}))
    yield BUDGETS.family(((budget,), number) for budget, number in sorted(readings.budgets.items()))
    yield from _orders(readings.orders)
    yield from _publisher(readings.publisher, faults)
    yield from _disk(readings.disk)


def _passes(passes: PassReading) -> Iterator[Metric]:
    yield PASSES.family(((school,), number) for school, number in sorted(passes.in_force.items()))
    yield GRANTED.family(((school,), number) for school, number in sorted(passes.granted.items()))


def _orders(orders: OrderReading | None) -> Iterator[Metric]:
    yield ORDERS.one(None if orders is None else orders.in_force)
    yield RECEIPTS.one(None if orders is None else orders.receipts)


def _publisher(state: FollowingState | None, faults: Rising) -> Iterator[Metric]:
    yield SUCCESS.one(None if state is None else state.success)
    yield INSTALLED.one(None if state is None else state.installed)
    yield UP_TO_DATE.one(None if state is None else state.state == state.offered)
    soonest = {} if state is None else _soonest(state.expires)
    yield EXPIRES.family(((role,), when) for role, when in sorted(soonest.items()))
    counted = faults.all({} if state is None else state.faults)
    yield FAULTS.family(((fault,), number) for fault, number in sorted(counted.items()))
    yield PROBLEMS.one(None if state is None else len(state.problems))


def _soonest(expires: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, when in expires.items():
        role = name if name in _ROLES else "partner"
        found[role] = min(when, found.get(role, when))
    return found


def _disk(disk: DiskReading | None) -> Iterator[Metric]:
    yield FREE.one(None if disk is None else disk.free)
    yield SIZE.one(None if disk is None else disk.size)
