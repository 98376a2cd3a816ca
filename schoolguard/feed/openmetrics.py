"""The last period of each school as OpenMetrics text, for a province that runs only Prometheus.

All are gauges: each number is of one period, and a period that comes late must not count twice; and a
Pushgateway and a textfile collector, which read the older text, take them as well. It must not make a series
of a day's names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from schoolguard.feed.documents import LATENCY_MILLISECONDS
from schoolguard.intake.orders.canonical import moment

Document = Mapping[str, Any]
_SUMMARY, _STANDING = "schoolguard-summary/", "schoolguard-standing/"


def openmetrics(documents: Iterable[Document]) -> str:
    """Return the series of each school's last summary and last standing document; days have none.

    Of summaries the highest sequence is the last, of standing documents the one that stands last. They were
    read strictly before.
    """
    summaries: dict[str, Document] = {}
    standings: dict[str, Document] = {}
    for document in documents:
        school = document["school"]
        if document["format"].startswith(_SUMMARY):
            before = summaries.get(school)
            if before is None or before["sequence"] <= document["sequence"]:
                summaries[school] = document
        elif document["format"].startswith(_STANDING):
            standings[school] = document
    collector = _Collector([summaries[school] for school in sorted(summaries)], standings)
    text: bytes = generate_latest(collector)  # type: ignore[no-untyped-call]
    return text.decode()


class _Collector(Collector):
    """Makes the series; it is no part of a registry."""

    def __init__(self, summaries: list[Document], standings: Mapping[str, Document]) -> None:
        self._summaries = summaries
        self._standings = [standings[school] for school in sorted(standings)]

    def collect(self) -> Iterator[Metric]:
        """Yield all series."""
        yield from (self._number(*each) for each in _NUMBERS)
        yield self._ends()
        yield self._queries()
        yield self._words(
            "bypass",
            "bypass_attempts",
            "Attempts to get round the gateway that are no cause, at least.",
            "kind",
        )
        yield self._words("shadow", "shadow_blocks", "Queries that what is on trial would block.", "cause")
        yield self._latency()
        yield from self._standing()

    def _number(self, member: str, name: str, text: str) -> Metric:
        family = _gauge(name, text, "school")
        for document in self._summaries:
            if member in document:
                family.add_metric((document["school"],), document[member])
        return family

    def _ends(self) -> Metric:
        family = _gauge("period_end_timestamp_seconds", "When the period ended.", "school")
        for document in self._summaries:
            family.add_metric((document["school"],), moment(document["end"]))
        return family

    def _queries(self) -> Metric:
        family = _gauge(
            "queries", "Queries of the period, disjoint parts.", "school", "tier", "outcome", "cause"
        )
        for document in self._summaries:
            for tier, parts in document.get("queries", {}).items():
                for cause, number in parts.get("blocked", {}).items():
                    family.add_metric((document["school"], tier, "blocked", cause), number)
                for outcome, number in parts.get("outcomes", {}).items():
                    family.add_metric((document["school"], tier, outcome, ""), number)
        return family

    def _words(self, member: str, name: str, text: str, label: str) -> Metric:
        family = _gauge(name, text, "school", label)
        for document in self._summaries:
            for word, number in document.get(member, {}).items():
                family.add_metric((document["school"], word), number)
        return family

    def _latency(self) -> Metric:
        family = _gauge(
            "replies_within_ratio", "Share of replies that took at most so long.", "school", "seconds"
        )
        for document in self._summaries:
            for bound, share in zip(LATENCY_MILLISECONDS, document.get("latency", ()), strict=False):
                family.add_metric((document["school"], str(bound / 1000)), share / 100)
        return family

    def _standing(self) -> Iterator[Metric]:
        started = _gauge("started_timestamp_seconds", "When the gateway was started.", "school")
        entries = _gauge("list_entries", "Entries of a list in force.", "school", "list")
        changed = _gauge("list_timestamp_seconds", "When a list changed.", "school", "list")
        build = _gauge(
            "gateway_info", "1, with software and policy in force.", "school", "software", "policy"
        )
        for document in self._standings:
            school = document["school"]
            started.add_metric((school,), moment(document["started"]))
            build.add_metric((school, document["software"], document["policy"]), 1)
            for each in document["lists"]:
                entries.add_metric((school, each["id"]), each["entries"])
                changed.add_metric((school, each["id"]), moment(each["changed"]))
        yield from (started, entries, changed, build)


_NUMBERS = (
    ("sequence", "sequence", "Number of the period's document."),
    ("seconds", "period_seconds", "Length of the period."),
    ("missing", "missing_queries", "Queries answered and not counted, at most."),
    ("clock-believed", "clock_believed", "1 when the gateway believed its clock."),
    ("devices", "devices", "Devices that asked, a multiple of k; none: fewer than k."),
)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"schoolguard_feed_{name}", text, labels=labels)
