"""Receipts that the publisher has not acknowledged yet. They stand in the journal, so nothing is lost or half
there.

Of several receipts for one order only the last is sent. It must not send; whoever does tells it what arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical
from schoolguard.intake.orders.entry import Entry
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.order import digest_of
from schoolguard.intake.orders.receipt import MOST_BYTES, Receipt, receipt_of

RECEIPT, SENT = "receipt", "receipt-sent"
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receipt to send: its document, and the SHA-256 of that to acknowledge it by."""

    document: bytes
    digest: str


class Outbox:
    """The receipts of one journal; ``last`` is the last receipt for each document of an order.

    What another thread reads is replaced whole, once for each ``put``.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.last: dict[Key, Receipt] = {}
        self._waiting: dict[str, Waiting] = {}
        self._newest: dict[Key, str] = {}

    def take(self, entry: Entry) -> None:
        """Let an entry that was in the journal take effect; others than receipts have none here."""
        if entry.kind == SENT:
            self._waiting.pop(str(entry.fields.get("sha256")), None)
        elif entry.kind == RECEIPT:
            members = entry.fields["document"]
            try:
                receipt = receipt_of(members["receipt"])
            except NotCanonical:
                return  # of another version of this program: it is made anew
            self._enter(receipt, canonical(members), self._waiting)

    def put(self, signed: Sequence[tuple[Receipt, bytes]], time: float) -> None:
        """Keep signed receipts until they are acknowledged; raises ``CannotKeep``, and then none is kept."""
        if not signed:
            return
        entries = [(RECEIPT, {"document": read_canonical(document, MOST_BYTES)}) for _, document in signed]
        self._journal.append_all(time, entries)
        self.last, waiting = dict(self.last), dict(self._waiting)
        for receipt, document in signed:
            self._enter(receipt, document, waiting)
        self._waiting = waiting

    def waiting(self, most: int = 100) -> list[Waiting]:
        """Return receipts to send, oldest first."""
        return list(self._waiting.values())[:most]

    def __len__(self) -> int:
        """Return how many receipts wait."""
        return len(self._waiting)

    def acknowledge(self, digest: str, time: float) -> None:
        """Let go of a receipt that the publisher has; raises ``CannotKeep``.

        One that a newer took the place of is none any more.
        """
        if digest in self._waiting:
            self._journal.append(time, SENT, {"sha256": digest})
            self._waiting = {key: each for key, each in self._waiting.items() if key != digest}

    def _enter(self, receipt: Receipt, document: bytes, waiting: dict[str, Waiting]) -> None:
        former = self._newest.get(receipt.key)
        if former is not None:
            waiting.pop(former, None)
        digest = digest_of(document)
        self.last[receipt.key] = receipt
        self._newest[receipt.key] = digest
        waiting[digest] = Waiting(document, digest)
