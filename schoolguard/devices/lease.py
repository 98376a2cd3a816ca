"""What all lease files have in common: the lease itself, and how MAC addresses and DUIDs are written.

Nothing here raises on content: what is no address or MAC gives ``None``.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final, NamedTuple

from schoolguard.devices.model import MAC_SIZE, is_device

_ETHERNET: Final = b"\x00\x01"
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2})*")
_DUID_HEADS: Final = {b"\x00\x01": 8, b"\x00\x03": 4}
"""Types of DUID that end in a link-layer address (LLT, LL) and where it begins (RFC 8415 11.2, 11.4)."""

_LONGEST: Final = 600
"""Characters of a written DUID (128 bytes at most, RFC 8415 11.1) or address; longer ones are rubbish."""


class Lease(NamedTuple):
    """Who may use a packed address (4 or 16 bytes), and until when (Unix seconds; ``None``: no end known)."""

    address: bytes
    mac: bytes
    expires: float | None


class Leases(NamedTuple):
    """The leases of one file by address, and how many lines or blocks of it were no whole lease."""

    by_address: dict[bytes, Lease]
    skipped: int


def packed(text: str) -> bytes | None:
    """Return a written address packed, or ``None``."""
    if len(text) > _LONGEST or "%" in text:
        return None
    try:
        return ip_address(text).packed
    except ValueError:
        return None


def octets(text: str) -> bytes | None:
    """Return bytes written in hex with colons or hyphens, or ``None``."""
    if len(text) > _LONGEST or not _HEX.fullmatch(text):
        return None
    return bytes(int(part, 16) for part in text.replace("-", ":").split(":"))


def mac_of(text: str) -> bytes | None:
    """Return a device's MAC written in hex with colons or hyphens, or ``None``."""
    found = octets(text)
    return found if found is not None and is_device(found) else None


def mac_of_duid(duid: bytes) -> bytes | None:
    """Return the Ethernet address in a DUID of type LLT or LL, or ``None``.

    The client chose it when it made the DUID: it may be that of another of its interfaces (RFC 8415 11.2).
    """
    start = _DUID_HEADS.get(duid[:2])
    if start is None or duid[2:4] != _ETHERNET or len(duid) != start + MAC_SIZE:
        return None
    return duid[start:] if is_device(duid[start:]) else None
