"""Small signed messages between gateway and receiver: ``{"key": ..., "message": {...}, "signature": ...}``.

The signature (Ed25519) is over the canonical form of ``message``, whose ``format`` says what it is. It must
not know what a format's members mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical

MOST_BYTES = 256 << 10
_OUTER = frozenset({"key", "message", "signature"})


class MessageRefused(ValueError):
    """Bytes that are no message with a good signature; the text says why, in English."""


def sign_message(members: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return a signed message."""
    return canonical(
        {
            "key": key.public_key().public_bytes_raw().hex(),
            "message": dict(members),
            "signature": key.sign(canonical(members)).hex(),
        }
    )


def read_message(content: bytes, format: str, members: frozenset[str]) -> tuple[dict[str, Any], bytes]:
    """Return the members of a message whose signature is good, and the public key (32 bytes) that made it.

    Raises ``MessageRefused`` for another format and for missing or unknown members too.
    """
    try:
        outer = read_canonical(content, MOST_BYTES)
        message = outer.get("message")
        if outer.keys() != _OUTER or not isinstance(message, dict):
            raise NotCanonical("missing or unknown members")
        if message.get("format") != format or message.keys() != members | {"format"}:
            raise NotCanonical(f"this is no {format}, or members are missing or unknown")
        public, signature = from_hex(outer["key"], 32), from_hex(outer["signature"], 64)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(message))
    except (NotCanonical, InvalidSignature, ValueError) as error:
        raise MessageRefused(str(error) or "the signature does not fit") from error
    return message, public


def from_hex(text: object, size: int) -> bytes:
    """Return ``size`` bytes that are written as small hexadecimal digits; raises ``NotCanonical``."""
    if not isinstance(text, str) or len(text) != 2 * size or not set(text) <= set("0123456789abcdef"):
        raise NotCanonical(f"{2 * size} hexadecimal digits belong here")
    return bytes.fromhex(text)


def whole(value: object, least: int = 0) -> int:
    """Return a whole number from ``least`` to 2^53; raises ``NotCanonical``."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 53:
        raise NotCanonical(f"a whole number from {least} belongs here")
    return value


def short(value: object, most: int = 200) -> str:
    """Return a text of at most ``most`` printable characters; raises ``NotCanonical``."""
    if not isinstance(value, str) or len(value) > most or not (value.isprintable() or not value):
        raise NotCanonical(f"a text of at most {most} characters belongs here")
    return value
