"""Documents signed with a gateway's key: ``{"document": {...}, "key": ..., "signature": ...}``.

The public key and the Ed25519 signature stand in hexadecimal; the signature is over the canonical form of
``document``, whose ``format`` keeps it apart from everything else that the key signs. It must not decide
whose key is whose.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schoolguard.feed.documents import ENVELOPE
from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.schema import PLACE, check
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical
from schoolguard.language import N_

MOST_BYTES = 64 << 10
"""Bytes of one signed document: a period's has about 2,000, a day's at most 20,000."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A document whose signature is good, and the public key (32 bytes) that made it."""

    document: Mapping[str, Any]
    key: bytes


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the signed document; raises ``FeedRefused`` for one that no reader would take."""
    members = canonical(check(json.loads(canonical(document))))
    public = key.public_key().public_bytes_raw().hex()
    outer = {"document": document, "key": public, "signature": key.sign(members).hex()}
    content = canonical(outer)
    if len(content) > MOST_BYTES:
        raise _too_large(len(content))
    return content


def read(content: bytes) -> Signed:
    """Return the document that the key it names has signed; raises ``FeedRefused``.

    This shows that it is whole, not whose it is: anybody can make a key.
    """
    outer = _outer(content)
    document, public = outer["document"], bytes.fromhex(outer["key"])
    try:
        signature = bytes.fromhex(outer["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(document))
    except (InvalidSignature, ValueError) as error:
        msgid = N_("{place}: the signature does not fit; the document was changed on its way")
        raise FeedRefused("signature", "signature", msgid) from error
    return Signed(check(document), public)


def verify(content: bytes, keys: Collection[bytes]) -> Mapping[str, Any]:
    """Return the document that one of ``keys`` (32 bytes each) has signed; raises ``FeedRefused``."""
    signed = read(content)
    if signed.key not in keys:
        msgid = N_("{place}: the key {found} is not known here; enrol the gateway first")
        raise FeedRefused("key", "key", msgid, found=signed.key.hex()[:16])
    return signed.document


def _outer(content: bytes) -> Mapping[str, Any]:
    if len(content) > MOST_BYTES:
        raise _too_large(len(content))
    try:
        outer = read_canonical(content, MOST_BYTES)
    except NotCanonical as error:
        raise _odd_form(content, str(error)) from error
    known = {member.name: member for member in ENVELOPE}
    if odd := sorted(known.keys() ^ outer.keys()):
        msgid = N_("{place}: this member is missing or not known")
        raise FeedRefused("field", odd[0][:40], msgid)
    for name in ("key", "signature"):
        known[name].kind.read(outer[name], name)
    if not isinstance(outer["document"], dict):
        raise FeedRefused("form", PLACE, N_("{place}: members belong here"))
    return outer


def _odd_form(content: bytes, problem: str) -> FeedRefused:
    """Return why bytes are no document, with the first one that stands elsewhere in the canonical form."""
    try:
        expected = canonical(json.loads(content))
    except (ValueError, RecursionError):
        expected = content
    if expected == content:
        return FeedRefused("form", "", N_("this is no document: {problem}"), problem=problem)
    at = next((at for at, pair in enumerate(zip(content, expected, strict=False)) if len({*pair}) > 1), None)
    place = f"byte {min(len(content), len(expected)) if at is None else at}"
    return FeedRefused("form", place, N_("{place}: from here on it is not in the form that was signed"))


def _too_large(size: int) -> FeedRefused:
    return FeedRefused("size", "", N_("{size} bytes, at most {most}"), size=size, most=MOST_BYTES)
