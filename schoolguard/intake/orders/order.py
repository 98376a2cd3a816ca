"""A takedown order as a value, and its document ``schoolguard-order/1``. How one is read stands in
``reading``.

An order is known by its partner and its id. The one with the highest sequence is the order; those before it
are history. It lifts orders of the same partner with a lower sequence, whole or some names of them, for good:
from its start on, whatever its own expiry, so that nothing closes again because a lift ran out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from schoolguard.intake.orders.canonical import canonical, rfc3339
from schoolguard.intake.orders.scope import Scope

FORMAT = "schoolguard-order/1"


@dataclass(frozen=True, slots=True)
class Target:
    """One name as an order has it: with all below it, or ``exact``, itself alone."""

    name: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Lift:
    """What an order ends: another one by id, or only some of its names."""

    order: str
    targets: frozenset[Target] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order; ``start`` and ``expiry`` are Unix seconds, and it holds from the first to just before the
    second.
    """

    id: str
    sequence: int
    partner: str
    authority: str
    legal_basis: str
    targets: frozenset[Target]
    scope: Scope
    start: int
    expiry: int
    contact: str
    lifts: tuple[Lift, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: partner and id."""
        return self.partner, self.id

    @property
    def path(self) -> str:
        """Its path in the repository."""
        return order_path(self.partner, self.id)

    def members(self) -> dict[str, Any]:
        """Return the members of its document."""
        return {
            "format": FORMAT,
            "id": self.id,
            "sequence": self.sequence,
            "partner": self.partner,
            "authority": self.authority,
            "legal-basis": self.legal_basis,
            "names": names_of(self.targets),
            "scope": self.scope.document(),
            "start": rfc3339(self.start),
            "expiry": rfc3339(self.expiry),
            "contact": self.contact,
            "lifts": [_lift(each) for each in self.lifts],
        }

    def document(self) -> bytes:
        """Return its document."""
        return canonical(self.members())


def order_path(partner: str, id: str) -> str:
    """Return the path of an order in the repository."""
    return f"orders/{partner}/{id}.json"


def digest_of(document: bytes) -> str:
    """Return the SHA-256 of a document in hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def names_of(targets: frozenset[Target]) -> dict[str, list[str]]:
    """Return names as a member of a document: ``all-below`` and ``exact``, each only if it has any."""
    parts = {"all-below": False, "exact": True}
    lists = {
        part: sorted(each.name for each in targets if each.exact is exact) for part, exact in parts.items()
    }
    return {part: names for part, names in lists.items() if names}


def _lift(lift: Lift) -> dict[str, Any]:
    whole = {"id": lift.order}
    return whole if lift.targets is None else {**whole, "names": names_of(lift.targets)}
