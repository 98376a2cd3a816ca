"""What a worker counts: plain integers in lists, added on the hot path, taken as deltas once a second.

Labels are bounded: school, tier, outcome, category. Never a name, never a client.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum


class Outcome(IntEnum):
    """What became of a query; blocked ones count at ``BLOCKED + category bit`` or at ``DENIED``."""

    ALLOWED = 0
    LOCAL = 1
    STALE = 2
    FAILED = 3
    REBINDING = 4
    BLOCKED = 8
    DENIED = 72


SIZE = Outcome.DENIED + 1
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency histogram, in seconds; one more bucket holds what is slower."""


@dataclass(slots=True)
class Counts:
    """All counters of one worker since it was last asked."""

    queries: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    latency_sum: float = 0.0
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, school: str, tier: str) -> list[int]:
        """Return the outcome counters of one school and tier, to be added to in place."""
        return self.queries.setdefault((school, tier), [0] * SIZE)

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count ``times`` replies that took ``seconds`` or less."""
        at = 0
        for bound in BOUNDS:
            if seconds <= bound:
                break
            at += 1
        self.latency[at] += times
        self.latency_sum += seconds * times

    def take(self) -> dict[str, object]:
        """Return what was counted since the last call, without zeros, and begin again at 0."""
        queries: list[tuple[str, str, int, int]] = []
        for (school, tier), row in self.queries.items():
            queries.extend((school, tier, i, n) for i, n in enumerate(row) if n)
            row[:] = [0] * SIZE  # in place: clients hold this list
        latency, self.latency = self.latency, [0] * (len(BOUNDS) + 1)
        seconds, self.latency_sum = self.latency_sum, 0.0
        events = dict(self.events)
        self.events.clear()
        return {"queries": queries, "latency": latency, "latency_sum": seconds, "events": events}
