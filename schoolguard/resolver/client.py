"""One client as the query path knows it: its plan's seat, its counters, what it may still ask this second."""

from __future__ import annotations

from schoolguard.policy.budgets import BudgetTable
from schoolguard.resolver.front import UNSEATED
from schoolguard.resolver.standing import Seated, Standing


class Client:
    """A client address, or a device ``behind`` a trusted forwarder.

    ``device`` is its ``mac``, or its address when that is not known. ``counts`` are its own counters, a place
    for each outcome and one for each set of budgets that a name was found to use: so a cache hit marks a
    device and a budget by counting, and costs what any hit costs; once a second they are added to its group's
    (``group_counts``). ``rules`` are those it was admitted under. ``in_flight`` are questions that it was
    the first to ask, ``waiting`` all its queries that wait. ``logged`` says that its group keeps a query log.
    """

    __slots__ = (
        "address",
        "behind",
        "bit",
        "counts",
        "device",
        "group",
        "group_counts",
        "in_flight",
        "listener",
        "logged",
        "mac",
        "plan",
        "rules",
        "seat",
        "standing",
        "table",
        "tokens",
        "waiting",
    )

    def __init__(
        self,
        rules: object,
        standing: Standing,
        address: bytes,
        mac: bytes | None,
        listener: tuple[str, int] | None,
        group_counts: list[int],
        counts: list[int],
        table: BudgetTable | None,
    ) -> None:
        self.rules = rules
        self.standing = standing
        self.group = standing.group
        self.address = address
        self.mac = mac
        self.device = mac or address
        self.listener = listener
        self.group_counts = group_counts
        self.counts = counts
        self.table = table
        self.behind = False
        self.logged = False
        self.tokens = 0
        self.in_flight = 0
        self.waiting = 0

    def take(self, seated: Seated) -> None:
        """Come under a plan."""
        self.plan, self.seat = seated
        if self.logged:
            self.seat = UNSEATED  # no finished reply is its: each of its queries is judged, and so seen
        self.bit = self.seat.bit
