"""The series of what workers counted: queries, blocks, ways round, caches, upstreams, how long it took.

Labels are bounded by the configuration and by words of this program. Never a name that was asked for, never a
client.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import Metric

from schoolguard.categories import Category
from schoolguard.node.metrics_readings import Sums
from schoolguard.node.metrics_series import Kind, Labels, Series, counter, gauge
from schoolguard.resolver.counts import BOUNDS, MICROSECONDS, TOOK
from schoolguard.resolver.meaning import meaning

_WHERE = ("school", "group", "tier")
QUERIES = counter("dns_queries_total", "Queries answered, by outcome.", *_WHERE, "outcome")
BLOCKS = counter("dns_blocks_total", "Queries blocked, by category or cause.", *_WHERE, "category")
BYPASS = counter("bypass_attempts_total", "Attempts to get round the gateway, by kind.", *_WHERE, "kind")
SHADOW = counter(
    "shadow_blocks_total", "Queries allowed that what is on trial would block.", *_WHERE, "category"
)
LOOKUPS = counter("dns_cache_lookups_total", "Queries by the cache that answered them.", "cache")
FAILURES = counter(
    "upstream_failures_total", "Exchanges that failed, by upstream and reason.", *("upstream", "reason")
)
EXCHANGES = Series(
    "schoolguard_upstream_exchange_seconds",
    Kind.HISTOGRAM,
    "Time from a question to an upstream to its answer, of those that came.",
    ("upstream",),
)
EVENTS = counter("dns_events_total", "Packets refused, dropped or unusual, by kind.", "event")
LATENCY = Series(
    "schoolguard_dns_reply_seconds",
    Kind.HISTOGRAM,
    "Time from a query's arrival in the worker to its reply.",
)
ENTRIES = gauge("dns_cache_entries", "What the caches of all workers hold, by cache.", "cache")
SIZE = gauge("dns_cache_size_bytes", "Memory that the caches of all workers take, by cache.", "cache")
CONNECTIONS = gauge("tcp_connections", "Open TCP connections of clients.")
IN_FLIGHT = gauge("queries_in_flight", "Queries waiting for an upstream.")
CLIENTS = gauge("clients", "Client addresses seen since the last reload.")
CLOCK = gauge(
    "clock_believed",
    "1 when every worker believes the clock, 0 when the strictest plan holds in one of them.",
)
ALL = (
    *(QUERIES, BLOCKS, BYPASS, SHADOW, LOOKUPS, FAILURES, EXCHANGES, EVENTS, LATENCY, ENTRIES, SIZE),
    *(CONNECTIONS, IN_FLIGHT, CLIENTS, CLOCK),
)

_CACHES = {"cache-reply": "reply", "cache-answer": "answer", "cache-miss": "none"}
_CACHE_GAUGES = {
    ENTRIES: {"answers-cached": "answer", "replies-cached": "reply"},
    SIZE: {"answers-bytes": "answer", "replies-bytes": "reply"},
}
_SUMMED = {CONNECTIONS: "tcp-connections", IN_FLIGHT: "queries-in-flight", CLIENTS: "clients"}


def counted(sums: Sums, categories: Mapping[int, Category]) -> Iterator[Metric]:
    """Yield every series of this module."""
    yield from _queries(sums, categories)
    yield from _events(sums.events)
    yield LATENCY.histogram(BOUNDS, [((), sums.latency, sums.latency_sum)])
    yield from _gauges(sums)


def _queries(sums: Sums, categories: Mapping[int, Category]) -> Iterator[Metric]:
    found: dict[Series, Counter[Labels]] = {each: Counter() for each in (QUERIES, BLOCKS, BYPASS, SHADOW)}
    meanings = {outcome: meaning(outcome, categories) for outcome in {key[3] for key in sums.queries}}
    for (school, group, tier, outcome), number in sums.queries.items():
        meant = meanings[outcome]
        words = {
            QUERIES: meant.outcome,
            BLOCKS: meant.blocked,
            BYPASS: meant.bypass.word if meant.bypass is not None else None,
            SHADOW: meant.shadow,
        }
        for series, word in words.items():
            if word is not None:
                found[series][school, group, tier, word] += number
    yield from (series.family(sorted(numbers.items())) for series, numbers in found.items())


def _events(events: Mapping[str, int]) -> Iterator[Metric]:
    lookups, failures, other = Counter[Labels](), Counter[Labels](), Counter[Labels]()
    took: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: Counter[str] = Counter()
    for event, number in events.items():
        kind, colon, server = event.partition(":")
        if kind in _CACHES:
            lookups[_CACHES[kind],] += number
        elif not colon:
            other[kind,] += number
        elif kind.startswith(TOOK):
            took[server][int(kind.removeprefix(TOOK))] += number
        elif kind == MICROSECONDS:
            seconds[server] += number
        else:
            failures[server, kind.removeprefix("upstream-")] += number
    yield LOOKUPS.family(sorted(lookups.items()))
    yield FAILURES.family(sorted(failures.items()))
    yield EVENTS.family(sorted(other.items()))
    exchanges = (((server,), numbers, seconds[server] / 1e6) for server, numbers in sorted(took.items()))
    yield EXCHANGES.histogram(BOUNDS, exchanges)


def _gauges(sums: Sums) -> Iterator[Metric]:
    for series, words in _CACHE_GAUGES.items():
        yield series.family(
            ((cache,), total) for name, cache in words.items() if (total := _total(sums, name)) is not None
        )
    for series, name in _SUMMED.items():
        yield series.one(_total(sums, name))
    yield CLOCK.one(min(_told(sums, "clock-believed"), default=None))


def _told(sums: Sums, name: str) -> Iterable[float]:
    return (gauges[name] for gauges in sums.gauges.values() if name in gauges)


def _total(sums: Sums, name: str) -> float | None:
    told = list(_told(sums, name))
    return sum(told) if told else None
