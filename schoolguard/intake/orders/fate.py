"""What came as orders and what became of it: values, and their entries in the journal. It knows no clock."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.intake.orders.canonical import canonical, read_canonical
from schoolguard.intake.orders.entry import Entry
from schoolguard.intake.orders.order import Order, digest_of, order_path
from schoolguard.intake.orders.reading import MOST_BYTES, read_order

ORDER, REFUSED = "order", "order-refused"
_TURNED = ("path", "partner", "sha256", "code", "reason")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A document with its path in the repository, the partner whose role signed for it, and that role's
    version.
    """

    document: bytes
    partner: str
    path: str
    version: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An order in the book: its document's SHA-256, when it came, and under which version of the role."""

    order: Order
    digest: str
    received: int
    version: int
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Turned:
    """A document that was refused whole: ``code`` for receipts, ``reason`` in English for people."""

    path: str
    partner: str
    digest: str
    received: int
    code: str
    reason: str


def entry_of(fate: Kept | Turned, arrived: Arrived) -> tuple[str, dict[str, object]]:
    """Return the kind and the fields of the entry that tells a fate."""
    if isinstance(fate, Kept):
        return ORDER, {"order": read_canonical(arrived.document, MOST_BYTES), "version": fate.version}
    values = (fate.path, fate.partner, fate.digest, fate.code, fate.reason)
    return REFUSED, dict(zip(_TURNED, values, strict=True))


def kept_of(entry: Entry) -> Kept:
    """Return the order of an entry; the document is canonical, so its bytes come back from its members.

    Raises ``OrderRefused``, ``KeyError``, ``TypeError`` and ``ValueError`` for one of another version."""
    members = entry.fields["order"]
    document = canonical(members)
    order = read_order(document, members["partner"], order_path(members["partner"], members["id"]))
    return Kept(order, digest_of(document), entry.time, int(entry.fields["version"]), entry.proven)


def turned_of(entry: Entry) -> Turned:
    """Return the refused document that an entry tells of; raises ``KeyError``."""
    path, partner, digest, code, reason = (str(entry.fields[name]) for name in _TURNED)
    return Turned(path, partner, digest, entry.time, code, reason)
