"""Serial numbers of zones, which go round (RFC 1982). Pure."""

from __future__ import annotations

MODULUS = 1 << 32
_HALF = 1 << 31


def is_newer(serial: int, than: int) -> bool:
    """Return whether ``serial`` is greater; of two that are exactly half the circle apart neither is."""
    return 0 < (serial - than) % MODULUS < _HALF


def after(serial: int, wanted: int) -> int:
    """Return ``wanted`` when it is newer than ``serial``, else the next serial."""
    return wanted % MODULUS if is_newer(wanted % MODULUS, serial) else (serial + 1) % MODULUS
