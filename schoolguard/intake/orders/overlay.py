"""What a stack lays over its snapshots for the orders that hold: search key -> mask.

A name that is closed for every school of the gateway has the bit of ``takedown``; one that is closed for some
has the bits of their classes (see ``scope``), so that one overlay serves all. It must not know the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.intake.orders.checks import Refused
from schoolguard.intake.orders.holding import Held
from schoolguard.intake.orders.order import Target
from schoolguard.intake.orders.scope import Reach, Served, classes_of

TAKEDOWN = BY_NAME["takedown"].mask


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is closed at a moment.

    ``below`` holds for a name and all below it, ``exact`` for the name alone; ``schools`` has the bit that a
    school's plans need beside the sealed ones, for schools that need one. ``refused`` are the names that the
    safety net keeps open, by partner and id of the order.
    """

    below: Mapping[str, int] = field(default_factory=dict)
    exact: Mapping[str, int] = field(default_factory=dict)
    schools: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[tuple[str, str], tuple[Refused, ...]] = field(default_factory=dict)

    def tells(self, other: Overlay) -> bool:
        """Return whether workers that know ``other`` must be told this one."""
        return (self.below, self.exact, self.schools) != (other.below, other.exact, other.schools)


def overlay_of(
    holding: Sequence[Held], schools: Sequence[Served], refusal: Callable[[Target], Refused | None]
) -> Overlay:
    """Return the overlay for what holds on a gateway that serves ``schools``."""
    everywhere = frozenset(school.id for school in schools)
    reach = Reach(schools)
    reached = [reach.of(each.order.scope) for each in holding]
    classes = classes_of([some for some in reached if some and some != everywhere])
    below: dict[str, int] = {}
    exact: dict[str, int] = {}
    refused: dict[tuple[str, str], tuple[Refused, ...]] = {}
    for each, some in zip(holding, reached, strict=True):
        kept_open = []
        mask = TAKEDOWN if some and some == everywhere else classes.of_set.get(some, 0)
        for target in each.targets:
            why = refusal(target)
            if why is not None:
                kept_open.append(why)
            elif mask:
                entries = exact if target.exact else below
                key = search_key(target.name)
                entries[key] = entries.get(key, 0) | mask
        if kept_open:
            refused[each.order.key] = tuple(
                sorted(kept_open, key=lambda one: (one.target.name, one.target.exact))
            )
    return Overlay(below, exact, classes.of_school, refused)
