"""The Prometheus series of zone transfer, collected when scraped.

Labels are bounded by the configuration: transfer, zone, reason, kind. Never a name that a list or a zone
holds. Every series is described in METRICS.md, checked by a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schoolguard.intake.transfer.model import ZoneState
from schoolguard.node.exporting import ExportState
from schoolguard.node.metrics_series import counter, gauge

SERIAL = gauge("transfer_serial", "Serial of a transferred zone; none before it came.", "transfer")
RECORDS = gauge("transfer_records", "Records of a transferred zone.", "transfer")
REFRESHED = gauge("transfer_refreshed_timestamp_seconds", "When a primary last confirmed a zone.", "transfer")
EXPIRES = gauge("transfer_expires_timestamp_seconds", "When that will be too long ago.", "transfer")
EXPIRED = gauge(
    "transfer_expired", "1 when no primary confirmed a zone for too long; it stays in force.", "transfer"
)
FAILURES = counter("transfer_failures_total", "Rounds that brought nothing.", "transfer", "reason")
NOTICES = counter("transfer_notices_total", "NOTIFY that came, by what became of them.", "fate")
DEAF = gauge("transfer_deaf", "Addresses for zone transfer that cannot be listened on.")
EXPORT_SERIAL = gauge("export_serial", "Serial of a served zone.", "zone", "tier")
RULINGS = gauge("export_rulings", "Names that a served zone rules on.", "zone", "tier")
LEFT = gauge("export_left", "What a policy zone cannot say, by kind.", "zone", "tier", "kind")
UNHEARD = gauge("export_unheard", "Secondaries that did not confirm the newest serial.", "zone", "tier")
REPLIES = counter("export_replies_total", "Replies to secondaries, by kind.", "kind")
EXPORTS_FAILED = counter("exports_failed_total", "Exports that failed; the former zones stay.")
ALL = (
    *(SERIAL, RECORDS, REFRESHED, EXPIRES, EXPIRED, FAILURES, NOTICES, DEAF),
    *(EXPORT_SERIAL, RULINGS, LEFT, UNHEARD, REPLIES, EXPORTS_FAILED),
)


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


def _transfers(states: TransferStates) -> Iterator[Metric]:
    zones = states.zones
    yield SERIAL.family(((zone.id,), zone.serial) for zone in zones if zone.serial is not None)
    yield RECORDS.family(((zone.id,), zone.records) for zone in zones)
    yield REFRESHED.family(((zone.id,), zone.refreshed) for zone in zones)
    yield EXPIRES.family(((zone.id,), zone.expires) for zone in zones)
    yield EXPIRED.family(((zone.id,), zone.expired) for zone in zones)
    yield FAILURES.family(sorted(states.failed.items()))
    yield NOTICES.family(((fate,), number) for fate, number in sorted(states.heard.items()))
    yield DEAF.one(len(states.deaf))


def _exports(states: TransferStates) -> Iterator[Metric]:
    exports = {(each.zone, each.tier): each for each in states.exports}
    yield EXPORT_SERIAL.family((labels, each.serial) for labels, each in exports.items())
    yield RULINGS.family((labels, each.rulings) for labels, each in exports.items())
    yield LEFT.family(
        ((*labels, kind), getattr(each.left, kind))
        for labels, each in exports.items()
        for kind in ("patterns", "typed", "too_long")
    )
    yield UNHEARD.family((labels, sum(zone == labels[0] for zone, _ in states.unheard)) for labels in exports)
    yield REPLIES.family(((kind,), number) for kind, number in sorted(states.replies.items()))
    yield EXPORTS_FAILED.one(states.exports_failed)
