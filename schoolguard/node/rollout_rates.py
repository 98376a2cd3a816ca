"""How many queries lists blocked, and what staff opened, before and after other layers came. Counts alone.

Before is measured at the hours of the day that after has, for a school asks for other things at noon than at
night; a gateway younger than a day takes what it has. It must not see a name or a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from schoolguard.intake.rollout.report import Rate
from schoolguard.resolver.counts import Outcome

DAY = 86_400.0
LONGEST = 9 * DAY
MOST_SPANS = 2_000
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Span:
    """Queries from a moment on (Unix seconds) until the next span."""

    start: float
    queries: int
    blocked: int
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Spans, oldest first, and the counters as they were when the last one ended."""

    spans: tuple[Span, ...] = ()
    start: float = 0.0
    seen: Rate = field(default_factory=lambda: Rate(0, 0))

    def begun(self, counters: Rate, now: float) -> Rates:
        """Return the rates of a process that begins to count."""
        return replace(self, start=now, seen=counters)

    def ended(self, counters: Rate, now: float) -> Rates:
        """Return them with a span that ends now; one in which nothing was counted is left out."""
        queries, blocked = counters.queries - self.seen.queries, counters.blocked - self.seen.blocked
        requests = max(0, counters.requests - self.seen.requests)
        spans = [span for span in self.spans if now - LONGEST < span.start <= now]
        if queries > 0 or requests:
            spans.append(Span(self.start, max(0, queries), max(0, min(blocked, queries)), requests))
        return Rates(tuple(spans[-MOST_SPANS:]), now, counters)

    def after(self, since: float) -> Rate:
        """Return what was counted since a moment."""
        return _sum(span for span in self.spans if span.start >= since)

    def before(self, since: float) -> Rate:
        """Return what was counted before a moment, at the hours that were counted after it."""
        hours = {_hour(span) for span in self.spans if span.start >= since}
        earlier = [span for span in self.spans if span.start < since]
        alike = [span for span in earlier if _hour(span) in hours]
        old_enough = bool(earlier) and since - earlier[0].start >= DAY
        return _sum(alike if alike and old_enough else earlier)


def counted(queries: Mapping[tuple[str, str, str, int], int], requests: int) -> Rate:
    """Return all queries and those that lists blocked, of a gateway's totals by outcome."""
    blocked = sum(number for (*_, outcome), number in queries.items() if _is_by_lists(outcome))
    return Rate(sum(queries.values()), blocked, requests)


def _is_by_lists(outcome: int) -> bool:
    return Outcome.BLOCKED <= outcome < Outcome.RULED or Outcome.ALIAS <= outcome < Outcome.ALIAS_RULED


def _hour(span: Span) -> int:
    return int(span.start % DAY // _HOUR)


def _sum(spans: Iterable[Span]) -> Rate:
    spans = tuple(spans)
    return Rate(*(sum(getattr(span, field.name) for span in spans) for field in fields(Rate)))
