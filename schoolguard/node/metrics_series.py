"""What a series is: its name, type, unit, labels and meaning, declared once for the page and for METRICS.md.

It must not know where values come from. Names follow Prometheus' rules: base units (seconds, bytes) at the
end, ``_total`` behind what only rises, ``_info`` behind what is always 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

UNITS = ("seconds", "bytes")
Labels = tuple[str, ...]
"""The labels' values, in the order of their names."""


class Kind(StrEnum):
    """The types of OpenMetrics that are used here."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


_SUFFIXES = {Kind.COUNTER: "_total", Kind.INFO: "_info"}


@dataclass(frozen=True, slots=True)
class Series:
    """One series; ``name`` is as the page shows it, ``labels`` are the names of its labels."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The name without what its type adds."""
        return self.name.removesuffix(_SUFFIXES.get(self.kind, ""))

    @property
    def unit(self) -> str:
        """The base unit that the name ends in, empty for what is counted."""
        return next((unit for unit in UNITS if self.base.endswith(f"_{unit}")), "")

    def family(self, samples: Iterable[tuple[Labels, float]]) -> Metric:
        """Return the series with its samples; none when nothing is known yet."""
        if self.kind is Kind.INFO:
            info = InfoMetricFamily(self.base, self.text, labels=self.labels)
            for labels, _ in samples:
                info.add_metric((), dict(zip(self.labels, labels, strict=True)))
            return info
        make = CounterMetricFamily if self.kind is Kind.COUNTER else GaugeMetricFamily
        family = make(self.base, self.text, labels=self.labels, unit=self.unit)
        for labels, value in samples:
            family.add_metric(labels, value)
        return family

    def one(self, value: float | None) -> Metric:
        """Return a series without labels; ``None`` when its value is not known."""
        return self.family(() if value is None else (((), value),))

    def histogram(
        self, bounds: Sequence[float], samples: Iterable[tuple[Labels, Sequence[int], float]]
    ) -> Metric:
        """Return a histogram; a sample has numbers by bucket, one more than ``bounds``, and the sum."""
        family = HistogramMetricFamily(self.base, self.text, labels=self.labels, unit=self.unit)
        words = (*map(str, bounds), "+Inf")
        for labels, numbers, total in samples:
            buckets, running = [], 0
            for word, number in zip(words, numbers, strict=True):
                running += number
                buckets.append((word, float(running)))
            family.add_metric(labels, buckets, total)
        return family


def counter(name: str, text: str, *labels: str) -> Series:
    """Declare what only rises."""
    return Series(f"schoolguard_{name}", Kind.COUNTER, text, labels)


def gauge(name: str, text: str, *labels: str) -> Series:
    """Declare what rises and falls."""
    return Series(f"schoolguard_{name}", Kind.GAUGE, text, labels)
