"""What deltas say of the whole gateway, and how it is written in a school's row. Pure; no file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gauges:
    """The latency histogram (counts by bucket; the sum in seconds), events, and queries that were lost."""

    latency: list[int] = field(default_factory=list)
    latency_sum: float = 0.0
    events: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    def add(self, latency: Sequence[int], latency_sum: float, events: Mapping[str, int], lost: int) -> None:
        """Add figures to these; the longer histogram gives the number of buckets."""
        self.latency.extend([0] * (len(latency) - len(self.latency)))
        for at, number in enumerate(latency):
            self.latency[at] += number
        self.latency_sum += latency_sum
        self.events.update(events)
        self.lost += lost

    def take(self, other: Gauges) -> None:
        """Add another's."""
        self.add(other.latency, other.latency_sum, other.events, other.lost)


def gauges_text(gauges: Gauges) -> str:
    """Return gauges as one text, always the same for the same figures."""
    told = (gauges.latency, gauges.latency_sum, dict(sorted(gauges.events.items())), gauges.lost)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def gauges_of(text: str) -> Gauges:
    """Return the gauges of a text that ``gauges_text`` made; raises ``ValueError`` and ``TypeError``."""
    gauges = Gauges()
    gauges.add(*json.loads(text))
    return gauges
