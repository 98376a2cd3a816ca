"""How often one may ask: token buckets by name, in bounded memory. The clock is handed in."""

from __future__ import annotations

from collections import OrderedDict

MOST_NAMES = 10_000


class Buckets:
    """``burst`` requests at once and ``rate`` a second after that, for each name."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float) -> float:
        """Take one token; return 0, or the seconds until there will be one."""
        level, since = self._levels.pop(name, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - since) * self._rate)
        taken = level >= 1.0
        self._levels[name] = (level - taken, now)
        if len(self._levels) > MOST_NAMES:
            self._levels.popitem(last=False)
        return 0.0 if taken else (1.0 - level) / self._rate
