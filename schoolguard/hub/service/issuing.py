"""A partner's order: written, signed into the partner's role, packed as a push. The partner's side.

It must not speak to the publisher; whoever does says what was accepted with ``accepted``.

orders/ID.json   in the partner's folder: each order as the publisher accepted it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Targets

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.hub.push.home import Home
from schoolguard.hub.push.package import pack
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.signing import File, signed_targets
from schoolguard.intake.orders.order import Lift, Order, Target, order_path
from schoolguard.intake.orders.reading import MOST_BYTES, OrderRefused, read_order
from schoolguard.intake.orders.scope import Scope
from schoolguard.language import N_, Said
from schoolguard.lists.archive import write_synced

ORDERS, WRITTEN = "orders", "order.json"

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])\Z")
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800}

_BAD_NAME = N_("{name!r} is no domain name ({reason})")
_BAD_SPAN = N_("{text!r} is no length of time; accepted: 12h, 7d, 4w")
_BAD_SCOPE = N_("{text!r} is no scope; accepted: province, commune:NAME, school:ID")
_MIXED = N_("province stands alone as a scope")
_NO_ORDER = N_("there is no order {id!r} in this folder")


class CannotIssue(Said):
    """An order cannot be written; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An order ready to go: its push, and the metadata to keep when it is accepted."""

    order: Order
    metadata: bytes
    package: Path


def targets_in(names: Iterable[str]) -> frozenset[Target]:
    """Return names as an order has them: ``=NAME`` is the name alone; raises ``CannotIssue``."""
    return frozenset(Target(_name(name.removeprefix("=")), name.startswith("=")) for name in names)


def scope_in(words: Sequence[str]) -> Scope:
    """Return the scope of ``province``, ``commune:NAME`` and ``school:ID``; raises ``CannotIssue``."""
    parts: dict[str, set[str]] = {"commune": set(), "school": set()}
    for word in words:
        kind, colon, name = word.partition(":")
        if word == "province" and len(words) == 1:
            return Scope(True)
        if word == "province":
            raise CannotIssue(_MIXED)
        if kind not in parts or not colon or not name.strip():
            raise CannotIssue(_BAD_SCOPE, text=word)
        parts[kind].add(name.strip())
    return Scope(False, frozenset(parts["commune"]), frozenset(parts["school"]))


def seconds_in(text: str) -> int:
    """Return the seconds of ``12h``, ``7d`` or ``4w``; raises ``CannotIssue``."""
    match = _SPAN.match(text)
    if match is None:
        raise CannotIssue(_BAD_SPAN, text=text)
    return int(match[1]) * _SECONDS[match[2]]


def next_sequence(home: Home, now: float) -> int:
    """Return a number above every order's before: the time in milliseconds, so that a lost folder is no
    harm."""
    kept = (home.folder / ORDERS).glob("*.json")
    known = [_kept(home, path.stem).sequence for path in sorted(kept)]
    return max([int(now * 1_000), *(sequence + 1 for sequence in known)])


def kept_order(home: Home, id: str) -> Order:
    """Return an order that the publisher accepted; raises ``CannotIssue``."""
    path = home.folder / ORDERS / f"{id}.json"
    if "/" in id or not path.is_file():
        raise CannotIssue(_NO_ORDER, id=id)
    return _kept(home, id)


def lifting(order: Order, id: str, sequence: int, now: float, targets: frozenset[Target] | None) -> Order:
    """Return the order that lifts another one, whole or some of its names."""
    return Order(
        id,
        sequence,
        order.partner,
        order.authority,
        order.legal_basis,
        frozenset(),
        order.scope,
        int(now),
        max(order.expiry, int(now) + 3_600),
        order.contact,
        (Lift(order.id, targets),),
    )


def issue(home: Home, order: Order, signers: Sequence[Signer], now: float) -> Issue:
    """Write and sign an order; raises ``OrderRefused`` for one that no gateway would read, ``OSError``."""
    document = order.document()
    read_order(document, home.partner, order.path)
    written = home.folder / WRITTEN
    write_synced(written, document)
    before = home.metadata
    listed = Metadata[Targets].from_bytes(before).signed.targets if before is not None else {}
    keep = [name for name in listed if name != order.path]
    metadata = signed_targets(before, {order.path: File(written)}, signers, now, PARTNER, keep=keep)
    with home.package.open("wb") as out:
        pack(out, home.partner, int(now), metadata, [(order.path, written)])
    return Issue(order, metadata, home.package)


def accepted(home: Home, issued: Issue) -> None:
    """Keep what the publisher accepted."""
    (home.folder / ORDERS).mkdir(exist_ok=True)
    write_synced(home.folder / ORDERS / f"{issued.order.id}.json", issued.order.document())
    write_synced(home.folder / "metadata.json", issued.metadata)


def _name(text: str) -> str:
    try:
        return to_ascii(text)
    except InvalidName as error:
        raise CannotIssue(_BAD_NAME, name=text, reason=error.reason) from error


def _kept(home: Home, id: str) -> Order:
    path = home.folder / ORDERS / f"{id}.json"
    with path.open("rb") as file:
        document = file.read(MOST_BYTES + 1)
    try:
        return read_order(document, home.partner, order_path(home.partner, id))
    except OrderRefused as error:
        raise CannotIssue(N_("{path}: {why}"), path=path, why=error) from error
