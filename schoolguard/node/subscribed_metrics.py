"""The Prometheus series of fetched lists, collected when scraped.

Labels are bounded by the configuration: list, reason. Never a name that a list holds. Every series is
described in METRICS.md, checked by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schoolguard.intake.subscriptions.model import Subscription, SubscriptionState
from schoolguard.node.metrics_series import counter, gauge

AGE = gauge(
    "list_age_seconds", "Time since its server last confirmed a fetched list; none before it came.", "list"
)
TOO_OLD = gauge(
    "list_too_old", "1 when a fetched list is missing or older than it may be; it stays in force.", "list"
)
LEFT_OUT = gauge("list_left_out", "Names that the guardrails left out of a fetched list.", "list")
FAILURES = counter("list_fetch_failures_total", "Rounds that brought no list, by reason.", "list", "reason")
ALL = (AGE, TOO_OLD, LEFT_OUT, FAILURES)


@dataclass(frozen=True, slots=True)
class SubscribedStates:
    """How fetched lists stand at ``now`` (Unix seconds); ``failed`` counts rounds by list and reason."""

    wanted: Mapping[str, Subscription]
    states: Mapping[str, SubscriptionState]
    failed: Mapping[tuple[str, str], int]
    now: float

    @property
    def too_old(self) -> frozenset[str]:
        """The lists that are missing after a try, or older than is acceptable."""
        return frozenset(
            list_id for list_id, state in self.states.items() if state.alarmed(self.wanted[list_id], self.now)
        )


class SubscribedCollector(Collector):
    """Makes the series anew for each scrape."""

    def __init__(self, states: Callable[[], SubscribedStates]) -> None:
        self._states = states

    def collect(self) -> Iterable[Metric]:
        """Return all series."""
        found = self._states()
        ages = {list_id: state.age(found.now) for list_id, state in found.states.items()}
        yield AGE.family(((list_id,), age) for list_id, age in ages.items() if age is not None)
        yield TOO_OLD.family(((list_id,), list_id in found.too_old) for list_id in found.states)
        yield LEFT_OUT.family(((list_id,), state.left_out) for list_id, state in found.states.items())
        yield FAILURES.family(sorted(found.failed.items()))
