"""A worker's side of the query log: queries become rows under pseudonyms, in memory, for control.

It must not write anything, and what leaves it holds no address and no MAC. It has room for some seconds: when
nobody takes the rows, the oldest are dropped and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from schoolguard.querylog.model import Row
from schoolguard.querylog.pseudonym import pseudonym

MOST_ROWS = 20_000
"""Rows that wait, some 5 MB: ten seconds of a school that is asked at 2,000 q/s."""

BATCH = 5_000
_MEMO = 20_000


class Recorder:
    """Gathers rows; ``clock`` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._day = 0
        self._keys: Mapping[str, bytes] = {}
        self._devices: dict[tuple[str, bytes], bytes] = {}
        self._rows: deque[Row] = deque()
        self._dropped = 0

    def keep(self, day: int, keys: Mapping[str, bytes]) -> None:
        """Take the day's keys, one a school; a school without one keeps no log now."""
        self._day, self._keys = day, keys
        self._devices.clear()
        self._rows = deque(row for row in self._rows if row.school in keys)

    def record(self, school: str, device: bytes, name: bytes, outcome: int) -> None:
        """Keep a query of a device (MAC, else packed address); ``name`` is in lower-case wire shape."""
        known = self._devices.get((school, device))
        if known is None:
            key = self._keys.get(school)
            if key is None:
                return
            if len(self._devices) >= _MEMO:
                self._devices.clear()
            known = self._devices[school, device] = pseudonym(key, device)
        if len(self._rows) >= MOST_ROWS:
            self._rows.popleft()
            self._dropped += 1
        self._rows.append(Row(self._day, school, known, int(self._clock()), name, outcome))

    def take(self) -> tuple[tuple[Row, ...], int]:
        """Return the oldest rows, a batch at most, and how many were dropped since the last call."""
        rows = tuple(self._rows.popleft() for _ in range(min(BATCH, len(self._rows))))
        dropped, self._dropped = self._dropped, 0
        return rows, dropped
