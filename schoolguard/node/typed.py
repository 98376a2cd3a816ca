"""What people type on a command line, as values: a name, a device, a duration, a time of day."""

from __future__ import annotations

import re
from ipaddress import ip_address

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.language import N_, Said

_MAC = re.compile(r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4})", re.I)
_DURATION = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?", re.I)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:h]([0-5][0-9])", re.I)


def domain_name(text: str) -> str:
    """Return a name in text shape; raises ``Said``."""
    try:
        return to_ascii(text)
    except InvalidName as error:
        msgid = N_("{text!r} is not a domain name ({reason})")
        raise Said(msgid, text=text, reason=error.reason) from error


def device(text: str) -> bytes:
    """Return a MAC (6 bytes) or an IP address (4 or 16 bytes, IPv4-mapped as IPv4); raises ``Said``."""
    if _MAC.fullmatch(text.strip()):
        return bytes.fromhex(re.sub(r"[:-]", "", text))
    try:
        address = ip_address(text.strip())
    except ValueError as error:
        msgid = N_("{text!r} is neither a MAC such as 02:00:5e:10:00:01 nor an IP address")
        raise Said(msgid, text=text) from error
    return (getattr(address, "ipv4_mapped", None) or address).packed


def device_text(packed: bytes) -> str:
    """Return a MAC or an IP address for people."""
    return packed.hex(":") if len(packed) == 6 else str(ip_address(packed))


def duration(text: str) -> int:
    """Return the seconds of ``45m``, ``2h`` or ``1h30m``, more than none; raises ``Said``."""
    found = _DURATION.fullmatch(text.strip())
    seconds = 3600 * int(found[1] or 0) + 60 * int(found[2] or 0) if found else 0
    if not seconds:
        raise Said(N_("{text!r} is no duration; accepted: 45m, 2h, 1h30m"), text=text)
    return seconds


def clock(text: str) -> tuple[int, int]:
    """Return the hour and minute of ``14:30``; raises ``Said``."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise Said(N_("{text!r} is no time of day; accepted: HH:MM, for example 14:30"), text=text)
    return int(found[1]), int(found[2])
