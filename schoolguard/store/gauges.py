"""What deltas say of the whole gateway, and how it is written in a school's row. Pure; no file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gauges:
    """The latency histogram (counts by bucket), and queries that were lost."""

    latency: list[int] = field(default_factory=list)
    lost: int = 0

    def add(self, latency: Sequence[int], lost: int) -> None:
        """Add figures to these; the longer histogram gives the number of buckets."""
        self.latency.extend([0] * (len(latency) - len(self.latency)))
        for at, number in enumerate(latency):
            self.latency[at] += number
        self.lost += lost

    def take(self, other: Gauges) -> None:
        """Add another's."""
        self.add(other.latency, other.lost)


def gauges_text(gauges: Gauges) -> str:
    """Return gauges as one text, always the same for the same figures."""
    return json.dumps((gauges.latency, gauges.lost), separators=(",", ":"))


def gauges_of(text: str) -> Gauges:
    """Return the gauges of a text that ``gauges_text`` made; raises ``ValueError`` and ``TypeError``.

    Files of before had two more figures between these, which nothing read.
    """
    gauges = Gauges()
    latency, *_, lost = json.loads(text)
    gauges.add(latency, lost)
    return gauges
