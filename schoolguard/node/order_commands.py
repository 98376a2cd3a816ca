"""``orders-in-force`` and ``orders-history`` on the gateway's side of the control socket.

They show what the book says, with what the safety net keeps open in spite of it. They must not change
anything: orders come from partners, signed, and only partners lift them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.orders.checks import Checks, Refused
from schoolguard.intake.orders.history import Past, history, in_force
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.order import names_of
from schoolguard.intake.orders.scope import Served
from schoolguard.language import N_, Said
from schoolguard.node.commands import Arguments, Taking

SHOWN = 1_000
"""Versions of orders in one answer: a line of the control socket is bounded; the newest are shown."""

NAMES_SHOWN = 100
"""Names of one order in an answer; ``names_count`` says how many there are."""


class OrderCommands:
    """The commands on one book.

    ``clock`` returns the moment to judge by, ``schools`` what this gateway serves, ``checks`` what it lets no
    order close.
    """

    def __init__(
        self,
        book: OrderBook,
        clock: Callable[[], Clock],
        schools: Callable[[], tuple[Served, ...]],
        checks: Callable[[], Checks],
    ) -> None:
        self._book = book
        self._clock = clock
        self._schools = schools
        self._checks = checks

    def commands(self) -> dict[str, Taking]:
        """Return the commands by name, for ``CommandServer``."""
        return {"orders-in-force": Taking(self.in_force), "orders-history": Taking(self.history)}

    async def in_force(self, arguments: Arguments) -> dict[str, Any]:
        """Return the orders in force on this gateway; with ``all`` those for no school here too."""
        every = arguments.get("all") is True
        found = in_force(self._book, self._clock(), self._checks())
        return self._answer([each for each in found if every or self._reach(each)])

    async def history(self, arguments: Arguments) -> dict[str, Any]:
        """Return every version of every order that concerns ``name``; raises ``Said`` for no name."""
        typed = arguments.get("name")
        if not isinstance(typed, str):
            raise Said(N_("the argument {name} must be a text"), name="name")
        try:
            name = to_ascii(typed)
        except InvalidName as error:
            raise Said(N_("{name!r} is no domain name"), name=typed) from error
        found = history(self._book, name, self._clock(), self._checks())
        return {**self._answer(found), "name": name}

    def _answer(self, found: list[Past]) -> dict[str, Any]:
        clock = self._clock()
        return {
            "ok": True,
            "now": clock.now,
            "broken": self._book.broken,
            "receipts_waiting": len(self._book.outbox),
            "count": len(found),
            "orders": [self._told(each) for each in found[-SHOWN:]],
        }

    def _reach(self, past: Past) -> frozenset[str]:
        return past.kept.order.scope.of(self._schools())

    def _told(self, past: Past) -> dict[str, Any]:
        kept, order = past.kept, past.kept.order
        return {
            "id": order.id,
            "partner": order.partner,
            "sequence": order.sequence,
            "state": past.standing.value,
            "authority": order.authority,
            "legal_basis": order.legal_basis,
            "contact": order.contact,
            "names": names_of(frozenset(past.targets[:NAMES_SHOWN])),
            "names_count": len(past.targets),
            "scope": order.scope.document(),
            "schools": sorted(self._reach(past)),
            "start": rfc3339(order.start),
            "expiry": rfc3339(order.expiry),
            "received": rfc3339(kept.received),
            "enforced": self._enforced(past),
            "lifted_by": list(past.lifted_by),
            "refused": [_refused(each) for each in past.refused[:NAMES_SHOWN]],
        }

    def _enforced(self, past: Past) -> str | None:
        receipt = self._book.outbox.last.get((*past.kept.order.key, past.kept.digest))
        return None if receipt is None or receipt.enforced is None else rfc3339(receipt.enforced)


def _refused(refused: Refused) -> dict[str, Any]:
    return {"name": refused.target.name, "why": refused.why.value, "reason": refused.said()}
