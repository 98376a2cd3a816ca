"""What people did in some time, counted by school: passes that were granted, budgets that were used up.

Numbers come out, no person and no device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from schoolguard.node.facts import Facts
from schoolguard.node.pass_model import Issued
from schoolguard.node.periods import Acts
from schoolguard.settings import Settings


def acts_of(facts: Facts, settings: Settings, begin: float, end: float) -> Acts:
    """Return what was done in ``[begin, end)``, Unix seconds; budgets are those of the meter's own day."""
    used_up = used_up_by_school(facts.usage.meter.all_used_up(), settings)
    return Acts(passes_by_school(facts.book.issued(), begin, end), used_up)


def passes_by_school(issued: Iterable[Issued], begin: float, end: float) -> dict[str, int]:
    """Return how many passes were granted in each school."""
    return dict(Counter(each.granted.school for each in issued if begin <= each.granted.start < end))


def used_up_by_school(used_up: Mapping[bytes, frozenset[str]], settings: Settings) -> dict[str, int]:
    """Return how many devices used up a budget of each school."""
    budgets = {
        school.id: {budget.id for group in school.groups for budget in group.budgets}
        for school in settings.schools
    }
    counts = {
        school: sum(not ids.isdisjoint(of_device) for of_device in used_up.values())
        for school, ids in budgets.items()
    }
    return {school: count for school, count in counts.items() if count}
