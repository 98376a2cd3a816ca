"""What a worker counts: plain integers in lists, added on the hot path, taken as deltas once a second.

Labels are bounded: school, group, tier, outcome, category. Never a name, never a client.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum

from schoolguard.resolver.sightings import Sightings


class Outcome(IntEnum):
    """What became of a query: one number, so that a cache hit counts by adding one to a place in a list.

    Blocked ones count at ``BLOCKED`` + category bit, or at one of the causes behind it; those blocked for
    what their answer leads to, at ``ALIAS`` + bit, or ``ALIAS_RULED``; attempts to get round the gateway at
    ``BYPASS`` + kind (``policy.bypass``); what was allowed and would be blocked if what is on trial were
    enforced, at ``SHADOW`` + bit, or ``SHADOW_RULED``.
    """

    ALLOWED = 0
    LOCAL = 1
    STALE = 2
    FAILED = 3
    REBINDING = 4
    SAFE_SEARCH = 5
    ECH_STRIPPED = 6
    BLOCKED = 8
    RULED = 72
    EXAM = 73
    BUDGET = 74
    UNSAFE_SEARCH = 75
    BYPASS = 80
    ALIAS = 96
    ALIAS_RULED = 160
    SHADOW = 168
    SHADOW_RULED = 232


SIZE = Outcome.SHADOW_RULED + 1
MAX_METERED = 500
"""Outcomes beyond these, of budgeted names: one for each set of budgets that names were found to use."""

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency histogram, in seconds; one more bucket holds what is slower."""

TOOK, MICROSECONDS = "upstream-took-", "upstream-microseconds"
"""Events of answers: ``upstream-took-3:SERVER`` counts those in the fourth bucket of ``BOUNDS``,
``upstream-microseconds:SERVER`` sums up their time."""

Of = tuple[str, str, str]
"""School, group and tier."""


def is_blocked(outcome: int) -> bool:
    """Return whether a query was answered by a block, for whatever cause."""
    return Outcome.BLOCKED <= outcome < Outcome.SHADOW


def is_allowed(outcome: int) -> bool:
    """Return whether the answer of an upstream went out: its TTLs age, its verdict does not."""
    return outcome in _ALLOWED or outcome >= Outcome.SHADOW


_ALLOWED = (Outcome.ALLOWED, Outcome.SAFE_SEARCH, Outcome.ECH_STRIPPED)


@dataclass(slots=True)
class Counts:
    """All counters of one worker since it was last asked.

    ``answered`` is one place that rises with each query counted at an outcome and is never set back: the
    worker shares it with whoever outlives it (``serve.tally``). ``seen`` are the devices behind the counts.
    """

    answered: list[int] | memoryview[int] = field(default_factory=lambda: [0])
    seen: Sightings = field(default_factory=Sightings)
    queries: dict[Of, list[int]] = field(default_factory=dict)
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    latency_sum: float = 0.0
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, school: str, group: str, tier: str) -> list[int]:
        """Return the outcome counters of one group, to be added to in place."""
        return self.queries.setdefault((school, group, tier), [0] * SIZE)

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count ``times`` replies that took ``seconds`` or less."""
        at = 0
        for bound in BOUNDS:
            if seconds <= bound:
                break
            at += 1
        self.latency[at] += times
        self.latency_sum += seconds * times

    def exchanged(self, upstream: str, seconds: float) -> None:
        """Count an answer that was taken from an upstream (``host@port``), and how long it took."""
        self.events[f"{TOOK}{bisect_left(BOUNDS, seconds)}:{upstream}"] += 1
        self.events[f"{MICROSECONDS}:{upstream}"] += round(seconds * 1_000_000)

    def take(self) -> dict[str, object]:
        """Return what was counted since the last call, without zeros, and begin again at 0."""
        queries: list[tuple[str, str, str, int, int]] = []
        for (school, group, tier), row in self.queries.items():
            queries.extend((school, group, tier, i, n) for i, n in enumerate(row) if n)
            row[:] = [0] * SIZE  # in place: clients hold this list
        latency, self.latency = self.latency, [0] * (len(BOUNDS) + 1)
        seconds, self.latency_sum = self.latency_sum, 0.0
        events = dict(self.events)
        self.events.clear()
        return {"queries": queries, "latency": latency, "latency_sum": seconds, "events": events}
