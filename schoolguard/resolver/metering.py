"""Reads off what each client counted: its group's outcomes, the time budgets it used, and that it was there.

It must not know minutes or days: it hands on marks, a device and a budget each, and sightings.
"""

from __future__ import annotations

from itertools import compress

from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import SIZE, is_blocked
from schoolguard.resolver.sightings import At, Sightings

Mark = tuple[bytes, str]
"""A device (MAC, else address) and the id of a budget it used."""


class Metering:
    """What each place in a client's counters stands for; those beyond the outcomes are for budgeted names."""

    def __init__(self, seen: Sightings) -> None:
        self._seen = seen
        self._places: dict[tuple[int, frozenset[str]], int] = {}
        self._meanings: list[tuple[int, frozenset[str]]] = []
        self._zeros = [0] * SIZE
        self._marks: set[Mark] = set()

    def find(self, outcome: int, budgets: frozenset[str]) -> int | None:
        """Return where an outcome of a name that uses ``budgets`` is counted, if there is such a place."""
        return self._places.get((outcome, budgets))

    def add(self, outcome: int, budgets: frozenset[str]) -> int:
        """Make such a place; every client's counters must be made longer by one at once."""
        place = self._places[outcome, budgets] = len(self._zeros)
        self._meanings.append((outcome, budgets))
        self._zeros.append(0)
        return place

    def outcome_of(self, place: int) -> int:
        """Return the outcome that is counted at a place, whatever budgets it stands for."""
        return place if place < SIZE else self._meanings[place - SIZE][0]

    def counters(self) -> list[int]:
        """Return a new client's counters."""
        return list(self._zeros)

    def read(self, client: Client) -> None:
        """Add what a client's counters hold to its group's, keep its marks, and begin again at 0."""
        counts, group, device = client.counts, client.group, client.device
        group_counts, saw = client.group_counts, self._seen.saw
        for place in compress(range(len(counts)), counts):
            outcome = place
            if place >= SIZE:
                outcome, budgets = self._meanings[place - SIZE]
                self._marks.update((device, budget) for budget in budgets)
            group_counts[outcome] += counts[place]
            saw(At(group.school, group.tier.name, outcome), device)
        counts[:] = self._zeros

    def note(self, client: Client, packet: bytes, place: int, queries: int) -> None:
        """Take queries for one name, counted at ``place``; only a blocked one's name is kept."""
        outcome = self.outcome_of(place)
        if is_blocked(outcome):
            at = At(client.group.school, client.group.tier.name, outcome)
            self._seen.saw_name(at, packet, client.device, queries)

    def take(self) -> list[Mark]:
        """Return the marks kept since the last call."""
        marks, self._marks = self._marks, set()
        return sorted(marks)
