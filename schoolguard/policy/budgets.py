"""Time budgets as values: how long a device may use some names in a day, and which names those are.

It must not count anything: the minutes a device has used are the ``meter``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schoolguard.categories import ALLOWED
from schoolguard.dns.names import search_key
from schoolguard.policy.rule import Layer

BUDGET_TTL = 60
"""The longest TTL in seconds that a client is given for a budgeted name, so that it asks again while it is
used.

With less the simulated error stays what it is (30 s: within 0.2 points for every application); with 300 s
games are counted 3 to 6 points shorter. A client also goes on to use what it was told for as long as this
after its budget is used up. The price is 12 to 41 % more queries for these names than at 300 s.
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """Some names and categories that a device may use for ``minutes`` in a day, all of them together.

    ``id`` is what usage is kept under, over reloads and restarts; ``label`` and ``reason`` are shown to
    people. ``names`` are in text shape, each with all below it; ``categories`` is a mask. ``keys``, the
    names as search keys, take no part in equality.
    """

    id: str
    label: str
    minutes: int
    names: frozenset[str] = frozenset()
    categories: int = 0
    owner: str = ""
    reason: str = ""
    layer: Layer = Layer.SCHOOL
    keys: frozenset[str] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", frozenset(map(search_key, self.names)))
        object.__setattr__(self, "_hash", hash((self.id, self.minutes, self.names, self.categories)))

    def __hash__(self) -> int:
        """Return what was computed once: every turn of plans looks budgets up by value."""
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Made anew in another process: hashes of texts differ there.
        written = (self.id, self.label, self.minutes, self.names, self.categories, self.owner, self.reason)
        return Budget, (*written, self.layer)

    def covers(self, key: str, mask: int) -> bool:
        """Return whether using a name uses the budget.

        ``key`` is the name's search key (``""`` is the root), ``mask`` what the lists say of it. A category
        that an allow list lifts does not count, as it does not block either.
        """
        if mask & self.categories and not mask & ALLOWED:
            return True
        keys = self.keys
        end = key.find(".") + 1 if keys else 0
        while end:
            if key[:end] in keys:
                return True
            end = key.find(".", end) + 1
        return False


class BudgetTable:
    """Which budgets of a plan a name uses, found in one walk over its parents."""

    __slots__ = ("_by_key", "_categories", "_of_categories", "budgets")

    def __init__(self, budgets: Iterable[Budget]) -> None:
        self.budgets = tuple(budgets)
        by_key: dict[str, tuple[str, ...]] = {}
        for budget in self.budgets:
            for key in budget.keys:
                by_key[key] = (*by_key.get(key, ()), budget.id)
        self._by_key = by_key
        self._of_categories = tuple((each.categories, each.id) for each in self.budgets if each.categories)
        self._categories = 0
        for categories, _ in self._of_categories:
            self._categories |= categories

    def covering(self, key: str, mask: int) -> frozenset[str]:
        """Return the ids of the budgets that cover a name; as ``Budget.covers`` says of each."""
        found: set[str] = set()
        if mask & self._categories and not mask & ALLOWED:
            found.update(name for categories, name in self._of_categories if mask & categories)
        by_key = self._by_key
        end = key.find(".") + 1 if by_key else 0
        while end:
            if key[:end] in by_key:
                found.update(by_key[key[:end]])
            end = key.find(".", end) + 1
        return frozenset(found)
