"""The series of what is kept of the counts: the school's store, and the outbox to the province.

Labels are bounded: schools of the configuration, words of this program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import Metric

from schoolguard.node.metrics_readings import FeedReading, Readings, StoreReading
from schoolguard.node.metrics_rising import Rising
from schoolguard.node.metrics_series import Series, counter, gauge

USABLE = gauge("store_usable", "1 when the store of counts is open.")
BYTES = gauge("store_size_bytes", "Size of the store of counts on the disk.")
LIMIT = gauge("store_limit_bytes", "Size that the store of counts may have.")
HELD = gauge("store_queries_held", "Queries counted that wait in memory to be stored.")
LOST = counter("store_lost_queries_total", "Queries answered that the store will never know.", "reason")
UNSENT = counter("store_lost_documents_total", "Summaries that the province will never get.", "reason")
REPAIRS = counter("store_repairs_total", "Times that a damaged store was restored.")
WAITING = gauge("feed_documents_waiting", "Summaries that the province has not acknowledged.", "school")
ASIDE = gauge("feed_documents_aside", "Summaries that the province did not take, by its verdict.", "verdict")
OLDEST = gauge("feed_oldest_timestamp_seconds", "When the oldest summary that waits was closed.", "school")
DELIVERED = gauge(
    "feed_delivered_timestamp_seconds",
    "When the province last acknowledged a summary; 0 for not since the start.",
)
DELIVERIES = counter("feed_deliveries_total", "Summaries sent, by what became of them.", "outcome")
SENT = counter("feed_sent_bytes_total", "Size of what was delivered to the province.")
AHEAD = gauge("feed_clock_ahead_seconds", "How far this clock is before the province's, at the last answer.")
ALL = (
    *(USABLE, BYTES, LIMIT, HELD, LOST, UNSENT, REPAIRS),
    *(WAITING, ASIDE, OLDEST, DELIVERED, DELIVERIES, SENT, AHEAD),
)


def kept(readings: Readings, sums: Rising) -> Iterator[Metric]:
    """Yield every series of this module; ``sums`` keeps counters up when a part began anew."""
    yield from _store(readings.store, sums)
    yield from _feed(readings.feed, sums)


def _store(store: StoreReading | None, sums: Rising) -> Iterator[Metric]:
    yield USABLE.one(None if store is None else store.usable)
    yield BYTES.one(None if store is None else store.size)
    yield LIMIT.one(None if store is None else store.limit)
    yield HELD.one(None if store is None else store.held)
    yield _by_word(LOST, {} if store is None else store.lost, sums)
    yield _by_word(UNSENT, {} if store is None else store.documents, sums)
    repairs = None if store is None else store.repairs
    yield REPAIRS.one(None if repairs is None else sums.take(REPAIRS.name, repairs))


def _feed(feed: FeedReading | None, sums: Rising) -> Iterator[Metric]:
    reading = feed or FeedReading({})
    yield WAITING.family(((school,), number) for school, number in sorted(reading.waiting.items()))
    yield ASIDE.family(((verdict,), number) for verdict, number in sorted(reading.aside.items()))
    yield OLDEST.family(((school,), when) for school, when in sorted(reading.oldest.items()))
    yield DELIVERED.one(None if feed is None else feed.delivered)
    yield _by_word(DELIVERIES, reading.outcomes, sums)
    yield SENT.one(None if feed is None else sums.take(SENT.name, feed.sent))
    yield AHEAD.one(None if feed is None else feed.clock_ahead)


def _by_word(series: Series, numbers: Mapping[str, int], sums: Rising) -> Metric:
    found = sorted(numbers.items())
    return series.family(((word,), sums.take(f"{series.name} {word}", number)) for word, number in found)
