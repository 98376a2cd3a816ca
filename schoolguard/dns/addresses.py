"""Which packed addresses lie inside: the networks that a name of the public DNS must not lead into. Pure.

Source: RFC 1918, RFC 4193, RFC 4291, RFC 3927, RFC 6890; and the IPv6 forms that carry an IPv4 address
(mapped, RFC 4291 2.5.5.2; translated, RFC 6052), which reach the same hosts.
"""

from __future__ import annotations

from typing import Final

_MAPPED: Final = bytes(10) + b"\xff\xff"
_TRANSLATED: Final = bytes.fromhex("0064ff9b") + bytes(8)


def is_private(address: bytes) -> bool:
    """Return whether a packed address (4 or 16 bytes) is private, loopback, link-local or unspecified."""
    if len(address) == 4:
        return _is_private_v4(address)
    if address.startswith((_MAPPED, _TRANSLATED)):
        return _is_private_v4(address[12:])
    first, second = address[0], address[1]
    if first & 0xFE == 0xFC or (first == 0xFE and second & 0xC0 == 0x80):
        return True
    return address[:15] == bytes(15) and address[15] <= 1


def _is_private_v4(address: bytes) -> bool:
    first, second = address[0], address[1]
    return (
        first in (0, 10, 127)
        or (first == 172 and second & 0xF0 == 16)
        or (first == 192 and second == 168)
        or (first == 169 and second == 254)
    )
