"""What is in force: settings and lists joined into one object, replaced whole by one assignment.

It must not know sockets. A reload builds a new ``Rules``; old replies become unreachable with the old one.
"""

from __future__ import annotations

from schoolguard.categories import Category
from schoolguard.dns.names import search_key
from schoolguard.language import Translate
from schoolguard.lists.stack import Stack
from schoolguard.policy.clients import Clients
from schoolguard.policy.decide import Decision
from schoolguard.policy.model import Group, Plan, plan_of
from schoolguard.policy.reason import ede_of
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.front import Front, Seat, seat
from schoolguard.settings import Settings

MAX_CLIENTS = 20_000
"""Client addresses remembered at once; a school has hundreds, a forger of addresses is bounded here."""

REFUSALS = 200
"""Queries of addresses in no group that are answered with REFUSED in a second; the rest gets silence."""


class Client:
    """One client address: its plan's seat, its group's counters, and what it may still ask this second."""

    __slots__ = ("address", "bit", "counts", "group", "in_flight", "plan", "rules", "seat", "tokens")

    def __init__(self, address: bytes, rules: Rules, group: Group, seat: Seat, counts: list[int]) -> None:
        self.address = address
        self.rules = rules
        self.group = group
        self.plan: Plan = plan_of(group)
        self.seat = seat
        self.bit = seat.bit
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
        self.refusals = REFUSALS
        self._local_zones = frozenset(map(search_key, settings.upstreams.local_zones))
        self.front = Front(settings.caches.replies)
        self.clients: dict[bytes, Client] = {}
        self._counts = counts
        self._table = Clients(settings.schools)
        self._edes: dict[tuple[int, int, str], tuple[int, str]] = {}
        self._seats: dict[Plan, Seat] = {}

    def retire(self) -> None:
        """Let go of the clients: they point back here, and such a ring is freed late and all at once."""
        self.clients.clear()

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
        place = self._seats.get(plan)
        if place is None:
            place = self._seats[plan] = seat(len(self._seats))
        return Client(address, self, group, place, self._counts.of(group.school, group.tier.name))

    def is_local(self, key: str) -> bool:
        """Return whether a search key is in a zone of the school's own network."""
        zones = self._local_zones
        end = key.find(".") + 1 if zones else 0
        while end:
            if key[:end] in zones:
                return True
            end = key.find(".", end) + 1
        return False

    def ede(self, decision: Decision, language: str) -> tuple[int, str]:
        """Return the Extended DNS Error of a block, its text in the language of the group."""
        key = (decision.rule, decision.bit, language)
        ede = self._edes.get(key)
        if ede is None:
            ede = self._edes[key] = ede_of(decision, self.categories, self.translators[language])
        return ede

    def refill(self) -> None:
        """Give every client its queries for the next second."""
        self.refusals = REFUSALS
        tokens = self.tokens
        for client in self.clients.values():
            client.tokens = tokens
