"""The one-time code by which a school's gateway is enrolled: what a person reads out and another types.

It holds a secret and a fingerprint of the receiver's key, so whoever types it knows whom they enrol with. The
secret itself never travels: it is the seed of a key that signs the request. It must not decide who may enrol.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.language import N_, Said

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter looks like a digit; I, L and O are read as 1, 1 and 0."""

SECRET, FINGERPRINT, CHECK = 14, 16, 2
"""Characters, each of 5 bits: 70 bits of a secret that can be tried at the receiver only, 80 bits against
another key with the same fingerprint, 10 against slips."""

EXAMPLE = "7Q2F-MX0K-93TB-WE5H-J1RC-8VZP-4N6D-AYGS"
_SEED = b"schoolguard-feed-code\x00"
_LOOKALIKES = {**str.maketrans("ILO", "110"), **dict.fromkeys(map(ord, " -\u2013\u00a0\t"))}
_LENGTH = SECRET + FINGERPRINT + CHECK


class BadCode(Said):
    """A text that is no code; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code in its two parts, as characters of ``ALPHABET``."""

    secret: str
    fingerprint: str

    def __str__(self) -> str:
        """Return it as it is read out: eight groups of four."""
        whole = self.secret + self.fingerprint
        whole += _check(whole)
        return "-".join(whole[at : at + 4] for at in range(0, _LENGTH, 4))

    def key(self) -> Ed25519PrivateKey:
        """Return the key that signs the request; the receiver keeps its public part only."""
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_SEED + self.secret.encode()).digest())


def new_code(entropy: bytes, receiver: bytes) -> Code:
    """Return a new code for a receiver's public key; ``entropy`` are 16 random bytes or more."""
    if len(entropy) < 16:
        raise ValueError("16 random bytes belong here")
    return Code(_characters(hashlib.sha256(entropy).digest(), SECRET), fingerprint(receiver))


def fingerprint(public: bytes) -> str:
    """Return the fingerprint of a public key as it stands in a code."""
    return _characters(hashlib.sha256(b"schoolguard-feed-receiver\x00" + public).digest(), FINGERPRINT)


def read_code(text: str) -> Code:
    """Return a typed code, however it is spaced and spelled; raises ``BadCode``."""
    whole = text.strip().upper().translate(_LOOKALIKES)
    if len(whole) != _LENGTH or not set(whole) <= set(ALPHABET):
        raise BadCode(
            N_("this is no code; one has 32 letters and digits, such as {example}"), example=EXAMPLE
        )
    if _check(whole[:-CHECK]) != whole[-CHECK:]:
        raise BadCode(N_("this code was mistyped: its last two characters do not fit; read it again"))
    return Code(whole[:SECRET], whole[SECRET:-CHECK])


def _check(text: str) -> str:
    return _characters(hashlib.sha256(b"check\x00" + text.encode()).digest(), CHECK)


def _characters(digest: bytes, count: int) -> str:
    number = int.from_bytes(digest, "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(count))
