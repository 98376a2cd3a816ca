"""What is in force: settings and lists joined into one object, replaced whole by one assignment.

It must not know sockets. A reload builds a new ``Rules``; old replies become unreachable with the old one.
Within one, plans change with the time, with passes and with used-up budgets: ``turn`` moves the clients to
their new plans' seats, and no reply is thrown away.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from math import inf

from schoolguard.categories import Category, lowest
from schoolguard.dns.names import search_key
from schoolguard.language import Translate
from schoolguard.lists.stack import Stack
from schoolguard.policy.budgets import BudgetTable
from schoolguard.policy.clients import Clients, Listener
from schoolguard.policy.decide import Decision
from schoolguard.policy.model import Group
from schoolguard.policy.reason import ede_of
from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.front import Front
from schoolguard.resolver.metering import Mark, Metering
from schoolguard.resolver.present import Present
from schoolguard.resolver.standing import Standings
from schoolguard.settings import Settings

MAX_CLIENTS = 20_000
"""Client addresses remembered at once; a school has hundreds, a forger of addresses is bounded here."""

REFUSALS = 200
"""Queries of addresses in no group that are answered with REFUSED in a second; the rest gets silence."""

MAX_EDES = 5_000
Table = dict[bytes, Client]


class Rules:
    """Settings, lists, and the clients seen under them at the present moment."""

    def __init__(
        self,
        settings: Settings,
        stack: Stack,
        counts: Counts,
        translators: dict[str, Translate],
        present: Present,
    ) -> None:
        self.settings = settings
        self.stack = stack
        self.translators = translators
        self.categories: dict[int, Category] = {c.bit: c for c in settings.categories}
        self.tokens = settings.limits.queries_per_second or 1 << 60
        self.refusals = REFUSALS
        self.front = Front(settings.caches.replies)
        self.former_fronts: list[Front] = []
        self.metering = Metering(counts.seen)
        self.noted: dict[tuple[bytes, Client, int], int] = {}
        """Packet after its ID, asker, place counted -> how often; for places from ``Sightings.note_from``."""
        self._active: set[Client] = set()
        self.present = present
        self.due = inf
        """When the next turn of plans is due, on the resolver's clock."""
        self._local_zones = frozenset(map(search_key, settings.upstreams.local_zones))
        self._on_trial = sum(1 << bit for bit in settings.shadow_lists)
        self._counts = counts
        self._groups = Clients(settings.schools)
        self._by_listener = any(group.listeners for group in self._groups.groups)
        self.forwarders = {forwarder.address: forwarder.takes for forwarder in settings.forwarders}
        self._tables: dict[Listener | None, Table] = {}
        self._behind: dict[tuple[bytes, bytes | None], Client] = {}
        self._edes: dict[tuple[object, ...], tuple[int, str]] = {}
        self._budgets: dict[tuple[str, str], BudgetTable] = {}
        self._standings = Standings(settings.schools, settings.engines, present)

    def turn(self, clock: float) -> None:
        """Bring every plan and client to the present moment; ``clock`` is the resolver's, in seconds."""
        due = self._standings.turn()
        if self._standings.crowded:
            self._standings.clear()
            self.former_fronts.append(self.front)
            self.front = Front(self.settings.caches.replies)
            due = self._standings.turn()
        find = self._standings.of
        for client in self._all():
            seated = find(client.standing, client.device)
            if client.plan is not seated.plan or client.seat is not seated.seat:
                client.take(seated)
        now = self.present.now
        self.due = inf if now is None else clock + due - now

    def seat_again(self, devices: Container[bytes]) -> None:
        """Bring the clients of some devices under their plans of now: a budget is used up, or given back."""
        for client in self._all():
            if client.device in devices:
                client.take(self._standings.of(client.standing, client.device))

    def log_again(self) -> None:
        """Bring every client into the query log, or out of it, as the present says."""
        logged = self.present.logged
        for client in self._all():
            client.logged = (client.group.school, client.group.name) in logged
            client.take(self._standings.of(client.standing, client.device))

    def forget(self, addresses: Iterable[bytes]) -> None:
        """Let go of clients whose device is another one now; their next query finds their group anew."""
        for table in self._tables.values():
            for address in addresses:
                client = table.pop(address, None)
                if client is not None:
                    self.metering.read(client)

    def retire(self) -> None:
        """Let go of the clients: they point back here, and such a ring is freed late and all at once."""
        self._find_active()
        self.harvest_some(MAX_CLIENTS)
        for table in self._tables.values():
            table.clear()
        self._behind.clear()

    def harvest(self) -> list[Mark]:
        """Read what every client counted; return which devices used which budgets since the last call."""
        self._find_active()
        self.harvest_some(MAX_CLIENTS)
        return self.metering.take()

    def harvest_some(self, most: int) -> bool:
        """Read what ``most`` clients counted, of those that ``refill`` found; return whether more wait."""
        noted, self.noted = self.noted, {}
        for (packet, client, place), queries in noted.items():
            self.metering.note(client, packet, place, queries)
        active, read = self._active, self.metering.read
        for _ in range(min(most, len(active))):
            read(active.pop())
        return bool(active)

    def count(self, client: Client, packet: bytes, outcome: int) -> None:
        """Count one query that was no cache hit; ``packet`` is what follows its ID."""
        counts = client.counts
        if outcome >= len(counts):
            counts.extend([0] * (outcome + 1 - len(counts)))
        counts[outcome] += 1
        self._active.add(client)
        self._counts.answered[0] += 1
        if outcome >= self._counts.seen.note_from:
            key = packet, client, outcome
            self.noted[key] = self.noted.get(key, 0) + 1

    def _find_active(self) -> None:
        full = self.tokens
        self._active.update(client for client in self._all() if client.tokens != full)

    def metered(self, outcome: int, budgets: frozenset[str]) -> int:
        """Return the place in a client's counters for an outcome of a name that uses ``budgets``."""
        place = self.metering.find(outcome, budgets)
        if place is None:
            place = self.metering.add(outcome, budgets)
            for client in self._all():
                client.counts.append(0)
        return place

    def clients_at(self, listener: Listener | None) -> Table:
        """Return the clients seen at a listener by address; one table for all if it makes no difference."""
        return self._tables.setdefault(listener if self._by_listener else None, {})

    def count_clients(self) -> int:
        """Return how many clients are known."""
        return len(self._behind) + sum(map(len, self._tables.values()))

    def _all(self) -> Iterator[Client]:
        for table in self._tables.values():
            yield from table.values()
        yield from self._behind.values()

    def admit(self, address: bytes, listener: Listener | None = None) -> Client | None:
        """Return the client of a packed address, or ``None`` when no group serves it."""
        table = self.clients_at(listener)
        client = table.get(address)
        if client is None:
            client = self._new_client(address, self.present.devices.get(address), listener)
            if client is not None:
                table[address] = client
        return client

    def admit_behind(self, address: bytes, mac: bytes | None, listener: Listener | None) -> Client | None:
        """Return the client that a trusted forwarder speaks for; ``mac`` is what it said of the device."""
        mac = mac or self.present.devices.get(address)
        client = self._behind.get((address, mac))
        if client is None:
            client = self._new_client(address, mac, listener)
            if client is not None:
                client.behind = True
                self._behind[address, mac] = client
        return client

    def readmit(self, former: Client) -> Client | None:
        """Return the client that another one, of former rules or of another device's time, is now."""
        key = (former.address, former.mac)
        if former.behind:
            return self.admit_behind(*key, former.listener)
        return self.admit(former.address, former.listener)

    def _new_client(self, address: bytes, mac: bytes | None, listener: Listener | None) -> Client | None:
        group = self._groups.group_of(address, mac, listener)
        if group is None:
            return None
        if self.count_clients() >= MAX_CLIENTS:
            self.retire()
        counts = self._counts.of(group.school, group.name, group.tier.name)
        table, own = self._budget_table(group), self.metering.counters()
        standing = self._standings.standing_of(group)
        client = Client(self, standing, address, mac, listener, counts, own, table)
        client.tokens = self.tokens
        client.logged = (group.school, group.name) in self.present.logged
        client.take(self._standings.of(standing, client.device))
        return client

    def _budget_table(self, group: Group) -> BudgetTable | None:
        if not group.budgets:
            return None
        key = (group.school, group.name)
        table = self._budgets.get(key)
        if table is None:
            table = self._budgets[key] = BudgetTable(group.budgets)
        return table

    def is_local(self, key: str) -> bool:
        """Return whether a search key is in a zone of the school's own network."""
        zones = self._local_zones
        end = key.find(".") + 1 if zones else 0
        while end:
            if key[:end] in zones:
                return True
            end = key.find(".", end) + 1
        return False

    def on_trial(self, mask: int) -> int:
        """Return the categories that lists on trial give a name, whose mask from all lists is ``mask``."""
        trial = mask & self._on_trial
        categories = 0
        while trial:
            bit = lowest(trial)
            categories |= self.settings.shadow_lists[bit][1]
            trial &= trial - 1
        return categories

    def ede(self, decision: Decision, language: str) -> tuple[int, str]:
        """Return the Extended DNS Error of a block, its text in the language of the group."""
        key = (decision.rank, decision.bit, decision.rule, decision.budget, language)
        ede = self._edes.get(key)
        if ede is None:
            if len(self._edes) >= MAX_EDES:
                self._edes.clear()
            ede = self._edes[key] = ede_of(decision, self.categories, self.translators[language])
        return ede

    def refill(self) -> None:
        """Give every client its queries for the next second; whoever asked in the last one is to be read."""
        self.refusals = REFUSALS
        tokens, active = self.tokens, self._active
        for client in self._all():
            if client.tokens != tokens:
                client.tokens = tokens
                active.add(client)
