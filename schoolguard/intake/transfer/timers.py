"""When a zone is due, and when it is too old: its SOA timers within bounds (RFC 1035 4.3.5). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.intake.transfer.model import TimerBounds
from schoolguard.intake.transfer.soa import Soa

_SPREAD = 0.1
"""Part of the time to the next refresh that is drawn: a thousand gateways must not ask together."""

_DOUBLINGS = 8


@dataclass(frozen=True, slots=True)
class Timers:
    """A zone's times, all in seconds and within bounds; of a zone never seen the least of each."""

    refresh: float
    retry: float
    expire: float

    def after_success(self, now: float, drawn: float) -> float:
        """Return when to ask next; ``drawn`` is a random number from 0 to 1."""
        return now + self.refresh * (1 - _SPREAD * drawn)

    def after_failure(self, now: float, failures: int, drawn: float) -> float:
        """Return when to ask again after the last of ``failures`` in a row: twice as late each time."""
        wait = self.retry * (1 << min(failures - 1, _DOUBLINGS))
        return now + max(self.retry, min(wait, self.refresh)) * (1 - _SPREAD * drawn)


def timers_of(soa: Soa | None, bounds: TimerBounds) -> Timers:
    """Return the times of a zone, each cut to its bounds; ``None`` for a zone that is not kept yet."""
    if soa is None:
        return Timers(bounds.retry[1], bounds.retry[0], bounds.expire[0])
    refresh = _within(soa.refresh, bounds.refresh)
    retry = min(_within(soa.retry, bounds.retry), refresh)
    # RFC 1912 2.2: a zone that expires before it was asked for again would do so in every quiet night.
    return Timers(refresh, retry, max(_within(soa.expire, bounds.expire), refresh + retry))


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
