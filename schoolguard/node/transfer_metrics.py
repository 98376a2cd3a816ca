"""The Prometheus series of zone transfer, collected when scraped.

Labels are bounded by the configuration: transfer, zone, reason, kind. Never a name that a list or a zone
holds. Every series is described in the README, checked by a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from schoolguard.intake.transfer.model import ZoneState
from schoolguard.node.exporting import ExportState


@dataclass(frozen=True, slots=True)
class TransferStates:
    """How zone transfer stands.

    ``failed`` counts rounds by transfer and reason, ``heard`` NOTIFY by what became of them, ``replies`` what
    secondaries got by kind. ``deaf`` are addresses that cannot be listened on, each with the reason;
    ``unheard`` has the serial that a secondary did not confirm, by zone and address.
    """

    zones: tuple[ZoneState, ...] = ()
    exports: tuple[ExportState, ...] = ()
    failed: Mapping[tuple[str, str], int] = field(default_factory=Counter)
    heard: Mapping[str, int] = field(default_factory=Counter)
    replies: Mapping[str, int] = field(default_factory=Counter)
    deaf: Mapping[str, str] = field(default_factory=dict)
    unheard: Mapping[tuple[str, str], int] = field(default_factory=dict)
    exports_failed: int = 0


class TransferCollector(Collector):
    """Makes the series anew for each scrape."""

    def __init__(self, states: Callable[[], TransferStates]) -> None:
        self._states = states

    def collect(self) -> Iterable[Metric]:
        """Return all series."""
        states = self._states()
        yield from _transfers(states)
        yield from _exports(states)
        yield GaugeMetricFamily(
            "schoolguard_transfer_deaf", "Addresses that cannot be listened on.", value=len(states.deaf)
        )


def _transfers(states: TransferStates) -> Iterable[Metric]:
    serial = _gauge("serial", "Serial of a transferred zone; none before it came.")
    records = _gauge("records", "Records of a transferred zone.")
    refreshed = _gauge("refreshed_timestamp_seconds", "When a primary last confirmed a zone.")
    expires = _gauge("expires_timestamp_seconds", "When that will be too long ago.")
    expired = _gauge("expired", "1 when no primary confirmed a zone for too long; it stays in force.")
    for zone in states.zones:
        if zone.serial is not None:
            serial.add_metric((zone.id,), zone.serial)
        records.add_metric((zone.id,), zone.records)
        refreshed.add_metric((zone.id,), zone.refreshed)
        expires.add_metric((zone.id,), zone.expires)
        expired.add_metric((zone.id,), zone.expired)
    failures = CounterMetricFamily(
        "schoolguard_transfer_failures", "Rounds that brought nothing.", labels=("transfer", "reason")
    )
    for labels, number in sorted(states.failed.items()):
        failures.add_metric(labels, number)
    notices = CounterMetricFamily(
        "schoolguard_transfer_notices", "NOTIFY that came, by what became of them.", labels=("fate",)
    )
    for fate, number in sorted(states.heard.items()):
        notices.add_metric((fate,), number)
    yield from (serial, records, refreshed, expires, expired, failures, notices)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"schoolguard_transfer_{name}", text, labels=("transfer",))


def _exports(states: TransferStates) -> Iterable[Metric]:
    labels = ("zone", "tier")
    serial = GaugeMetricFamily("schoolguard_export_serial", "Serial of a served zone.", labels=labels)
    rulings = GaugeMetricFamily("schoolguard_export_rulings", "Names that it rules on.", labels=labels)
    left = GaugeMetricFamily(
        "schoolguard_export_left", "What a policy zone cannot say, by kind.", labels=(*labels, "kind")
    )
    unheard = GaugeMetricFamily(
        "schoolguard_export_unheard", "Secondaries that did not confirm the newest serial.", labels=labels
    )
    for each in states.exports:
        serial.add_metric((each.zone, each.tier), each.serial)
        rulings.add_metric((each.zone, each.tier), each.rulings)
        for kind in ("patterns", "typed", "too_long"):
            left.add_metric((each.zone, each.tier, kind), getattr(each.left, kind))
        silent = sum(zone == each.zone for zone, _ in states.unheard)
        unheard.add_metric((each.zone, each.tier), silent)
    replies = CounterMetricFamily(
        "schoolguard_export_replies", "Replies to secondaries, by kind.", labels=("kind",)
    )
    for kind, number in sorted(states.replies.items()):
        replies.add_metric((kind,), number)
    yield from (serial, rulings, left, unheard, replies)
    yield CounterMetricFamily(
        "schoolguard_exports_failed",
        "Exports that failed; the former zones stay.",
        value=states.exports_failed,
    )
