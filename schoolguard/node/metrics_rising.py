"""Counters that never fall while control lives, made of readings that may: a worker's successor begins at 0.

It must not read anything by itself.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from schoolguard.node.pass_model import Issued


class Rising:
    """Sums of readings by key; used by every scrape's thread."""

    def __init__(self) -> None:
        self._base: dict[str, float] = {}
        self._last: dict[str, tuple[object, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, value: float, source: object = None) -> float:
        """Return the sum with a new reading of ``source``; one lower, or of another source, begins anew."""
        with self._lock:
            former, last = self._last.get(key, (source, 0.0))
            if former != source or value < last:
                self._base[key] = self._base.get(key, 0.0) + last
            self._last[key] = source, value
            return self._base.get(key, 0.0) + value

    def all(self, values: Mapping[str, float]) -> dict[str, float]:
        """Take readings and return the sums of all keys that there ever were."""
        for key, value in values.items():
            self.take(key, value)
        with self._lock:
            return {key: self._base.get(key, 0.0) + value for key, (_, value) in self._last.items()}


class PassesGranted:
    """Passes granted, by school: each counted once, although the book of passes forgets the oldest."""

    def __init__(self) -> None:
        self._latest = 0
        self._granted: Counter[str] = Counter()

    def take(self, issued: Iterable[Issued]) -> dict[str, int]:
        """Count those that are new; a pass's id is ``p`` and the number of its entry, which rises."""
        latest = self._latest
        for each in issued:
            number = int(each.granted.id.removeprefix("p"))
            if number > self._latest:
                self._granted[each.granted.school] += 1
                latest = max(latest, number)
        self._latest = latest
        return dict(self._granted)
