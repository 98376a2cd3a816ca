"""What a gateway says of an order, and its document ``schoolguard-receipt/1``, signed with the gateway's key.

The document is ``{"key": ..., "receipt": {...}, "signature": ...}``: the public key and the Ed25519 signature
in hexadecimal, over the canonical form of ``receipt``. A gateway may speak several times of one order: when
it took it, when all workers closed its names, when the safety net changed. It must not tell who asked for
what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, read_canonical, rfc3339
from schoolguard.intake.orders.checks import Refused, Why
from schoolguard.intake.orders.order import Target
from schoolguard.intake.orders.reading import LONGEST_TEXT, text

FORMAT = "schoolguard-receipt/1"
MOST_BYTES = 1 << 20
MOST_REFUSED = 1_000
"""Refused names that a receipt tells of one by one; ``refused_count`` has the rest too."""

_Word = TypeVar("_Word", bound=StrEnum)
_MEMBERS = frozenset(
    {"format", "gateway", "number", "partner", "order", "sequence", "order-sha256"}
    | {"received", "enforced", "state", "reason", "refused", "refused-count", "schools", "software"}
)


class State(StrEnum):
    """What became of an order on a gateway."""

    WAITING = "waiting"
    """Taken; it begins later, or the workers have not taken it yet."""

    ENFORCED = "enforced"
    """All workers close its names, but for those that are ``refused``; or no longer those that it lifts."""

    ELSEWHERE = "elsewhere"
    """It is for no school of this gateway."""

    ENDED = "ended"
    """It had expired or was lifted when it came."""

    REFUSED = "refused"
    """Nothing of it is enforced."""


class ReceiptRefused(ValueError):
    """Bytes that are no receipt with a good signature."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One gateway's word on one version of one order; times are Unix seconds, whole but for ``enforced``.

    ``number`` counts what this gateway said of this document, from 1: the highest is its last word, so an old
    receipt that somebody sends again changes nothing. ``sequence`` is 0 when the document could not be read.
    ``enforced`` is in milliseconds' precision, ``None`` when nothing is. ``reason`` is why the whole order
    was refused. ``schools`` are those of this gateway that it is for.
    """

    gateway: str
    number: int
    partner: str
    order: str
    sequence: int
    digest: str
    received: int
    enforced: float | None
    state: State
    reason: str
    refused: tuple[Refused, ...]
    refused_count: int
    schools: tuple[str, ...]
    software: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about: partner, id, digest of the document."""
        return self.partner, self.order, self.digest

    def members(self) -> dict[str, Any]:
        """Return the members of its document, to be signed."""
        return {
            "format": FORMAT,
            "gateway": self.gateway,
            "number": self.number,
            "partner": self.partner,
            "order": self.order,
            "sequence": self.sequence,
            "order-sha256": self.digest,
            "received": rfc3339(self.received),
            "enforced": None if self.enforced is None else _fine(self.enforced),
            "state": self.state.value,
            "reason": self.reason,
            "refused": [_refused(each) for each in self.refused],
            "refused-count": self.refused_count,
            "schools": list(self.schools),
            "software": self.software,
        }


def sign(receipt: Receipt, key: Ed25519PrivateKey) -> bytes:
    """Return the signed document."""
    members = receipt.members()
    signature = key.sign(canonical(members)).hex()
    public = key.public_key().public_bytes_raw().hex()
    return canonical({"key": public, "receipt": members, "signature": signature})


def read_receipt(document: bytes) -> tuple[Receipt, bytes]:
    """Return a receipt whose signature is good, and the public key (32 bytes) that made it.

    Raises ``ReceiptRefused``. Whose key that is must be known to the caller.
    """
    try:
        outer = read_canonical(document, MOST_BYTES)
        if outer.keys() != {"key", "receipt", "signature"} or not isinstance(outer["receipt"], dict):
            raise NotCanonical("missing or unknown members")
        public, signature = (_hex(outer[name], size) for name, size in (("key", 32), ("signature", 64)))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(outer["receipt"]))
        return receipt_of(outer["receipt"]), public
    except (NotCanonical, InvalidSignature, ValueError) as error:
        raise ReceiptRefused(str(error) or "the signature does not fit") from error


def receipt_of(members: Mapping[str, Any]) -> Receipt:
    """Return the receipt of a document's members, whoever signed them; raises ``NotCanonical``."""
    if members.keys() != _MEMBERS or members["format"] != FORMAT:
        raise NotCanonical("another format, or missing or unknown members")
    reason = members["reason"]
    return Receipt(
        text(members["gateway"], "gateway"),
        _whole(members["number"], 1),
        text(members["partner"], "partner"),
        text(members["order"], "order"),
        _whole(members["sequence"], 0),
        _hex(members["order-sha256"], 32).hex(),
        moment(text(members["received"], "received")),
        None if members["enforced"] is None else _moment(members["enforced"]),
        _one_of(State, members["state"]),
        "" if reason == "" else text(reason, "reason"),
        tuple(map(_read_refused, _list(members["refused"], MOST_REFUSED))),
        _whole(members["refused-count"], len(members["refused"])),
        tuple(text(each, "schools") for each in _list(members["schools"], LONGEST_TEXT * 10)),
        text(members["software"], "software"),
    )


def _refused(refused: Refused) -> dict[str, Any]:
    return {
        "name": refused.target.name,
        "exact": refused.target.exact,
        "why": refused.why.value,
        "below": refused.below,
    }


def _read_refused(value: object) -> Refused:
    if not isinstance(value, dict) or value.keys() != {"name", "exact", "why", "below"}:
        raise NotCanonical("refused: missing or unknown members")
    name, exact, below = value["name"], value["exact"], value["below"]
    if not isinstance(exact, bool) or not all(
        isinstance(each, str) and len(each) <= 255 for each in (name, below)
    ):
        raise NotCanonical("refused: a member of another type")
    return Refused(Target(name, exact), _one_of(Why, value["why"]), below)


def _fine(seconds: float) -> str:
    """Return RFC 3339 with milliseconds."""
    thousandths = round(seconds * 1000)
    whole = rfc3339(thousandths // 1000)
    return f"{whole[:19]}.{thousandths % 1000:03d}{whole[19:]}"


def _moment(value: object) -> float:
    words = text(value, "enforced")
    if words[19:20] != "." or not (words[20:23].isascii() and words[20:23].isdigit()):
        raise NotCanonical("enforced: no time with milliseconds")
    return moment(words[:19] + words[23:]) + int(words[20:23]) / 1000


def _one_of(kind: type[_Word], value: object) -> _Word:
    try:
        return kind(text(value, "word"))
    except ValueError as error:
        raise NotCanonical(str(error)) from error


def _hex(value: object, size: int) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * size or value != value.lower():
        raise NotCanonical(f"no {size} bytes in hexadecimal")
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise NotCanonical(str(error)) from error


def _whole(value: object, least: int) -> int:
    if type(value) is not int or not least <= value < 1 << 53:
        raise NotCanonical(f"no whole number from {least}")
    return value


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise NotCanonical(f"no list of at most {most}")
    return value
