"""Which devices used which time budgets in the last second, read off the places that cache hits counted at.

It must not know minutes or days: it hands on marks, a device and a budget each.
"""

from __future__ import annotations

from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import SIZE

Mark = tuple[bytes, str]
"""A device (MAC, else address) and the id of a budget it used."""


class Metering:
    """What each place beyond the outcomes, in the counters of a client with budgets, stands for."""

    def __init__(self) -> None:
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
        counts = client.counts
        if counts == self._zeros:
            return
        group_counts = client.group_counts
        for place in range(SIZE):
            group_counts[place] += counts[place]
        for place, (outcome, budgets) in enumerate(self._meanings, SIZE):
            if counts[place]:
                group_counts[outcome] += counts[place]
                self._marks.update((client.device, budget) for budget in budgets)
        counts[:] = self._zeros

    def take(self) -> list[Mark]:
        """Return the marks kept since the last call."""
        marks, self._marks = self._marks, set()
        return sorted(marks)
