"""When a period and a day end. Lengths are measured by a clock that never jumps; only names of days are not.

It must not count. When the open period began is kept in a file, so that it is known after a kill.
"""

from __future__ import annotations

from pathlib import Path

from schoolguard.policy.timetable import day_of, midnight

FILE = "period"
LONGEST_DAY = 25 * 3_600.0
"""A day ends after so many seconds whatever the clock says, so that the key of devices lives no longer."""

_LONGEST_OPEN = 7 * 86_400
"""Seconds: a beginning further back is not believed."""


class PeriodClock:
    """``now`` is Unix seconds, ``steady`` seconds of a clock that never jumps."""

    def __init__(self, state: Path, now: float, steady: float) -> None:
        self._path = state / FILE
        self.begin = self._saved(int(now))
        self._steady = steady
        self._day_steady = steady
        self.day = day_of(now)
        self.day_begin = int(now)

    def seconds(self, steady: float) -> int:
        """Return how long the open period has lasted in this process."""
        return max(int(steady - self._steady), 0)

    def due(self, steady: float, period: float) -> bool:
        """Return whether the open period has lasted long enough."""
        return steady - self._steady >= period

    def next_period(self, now: float, steady: float) -> None:
        """Begin a period; raises ``OSError`` when its beginning cannot be kept."""
        self.begin, self._steady = int(now), steady
        partial = self._path.with_suffix(".partial")
        partial.write_text(f"{self.begin}\n", "ascii")
        partial.replace(self._path)

    def day_over(self, now: float, steady: float, *, believed: bool) -> bool:
        """Return whether Viet Nam's civil day is another one, or this one has lasted too long."""
        return (believed and day_of(now) != self.day) or steady - self._day_steady >= LONGEST_DAY

    def day_seconds(self, steady: float) -> int:
        """Return for how long devices were counted today."""
        return max(int(steady - self._day_steady), 0)

    def day_end(self, now: float) -> int:
        """Return when the day ended: its midnight, unless the clock stood elsewhere."""
        ended = int(midnight(self.day)) + 86_400
        return ended if self.day_begin <= ended <= now else max(int(now), self.day_begin)

    def next_day(self, now: float, steady: float) -> None:
        """Begin a day."""
        self.day, self.day_begin, self._day_steady = day_of(now), int(now), steady

    def _saved(self, now: int) -> int:
        try:
            begin = int(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return now
        return begin if now - _LONGEST_OPEN <= begin <= now else now
