"""What a gateway tells of itself: metrics and health over HTTP, the status command. It changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from schoolguard.node.counting import Counting
from schoolguard.node.facts import Facts
from schoolguard.node.feed_sending import FeedSending
from schoolguard.node.metrics import GatewayCollector, GatewayState
from schoolguard.node.metrics_gathering import Gathering
from schoolguard.node.metrics_latest import Latest
from schoolguard.node.metrics_stored import StoreFigures
from schoolguard.node.ordering import Ordering
from schoolguard.node.province import Province
from schoolguard.node.status import StatusServer
from schoolguard.node.supervisor import Supervisor
from schoolguard.node.totals import Totals
from schoolguard.settings import Endpoint


class Reporting:
    """Gathers from the parts of one gateway; ``state`` is kept up to date by the gateway itself.

    ``folder`` is the state folder.
    """

    def __init__(
        self,
        totals: Totals,
        supervisor: Supervisor,
        facts: Facts,
        ordering: Ordering,
        province: Province,
        folder: Path,
        counting: Counting,
    ) -> None:
        self.state = GatewayState()
        self._figures = StoreFigures(counting, folder)
        self.gathering = Gathering(totals, supervisor, facts, ordering, province, folder)
        self.gathering.store = Latest(self._figures.stored)
        # One for as long as this process lives: a page that moves must not let a counter fall.
        self._collector = GatewayCollector(lambda: self.gathering.read(self.current))
        self._totals, self._supervisor, self._facts = totals, supervisor, facts
        self._ordering, self._province = ordering, province
        self._server: StatusServer | None = None

    def serve(self, endpoint: Endpoint | None, more: tuple[Collector, ...] = ()) -> None:
        """Serve metrics and health at ``endpoint``, or nowhere; raises ``CannotListen``."""
        if self._server is not None and self._server.endpoint == endpoint:
            return
        registry = CollectorRegistry()
        for collector in (self._collector, *more):
            registry.register(collector)
        former = self._server
        self._server = StatusServer(endpoint, registry, self.health) if endpoint else None
        if former is not None:
            former.close()

    def sends(self, feed: FeedSending) -> None:
        """Show the feed as well."""
        self.gathering.feed = Latest(lambda: self._figures.sending(feed))

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()

    def current(self) -> GatewayState:
        """Return the state of now."""
        state, supervisor = self.state, self._supervisor
        state.workers, state.restarts = len(supervisor.workers), supervisor.restarts
        state.ready = supervisor.ready
        return state

    def health(self) -> dict[str, object]:
        """Return what /healthz shows."""
        state = self.current()
        return {
            "ready": state.ready,
            "workers": state.workers,
            "generation": state.generation,
            "names": state.snapshot_names,
            "lists_on_last_good_copy": [each.id for each in state.lists if each.last_good],
        }

    async def status(self) -> dict[str, Any]:
        """Return what ``schoolguard status`` shows."""
        followed = self._province.state
        return {
            "ok": True,
            **self.health(),
            "restarts": self._supervisor.restarts,
            "clock_believed": self._totals.least("clock-believed") != 0,
            "passes": len(self._facts.passes().granted),
            "audit_log": None if self._facts.book.broken is None else str(self._facts.book.broken),
            "orders": len(self._ordering.book.holding(self._ordering.clock())),
            "publisher": None if followed is None else asdict(followed),
        }
