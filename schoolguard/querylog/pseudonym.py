"""What a device is called in the log: a keyed hash that nobody without the day's key can make or test."""

from __future__ import annotations

import hmac

KEY_SIZE = 32
SIZE = 8
"""Bytes of a pseudonym: among 20,000 devices two are alike once in 90,000,000,000 days."""


def pseudonym(key: bytes, device: bytes) -> bytes:
    """Return the pseudonym of a device (MAC, else packed address) under a day's key.

    Source: HMAC-SHA-256 (RFC 2104), its first bytes.
    """
    return hmac.digest(key, device, "sha256")[:SIZE]
