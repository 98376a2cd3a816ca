"""The parts of one gateway's control process, beside its policy: built, configured, run and closed together.

It must not decide what is in force: the gateway does, and tells these parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from schoolguard.intake.orders.journal import CannotKeep
from schoolguard.intake.orders.key import KeyUnusable
from schoolguard.language import Said
from schoolguard.node.commands import Command, Taking
from schoolguard.node.commands_of import commands_of
from schoolguard.node.compiling import Layers
from schoolguard.node.counting import Counting, counts_folder
from schoolguard.node.facts import Facts
from schoolguard.node.feeding import Clocks, Feeding
from schoolguard.node.in_force import InForce
from schoolguard.node.ordering import Ordering
from schoolguard.node.pass_model import Pass
from schoolguard.node.people_acts import acts_of
from schoolguard.node.periods import Acts
from schoolguard.node.province import Province
from schoolguard.node.query_logging import QueryLogging
from schoolguard.node.reporting import Reporting
from schoolguard.node.standing import publisher_versions, versions
from schoolguard.node.starting import CannotStart, control_path
from schoolguard.node.subscribing import Subscribing
from schoolguard.node.supervisor import Supervisor
from schoolguard.node.totals import Totals
from schoolguard.node.transferring import Transferring
from schoolguard.serve.link import Asked, Counted, Devices, Fact, Logged, Message, Orders, Overlaid
from schoolguard.settings import Settings


@dataclass(frozen=True, slots=True)
class Renewal:
    """What parts may ask of the policy in force.

    ``recompile`` reads the lists anew and says whether that worked, ``renewed`` why not; ``install`` puts the
    publisher's layers below the gateway's own; ``layers`` are the gateway's own as they are.
    """

    recompile: Callable[[], Awaitable[bool]]
    renewed: Callable[[], Awaitable[Said | None]]
    install: Callable[[tuple[str, ...]], Awaitable[None]]
    layers: Callable[[], Layers | None]


class Parts:
    """All parts of one gateway; raises ``CannotStart`` when what a part keeps cannot be used.

    ``received`` is called with every message of a worker.
    """

    def __init__(
        self, settings: Settings, renewal: Renewal, received: Callable[[int, Message], None]
    ) -> None:
        state = settings.paths.state
        self._renewal = renewal
        self.totals = Totals()
        self.facts = Facts(state, self.tell, self._check_pass)
        self.in_force = InForce(settings, self.facts.addresses_of)
        self.supervisor = Supervisor(
            control_path(settings), counts_folder(state), received, self.now, self._worker_died
        )
        self.counting = Counting(state, self.supervisor.tell_one)
        self.feeding = Feeding(state, self.counting, self.tell, self._acts, Clocks(self.clock_believed))
        self.ordering = _ordering(settings, self.facts.floor, self.supervisor.tell)
        self.query_logging = QueryLogging(
            state,
            self.supervisor.tell,
            self.facts.identities,
            lambda: self.in_force.settings,
            self.facts.floor,
        )
        self.province = Province(state, self.ordering, self.totals, lambda: self.facts.book.granted)
        self.reporting = Reporting(
            *(self.totals, self.supervisor, self.facts, self.ordering, self.province),
            folder=state,
            counting=self.counting,
        )
        self.reporting.sends(self.feeding.sending)
        self.transferring = Transferring(settings, renewal.recompile, lambda: self.ordering.current)
        self.subscribing = Subscribing(settings, renewal.renewed, renewal.layers)

    def _worker_died(self) -> None:
        self.counting.hurry()

    def now(self) -> tuple[Fact, ...]:
        """Return what a worker that begins must know of the moment."""
        return *self.facts.now(), self.ordering.current, self.query_logging.now(), self.feeding.now()

    def tell(self, fact: Fact) -> None:
        """Tell every worker."""
        if isinstance(fact, Devices):
            self.feeding.learn(fact)
        self.supervisor.tell(fact)

    def clock_believed(self) -> bool:
        """Return whether every worker believes the clock."""
        return self.totals.least("clock-believed") == 1.0

    def _check_pass(self, asked: Pass) -> None:
        self.in_force.check_pass(asked)

    def _acts(self, begin: float, end: float) -> Acts:
        return acts_of(self.facts, self.in_force.settings, begin, end)

    async def apply_passes(self) -> None:
        """Put the passes in force in every worker."""
        self.tell(self.facts.passes())

    def work(self) -> Iterator[tuple[Coroutine[Any, Any, None], str]]:
        """Yield what goes on as long as the gateway runs, with a name for each."""
        yield self.facts.run(), "facts"
        yield self.counting.run(self.clock_believed), "counts"
        yield self.feeding.run(), "feed"
        yield self.query_logging.run(), "query-log"
        yield self.transferring.run(), "transfers"
        yield self.subscribing.run(), "subscriptions"
        yield self.ordering.run(), "orders"

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands that need no new policy, by name."""
        own: dict[str, Command | Taking] = {"status": self._status, "feed": self.feeding.told}
        facts = commands_of(self.facts, self.in_force, self.ordering, self.transferring, self.apply_passes)
        return own | facts | self.province.commands() | self.subscribing.commands()

    async def _status(self) -> dict[str, Any]:
        return {**await self.reporting.status(), **self.subscribing.told()}

    def serve_status(self, settings: Settings) -> None:
        """Serve metrics and health where these settings say; raises ``CannotListen``."""
        collectors = (self.transferring.collector, self.subscribing.collector)
        self.reporting.serve(settings.metrics, collectors)

    async def configured(self, settings: Settings, paths: tuple[str, ...], layers: Layers) -> None:
        """Tell every part what is in force from now on; ``paths`` are all layers, ``layers`` our own."""
        self.in_force.settings, self.in_force.paths = settings, paths
        self.facts.configured(settings)
        below = paths[: len(paths) - len(layers.paths)]
        theirs = await asyncio.to_thread(publisher_versions, below)
        await self.feeding.configured(settings, (*theirs, *versions(layers.rows, layers.compiled)))
        self.counting.configured(settings.store)
        await self.query_logging.configured(settings)
        self.transferring.in_force(settings, paths)
        self.subscribing.in_force(settings)
        await self.ordering.configured(settings)
        self.province.configured(settings, self._renewal.install)

    def receive(self, worker: int, message: Message) -> None:
        """Take what a worker says of its queries."""
        match message:
            case Counted():
                categories = self.reporting.state.categories
                self.totals.add(worker, message)
                self.counting.receive(worker, message, categories)
                self.feeding.receive(message, categories)
                self.facts.use(message.marks)
            case Asked():
                self.facts.add_names(message.names)
            case Logged():
                self.query_logging.take(message)
            case Overlaid():
                self.ordering.taken(worker, message.number)

    async def close(self) -> None:
        """End the workers, then store what they told last."""
        await self.supervisor.stop()
        await self.feeding.close()
        await self.counting.close()
        self.province.close()
        await self.query_logging.close()
        await self.facts.close()
        self.reporting.close()


def _ordering(settings: Settings, floor: float, tell: Callable[[Orders], list[int]]) -> Ordering:
    try:
        return Ordering(settings.paths.state, floor, tell)
    except (CannotKeep, KeyUnusable) as error:
        raise CannotStart("{reason}", reason=error) from error
