"""What all workers have counted since the control process started. Sums only; no name, no client."""

from __future__ import annotations

from collections import Counter

from schoolguard.resolver.counts import BOUNDS
from schoolguard.serve.link import Counted


class Totals:
    """The sum of the workers' deltas; a worker that dies loses at most its last second."""

    def __init__(self) -> None:
        self.queries: Counter[tuple[str, str, str, int]] = Counter()
        self.events: Counter[str] = Counter()
        self.latency = [0] * (len(BOUNDS) + 1)
        self.latency_sum = 0.0
        self.gauges: dict[int, dict[str, float]] = {}

    def add(self, worker: int, message: Counted) -> None:
        """Take one worker's report."""
        counts = message.told.counts
        for school, group, tier, outcome, number in counts["queries"]:
            self.queries[school, group, tier, outcome] += number
        self.events.update(counts["events"])
        for at, number in enumerate(counts["latency"]):
            self.latency[at] += number
        self.latency_sum += counts["latency_sum"]
        self.gauges[worker] = message.gauges

    def forget(self, workers: set[int]) -> None:
        """Drop the gauges of workers that are gone; ``workers`` are the numbers still running."""
        self.gauges = {number: gauges for number, gauges in self.gauges.items() if number in workers}

    def least(self, name: str) -> float | None:
        """Return the lowest value of a gauge among the workers that told it, ``None`` when none did."""
        return min((gauges[name] for gauges in self.gauges.values() if name in gauges), default=None)

    def gauge(self, name: str) -> float:
        """Return a gauge summed over the workers."""
        return sum(gauges.get(name, 0.0) for gauges in self.gauges.values())
