"""What the store of counts, the outbox in it and the sender tell, as readings for one scrape.

It must not change anything, and reads no document's content.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from schoolguard.feed.delivery import Verdict
from schoolguard.feed.sending import FeedState
from schoolguard.node.counting import Counting
from schoolguard.node.feed_sending import FeedSending
from schoolguard.node.metrics_readings import FeedReading, StoreReading
from schoolguard.store import losses
from schoolguard.store.errors import StoreFull, StoreUnusable
from schoolguard.store.kept import Waiting

MOST_WAITING = 1_000
"""Documents of the outbox that a scrape looks at, the oldest: three and a half days of one school."""

FILE = "store.db"
BESIDE = ("", "-wal", "-shm")
"""SQLite keeps its log and its index beside the file (sqlite.org/tempfiles.html)."""

_QUERIES = {"untold": losses.UNTOLD, "damaged": losses.QUERIES}
_DOCUMENTS = {"too-old": losses.LATE, "damaged": losses.DOCUMENTS}


class StoreFigures:
    """Reads the store in the state folder; what it lost is remembered while it cannot be read."""

    def __init__(self, counting: Counting, state: Path) -> None:
        self._counting, self._path = counting, state / FILE
        self._lost: Mapping[str, int] | None = None
        self._waiting: Sequence[Waiting] = ()

    async def stored(self) -> StoreReading:
        """Return how the store stands."""
        counting, usable = self._counting, True
        try:
            store = counting.store
            limit, self._lost = store.bounds.size, await store.losses()
        except (StoreFull, StoreUnusable):
            usable, limit = False, None
        return StoreReading(
            _size(self._path),
            limit,
            usable,
            counting.held.queries,
            None if self._lost is None else self._lost.get(losses.RESTORES, 0),
            _named(_QUERIES, self._lost),
            _named(_DOCUMENTS, self._lost),
        )

    async def sending(self, feed: FeedSending) -> FeedReading | None:
        """Return how the feed of the schools that are enrolled stands, ``None`` when none is."""
        enrolled = feed.enrolled_schools
        if enrolled is None:
            return None
        # While the store cannot be read, what waited still waits.
        with contextlib.suppress(StoreFull, StoreUnusable):
            self._waiting = await self._counting.store.outbox(MOST_WAITING)
        return feed_reading(feed.state, enrolled, self._waiting)


def feed_reading(state: FeedState, enrolled: frozenset[str], outbox: Sequence[Waiting]) -> FeedReading:
    """Return what a sender's state and an outbox, oldest first, say of the schools that are enrolled."""
    waiting = [each for each in outbox if each.school in enrolled]
    aside = Counter(each.verdict.value for each in state.aside)
    return FeedReading(
        {**dict.fromkeys(enrolled, 0), **Counter(each.school for each in waiting)},
        {each.school: float(each.end) for each in reversed(waiting)},
        state.success,
        {
            Verdict.ACCEPTED.value: state.delivered,
            Verdict.DUPLICATE.value: state.duplicates,
            Verdict.REFUSED.value: state.refused,
            "failed": state.failures,
        },
        {each: aside[each] for each in (Verdict.LATER.value, Verdict.REFUSED.value)},
        state.bytes,
        state.clock_ahead,
    )


def _named(words: Mapping[str, str], lost: Mapping[str, int] | None) -> dict[str, int]:
    if lost is None:
        return {}  # zeros would rise when the file is read
    # Every reason from the beginning: what appears with its first number has not risen, for Prometheus.
    return {reason: lost.get(word, 0) for reason, word in words.items()}


def _size(path: Path) -> int:
    total = 0
    for suffix in BESIDE:
        with contextlib.suppress(OSError):
            total += path.with_name(path.name + suffix).stat().st_size
    return total
