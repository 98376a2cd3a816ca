"""What the receiver says of the documents of one delivery: its signed answer. Pure.

A gateway lets go of a document only for an answer that its own receiver signed and that names the document's
digest: a page of a captive portal, a cut answer, or anybody on the line acknowledges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.compact import MOST_DOCUMENTS
from schoolguard.feed.message import MessageRefused, from_hex, read_message, short, sign_message, whole
from schoolguard.intake.orders.canonical import NotCanonical

ANSWER = "schoolguard-delivery/1"
SUMMARIES, ENROL, KEYS, RECEIVER = (f"/feed/v1/{name}" for name in ("summaries", "enrol", "keys", "receiver"))
PACKED = "application/vnd.schoolguard.feed"


class Verdict(StrEnum):
    """What became of a document."""

    ACCEPTED = "accepted"
    """Stored now, for the first time."""

    DUPLICATE = "duplicate"
    """Stored before; the same."""

    LATER = "later"
    """Not stored and not wrong: the school is not enrolled with this key. It may come again."""

    REFUSED = "refused"
    """Not stored, and sending it again as it is changes nothing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A document by its SHA-256, in hexadecimal; ``reason`` is English, empty for what was stored.

    ``last`` is the highest sequence that the receiver has of the school, 0 for none: a gateway whose store
    was lost goes on behind it.
    """

    digest: str
    verdict: Verdict
    reason: str = ""
    last: int = 0

    @property
    def kept(self) -> bool:
        """Whether the receiver has it."""
        return self.verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answer to one delivery; ``time`` is the receiver's clock, Unix seconds."""

    time: int
    judged: Mapping[str, Judged]


def digest_of(document: bytes) -> str:
    """Return by what a document is acknowledged."""
    return sha256(document).hexdigest()


def sign_answer(time: int, judged: Sequence[Judged], key: Ed25519PrivateKey) -> bytes:
    """Return the signed answer."""
    rows = [[each.digest, each.verdict.value, each.reason[:200], each.last] for each in judged]
    return sign_message({"format": ANSWER, "time": time, "documents": rows}, key)


def read_delivered(content: bytes, receiver: bytes) -> Delivered:
    """Return the answer that ``receiver`` (its public key) signed; raises ``MessageRefused``."""
    members, public = read_message(content, ANSWER, frozenset({"time", "documents"}))
    if public != receiver:
        raise MessageRefused("another key than the enrolled receiver's signed this answer")
    rows = members["documents"]
    try:
        if not isinstance(rows, list) or len(rows) > MOST_DOCUMENTS:
            raise NotCanonical(f"at most {MOST_DOCUMENTS} documents belong in an answer")
        judged = [_judged(row) for row in rows]
        return Delivered(whole(members["time"]), {each.digest: each for each in judged})
    except NotCanonical as error:
        raise MessageRefused(str(error)) from error


def _judged(row: object) -> Judged:
    match row:
        case [digest, str(verdict), reason, last] if verdict in list(Verdict):
            return Judged(from_hex(digest, 32).hex(), Verdict(verdict), short(reason), whole(last))
    raise NotCanonical("a document has its digest, the verdict, the reason and the last sequence")
