"""The gateway's Prometheus series, collected from the totals when scraped.

Labels are bounded by the configuration: school, group, tier, category, outcome, upstream, list. Never a name
that a pupil asked for, never a client. Every series is described in the README, checked by a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from schoolguard import __version__
from schoolguard.categories import Category
from schoolguard.node.meaning import meaning
from schoolguard.node.totals import Totals
from schoolguard.resolver.counts import BOUNDS

_CACHES = {"cache-reply": "reply", "cache-answer": "answer", "cache-miss": "none"}


@dataclass(frozen=True, slots=True)
class ListState:
    """One list as it stands in the snapshot in force; ``changed`` is the file's time, Unix seconds."""

    id: str
    entries: int
    changed: float
    refused: int
    last_good: bool


@dataclass(slots=True)
class GatewayState:
    """What else the series show, kept up to date by the control process."""

    workers: int = 0
    restarts: int = 0
    generation: int = 0
    ready: bool = False
    reloads: int = 0
    reloads_refused: int = 0
    reloaded: float = 0.0
    snapshot_names: int = 0
    snapshot_bytes: int = 0
    compiled: float = 0.0
    compile_seconds: float = 0.0
    compiles_failed: int = 0
    lists: tuple[ListState, ...] = ()
    categories: dict[int, Category] = field(default_factory=dict)


class GatewayCollector(Collector):
    """Makes the series anew for each scrape."""

    def __init__(self, totals: Totals, state: Callable[[], GatewayState]) -> None:
        self._totals = totals
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Return all series."""
        state = self._state()
        yield InfoMetricFamily("schoolguard_build", "Version of SchoolGuard.", {"version": __version__})
        yield from self._queries(state)
        yield from self._path()
        yield from _gateway(state)
        yield from _lists(state)

    def _queries(self, state: GatewayState) -> Iterable[Metric]:
        queries = _PerGroup("schoolguard_dns_queries", "Queries answered, by outcome.", "outcome")
        blocks = _PerGroup("schoolguard_dns_blocks", "Queries blocked, by category or cause.", "category")
        bypass = _PerGroup("schoolguard_bypass_attempts", "Attempts to get round the gateway.", "kind")
        shadow = _PerGroup(
            "schoolguard_shadow_blocks", "Queries allowed that what is on trial would block.", "category"
        )
        for (school, group, tier, outcome), number in self._totals.queries.items():
            meant, where = meaning(outcome, state.categories), (school, group, tier)
            queries.add(where, meant.outcome, number)
            blocks.add(where, meant.blocked, number)
            bypass.add(where, meant.bypass.word if meant.bypass is not None else None, number)
            shadow.add(where, meant.shadow, number)
        yield from (each.family() for each in (queries, blocks, bypass, shadow))

    def _path(self) -> Iterable[Metric]:
        events = self._totals.events
        caches = CounterMetricFamily(
            "schoolguard_dns_cache_lookups", "Queries by the cache that answered them.", labels=("cache",)
        )
        upstreams = CounterMetricFamily(
            "schoolguard_upstream_failures", "Exchanges that failed.", labels=("upstream", "reason")
        )
        other = CounterMetricFamily(
            "schoolguard_dns_events", "Packets refused, dropped or unusual, by kind.", labels=("event",)
        )
        for event, number in sorted(events.items()):
            kind, colon, server = event.partition(":")
            if event in _CACHES:
                caches.add_metric((_CACHES[event],), number)
            elif colon:
                upstreams.add_metric((server, kind.removeprefix("upstream-")), number)
            else:
                other.add_metric((event,), number)
        yield from (caches, upstreams, other, self._latency())
        for name, text in _GAUGES.items():
            yield GaugeMetricFamily(
                f"schoolguard_{name.replace('-', '_')}", text, value=self._totals.gauge(name)
            )

    def _latency(self) -> Metric:
        buckets, running = [], 0
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), self._totals.latency, strict=True):
            running += number
            buckets.append((bound, running))
        latency = HistogramMetricFamily(
            "schoolguard_dns_reply_seconds", "Time from a query's arrival in the worker to its reply."
        )
        latency.add_metric((), buckets, self._totals.latency_sum)
        return latency


class _PerGroup:
    """A series by school, group, tier and one more label, summed up."""

    def __init__(self, name: str, text: str, label: str) -> None:
        self._name, self._text, self._label = name, text, label
        self._sums: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, where: tuple[str, str, str], word: str | None, number: int) -> None:
        """Count ``number`` under ``word``, if there is one."""
        if word is not None:
            self._sums[(*where, word)] += number

    def family(self) -> Metric:
        """Return the series."""
        labels = ("school", "group", "tier", self._label)
        family = CounterMetricFamily(self._name, self._text, labels=labels)
        for key, number in sorted(self._sums.items()):
            family.add_metric(key, number)
        return family


_GAUGES = {
    "tcp-connections": "Open TCP connections of clients.",
    "queries-in-flight": "Queries waiting for an upstream.",
    "answers-cached": "Answers in the answer caches.",
    "replies-cached": "Finished replies in the reply caches.",
    "clients": "Client addresses seen since the last reload.",
    "clock-believed": "Workers that believe the clock; under the others the strictest plan holds.",
}


def _gateway(state: GatewayState) -> Iterable[Metric]:
    gauge, counter = GaugeMetricFamily, CounterMetricFamily
    yield gauge("schoolguard_ready", "1 when every worker runs under the last policy.", value=state.ready)
    yield gauge("schoolguard_workers", "Worker processes.", value=state.workers)
    yield counter("schoolguard_worker_restarts", "Workers replaced after they died.", value=state.restarts)
    yield gauge("schoolguard_policy_generation", "Number of the policy in force.", value=state.generation)
    yield counter("schoolguard_reloads", "Reloads that took effect.", value=state.reloads)
    yield counter("schoolguard_reloads_refused", "Reloads refused for errors.", value=state.reloads_refused)
    yield gauge(
        "schoolguard_reload_timestamp_seconds", "When the policy in force was loaded.", value=state.reloaded
    )


def _lists(state: GatewayState) -> Iterable[Metric]:
    gauge = GaugeMetricFamily
    yield gauge("schoolguard_snapshot_names", "Names in the snapshot in force.", value=state.snapshot_names)
    yield gauge("schoolguard_snapshot_bytes", "Size of the snapshot in force.", value=state.snapshot_bytes)
    yield gauge(
        "schoolguard_snapshot_timestamp_seconds", "When the snapshot was compiled.", value=state.compiled
    )
    yield gauge("schoolguard_compile_seconds", "Time the last compile took.", value=state.compile_seconds)
    yield CounterMetricFamily(
        "schoolguard_compiles_failed", "Compiles that failed.", value=state.compiles_failed
    )
    entries = gauge("schoolguard_list_entries", "Entries taken from a list.", labels=("list",))
    changed = gauge("schoolguard_list_timestamp_seconds", "When a list's file changed.", labels=("list",))
    refused = gauge("schoolguard_list_lines_refused", "Lines refused in a list.", labels=("list",))
    fallback = gauge(
        "schoolguard_list_last_good",
        "1 when a list was refused and its last good copy serves.",
        labels=("list",),
    )
    for each in state.lists:
        entries.add_metric((each.id,), each.entries)
        changed.add_metric((each.id,), each.changed)
        refused.add_metric((each.id,), each.refused)
        fallback.add_metric((each.id,), each.last_good)
    yield from (entries, changed, refused, fallback)
