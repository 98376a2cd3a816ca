"""What is in force: settings and lists joined into one object, replaced whole by one assignment.

It must not know sockets. A reload builds a new ``Rules``; old replies become unreachable with the old one.
"""

from __future__ import annotations

from schoolguard.categories import Category
from schoolguard.language import Translate
from schoolguard.lists.stack import Stack
from schoolguard.policy.clients import Clients
from schoolguard.policy.decide import Decision
from schoolguard.policy.model import Group, Plan, plan_of
from schoolguard.policy.reason import ede_of
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.front import Front, Fronts
from schoolguard.settings import Settings

MAX_CLIENTS = 20_000
"""Client addresses remembered at once; a school has hundreds, a forger of addresses is bounded here."""


class Client:
    """One client address: its plan's replies, its group's counters, and what it may still ask this second."""

    __slots__ = ("address", "counts", "front", "group", "in_flight", "plan", "rules", "tokens")

    def __init__(self, address: bytes, rules: Rules, group: Group, front: Front, counts: list[int]) -> None:
        self.address = address
        self.rules = rules
        self.group = group
        self.plan: Plan = plan_of(group)
        self.front = front
        self.counts = counts
        self.tokens = rules.tokens
        self.in_flight = 0


class Rules:
    """Settings, lists and the clients seen under them."""

    def __init__(
        self, settings: Settings, stack: Stack, counts: Counts, translators: dict[str, Translate]
    ) -> None:
        self.settings = settings
        self.stack = stack
        self.translators = translators
        self.categories: dict[int, Category] = {c.bit: c for c in settings.categories}
        self.tokens = settings.limits.queries_per_second or 1 << 60
        self.fronts = Fronts(settings.caches.replies)
        self.clients: dict[bytes, Client] = {}
        self._counts = counts
        self._table = Clients(settings.schools)
        self._edes: dict[tuple[int, int, str], tuple[int, str]] = {}
        self._by_plan: dict[Plan, Front] = {}

    def admit(self, address: bytes) -> Client | None:
        """Return the client of a packed address, or ``None`` when no group serves it."""
        client = self.clients.get(address)
        if client is not None:
            return client
        group = self._table.group_of(address)
        if group is None:
            return None
        if len(self.clients) >= MAX_CLIENTS:
            self.clients.clear()
        client = self._new_client(address, group)
        self.clients[address] = client
        return client

    def _new_client(self, address: bytes, group: Group) -> Client:
        plan = plan_of(group)
        front = self._by_plan.get(plan)
        if front is None:
            front = self._by_plan[plan] = self.fronts.new()
        return Client(address, self, group, front, self._counts.of(group.school, group.tier.name))

    def ede(self, decision: Decision, language: str) -> tuple[int, str]:
        """Return the Extended DNS Error of a block, its text in the language of the group."""
        key = (decision.rule, decision.bit, language)
        ede = self._edes.get(key)
        if ede is None:
            ede = self._edes[key] = ede_of(decision, self.categories, self.translators[language])
        return ede

    def refill(self) -> None:
        """Give every client its queries for the next second."""
        tokens = self.tokens
        for client in self.clients.values():
            client.tokens = tokens
