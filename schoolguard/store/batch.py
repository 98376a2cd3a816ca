"""Deltas merged: what one transaction adds. Pure; it decides nothing about what is a duplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schoolguard.store.gauges import Gauges
from schoolguard.store.model import Cell, Delta
from schoolguard.store.numbers import Numbers


@dataclass(slots=True)
class Batch:
    """Counts by minute and cell (``minute`` is Unix time divided by 60), the gateway's figures, and whose
    they are.
    """

    counts: dict[tuple[int, Cell], int] = field(default_factory=dict)
    gauges: Gauges = field(default_factory=Gauges)
    numbers: Numbers = field(default_factory=Numbers)

    def add(self, delta: Delta) -> None:
        """Merge a delta that is in nothing else."""
        for cell, queries in delta.queries.items():
            key = delta.minute, cell
            self.counts[key] = self.counts.get(key, 0) + queries
        self.gauges.add(delta.latency, delta.lost)
        self.numbers.add(delta.worker, delta.number)

    def take(self, other: Batch) -> None:
        """Merge another batch."""
        for key, queries in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + queries
        self.gauges.take(other.gauges)
        self.numbers.take(other.numbers)

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def queries(self) -> int:
        """Return how many queries it counts."""
        return sum(self.counts.values())


def merged(deltas: Sequence[Delta], *known: Numbers) -> Batch:
    """Return what deltas add, each number once, without those that are known."""
    batch = Batch()
    for delta in deltas:
        taken = (*known, batch.numbers)
        if not any(numbers.has(delta.worker, delta.number) for numbers in taken):
            batch.add(delta)
    return batch
