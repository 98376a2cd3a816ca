"""The gateway's Prometheus series, all of one moment, made when scraped.

Labels are bounded by the configuration and by words of this program: never a name that a pupil asked for,
never a client. No exemplars. Every series is described in METRICS.md, checked by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schoolguard.node import (
    metrics_counted,
    metrics_gateway,
    metrics_kept,
    metrics_parts,
    metrics_processes,
    subscribed_metrics,
    transfer_metrics,
)
from schoolguard.node.metrics_counted import counted
from schoolguard.node.metrics_gateway import gateway
from schoolguard.node.metrics_kept import kept
from schoolguard.node.metrics_parts import parts
from schoolguard.node.metrics_processes import processes
from schoolguard.node.metrics_readings import GatewayState, ListState, Readings
from schoolguard.node.metrics_rising import Rising

__all__ = ["ALL", "GatewayCollector", "GatewayState", "ListState"]

ALL = {
    "What was asked and answered": metrics_counted.ALL,
    "The gateway, its policy and its lists": metrics_gateway.ALL,
    "Passes, budgets, orders, the publisher, the disk": metrics_parts.ALL,
    "The store of counts and the feed to the province": metrics_kept.ALL,
    "Processes": metrics_processes.ALL,
    "Fetched lists": subscribed_metrics.ALL,
    "Zone transfer": transfer_metrics.ALL,
}
"""Every series that a gateway shows, in the order of METRICS.md."""


class GatewayCollector(Collector):
    """Makes the series anew for each scrape; ``read`` is called once, from the scrape's own thread."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read
        self._cpu, self._faults, self._kept = Rising(), Rising(), Rising()

    def collect(self) -> Iterable[Metric]:
        """Return all series."""
        readings = self._read()
        yield from counted(readings.sums, readings.state.categories)
        yield from gateway(readings)
        yield from parts(readings, self._faults)
        yield from kept(readings, self._kept)
        yield from processes(readings.processes, self._cpu)
