"""Reads an order's document. What is not exactly one is refused whole; its names are judged one by one
elsewhere.

Whole, because a document that this version does not understand entirely may say something else than it would
enforce: a member it does not know may limit the order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from schoolguard.intake.orders.canonical import NotCanonical, moment, read_canonical
from schoolguard.intake.orders.order import FORMAT, Lift, Order, Target, order_path
from schoolguard.intake.orders.scope import Scope
from schoolguard.language import N_, Said

MOST_BYTES = 1 << 18
"""Bytes of a document; 5,000 names of usual length take half of it."""

MOST_NAMES = 5_000
"""Names in one order. Orders known in public name tens to hundreds; more belongs in a list, which is
previewed."""

MOST_LIFTED = 1_000
MOST_PLACES = 2_000
"""Communes and schools in a scope: a province has some hundred communes and a thousand schools."""

LONGEST_TEXT = 300
LONGEST_NAME = 255
"""Characters of what stands where a name belongs; whether it is one is judged with the others."""

LONGEST = 366 * 86_400
"""Seconds an order may hold. Nothing stays closed for ever because nobody looked again: one that still has
reason is issued anew with the next sequence."""

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""Times of an order: the years 2000 to 2099."""

ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,62}[a-z0-9]\Z|[a-z0-9]\Z")
PARTNER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\Z")
_MEMBERS = frozenset(
    {"format", "id", "sequence", "partner", "authority", "legal-basis"}
    | {"names", "scope", "start", "expiry", "contact", "lifts"}
)


class OrderRefused(Said):
    """An order of which nothing can be enforced; the message says why, ``code`` in one word for receipts."""

    def __init__(self, code: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.code = code


def read_order(document: bytes, partner: str, path: str) -> Order:
    """Return the order of a document that came as the target ``path`` of ``partner``'s role.

    Raises ``OrderRefused``. The signature was verified by whoever fetched it.
    """
    try:
        members = read_canonical(document, MOST_BYTES)
        _check_format(members)
        order = _order(members)
    except NotCanonical as error:
        raise OrderRefused("malformed", N_("this is no order: {problem}"), problem=str(error)) from error
    if order.partner != partner:
        msgid = N_("an order of partner {found!r}, signed by partner {partner!r}")
        raise OrderRefused("partner", msgid, found=order.partner, partner=partner)
    if path != order_path(order.partner, order.id):
        msgid = N_("an order with the id {id!r} under the path {path!r}")
        raise OrderRefused("path", msgid, id=order.id, path=path)
    _check_times(order)
    return order


def _check_format(members: Mapping[str, Any]) -> None:
    found = members.get("format")
    if found != FORMAT:
        msgid = N_("the format {found!r} is not known to this version, which reads {known}")
        raise OrderRefused("format", msgid, found=str(found)[:40], known=FORMAT)
    if odd := sorted(_MEMBERS ^ members.keys()):
        raise NotCanonical(f"missing or unknown members: {', '.join(each[:40] for each in odd[:5])}")


def _order(members: Mapping[str, Any]) -> Order:
    lifts = tuple(map(_lift, _list(members["lifts"], "lifts", MOST_LIFTED)))
    targets = _targets(members["names"], "names")
    if not targets and not lifts:
        raise NotCanonical("an order that names nothing and lifts nothing")
    if len({lift.order for lift in lifts}) < len(lifts):
        raise NotCanonical("lifts: an order stands there twice")
    return Order(
        _matching(ID, members["id"], "id"),
        _whole(members["sequence"]),
        _matching(PARTNER, members["partner"], "partner"),
        text(members["authority"], "authority"),
        text(members["legal-basis"], "legal-basis"),
        targets,
        _scope(members["scope"]),
        moment(text(members["start"], "start")),
        moment(text(members["expiry"], "expiry")),
        text(members["contact"], "contact"),
        lifts,
    )


def _check_times(order: Order) -> None:
    if not EARLIEST <= order.start < order.expiry <= LATEST:
        raise OrderRefused("times", N_("an order that ends before it begins, or in another century"))
    if order.expiry - order.start > LONGEST:
        msgid = N_("an order of more than {days} days; issue it anew before it expires")
        raise OrderRefused("times", msgid, days=LONGEST // 86_400)


def text(value: object, member: str) -> str:
    """Return a text that people can read on one line; raises ``NotCanonical``."""
    if not isinstance(value, str) or not value or value != value.strip():
        raise NotCanonical(f"{member}: no text, or spaces around it")
    if len(value) > LONGEST_TEXT or not value.isprintable() or unicodedata.normalize("NFC", value) != value:
        raise NotCanonical(f"{member}: at most {LONGEST_TEXT} characters in form NFC, none of them invisible")
    return value


def _matching(pattern: re.Pattern[str], value: object, member: str) -> str:
    if not isinstance(value, str) or not pattern.match(value):
        raise NotCanonical(f"{member}: not of the form {pattern.pattern}")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 1 <= value < 1 << 53:
        raise NotCanonical("sequence: no whole number from 1")
    return value


def _list(value: object, member: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise NotCanonical(f"{member}: no list of at most {most}")
    return value


def _object(value: object, member: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= known:
        raise NotCanonical(f"{member}: no object with {', '.join(sorted(known))}")
    return value


def _targets(value: object, member: str) -> frozenset[Target]:
    parts = _object(value, member, {"all-below", "exact"})
    found = [
        Target(_name(n), part == "exact") for part in parts for n in _list(parts[part], member, MOST_NAMES)
    ]
    if len(found) > MOST_NAMES:
        raise NotCanonical(f"{member}: {len(found)} names, at most {MOST_NAMES}")
    return frozenset(found)


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable():
        raise NotCanonical(f"names: no text of at most {LONGEST_NAME} characters, none of them invisible")
    return value


def _scope(value: object) -> Scope:
    parts = _object(value, "scope", {"province", "communes", "schools"})
    if "province" in parts:
        if parts != {"province": True}:
            raise NotCanonical("scope: province is true and stands alone, or is left out")
        return Scope(True)
    sets = {p: frozenset(text(v, p) for v in _list(values, p, MOST_PLACES)) for p, values in parts.items()}
    scope = Scope(False, sets.get("communes", frozenset()), sets.get("schools", frozenset()))
    if not scope.communes and not scope.schools:
        raise NotCanonical("scope: nowhere")
    return scope


def _lift(value: object) -> Lift:
    parts = _object(value, "lifts", {"id", "names"})
    id = _matching(ID, parts.get("id"), "lifts")
    if "names" not in parts:
        return Lift(id)
    targets = _targets(parts["names"], "lifts")
    if not targets:
        raise NotCanonical("lifts: names, but none; leave them out to lift the whole order")
    return Lift(id, targets)
