"""dnsmasq's lease file, which it writes over in place. Text in, leases out.

One lease a line, parted by spaces; the lines behind ``duid`` are DHCPv6's:

    1795600000 aa:bb:cc:00:00:01 10.1.0.7 name 01:aa:bb:cc:00:00:01     end, MAC, address, name, client id
    duid 00:01:00:01:...                                                the server's own
    1795600000 16777216 2001:db8::7 name 00:03:00:01:aa:bb:cc:00:00:01  end, IAID, address, name, DUID

An end of 0 is none. A MAC that is not Ethernet's has its hardware type before it (``06-``), the IAID of a
temporary address a ``T``. Source: lease.c of dnsmasq 2.90.
"""

from __future__ import annotations

import re
from typing import Final

from schoolguard.devices.lease import Lease, Leases, mac_of, mac_of_duid, octets, packed

_FIELDS: Final = 5
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_IAID: Final = re.compile(r"T?[0-9]{1,10}")
_TYPED: Final = re.compile(r"[0-9a-fA-F]{2}-[0-9a-fA-F:]+")
_FIRST_TIME: Final = 1_000_000_000
"""Smaller ends are lengths of leases, as builds for boxes without a clock write them (HAVE_BROKEN_RTC)."""


def read_dnsmasq(text: str) -> Leases:
    """Return the leases of a lease file; a last line without its end is left out."""
    lines = text.split("\n")
    cut = lines.pop()
    found: dict[bytes, Lease] = {}
    skipped = int(bool(cut.strip()))
    for line in lines:
        fields = line.rstrip("\r").split(" ")
        if fields == [""] or (fields[0] == "duid" and len(fields) == 2):
            continue
        lease = _lease(fields)
        if lease is None:
            skipped += not _is_foreign(fields)
        else:
            found[lease.address] = lease
    return Leases(found, skipped)


def _lease(fields: list[str]) -> Lease | None:
    if len(fields) != _FIELDS or not _NUMBER.fullmatch(fields[0]):
        return None
    end = int(fields[0])
    address = packed(fields[2])
    if address is None:
        return None
    mac = mac_of(fields[1]) if len(address) == 4 else _client(fields)
    return None if mac is None else Lease(address, mac, float(end) if end >= _FIRST_TIME else None)


def _client(fields: list[str]) -> bytes | None:
    duid = octets(fields[4])
    return mac_of_duid(duid) if duid is not None and _IAID.fullmatch(fields[1]) else None


def _is_foreign(fields: list[str]) -> bool:
    """Return whether this is a whole lease, but of a client whose MAC it does not tell."""
    if len(fields) != _FIELDS or not _NUMBER.fullmatch(fields[0]):
        return False
    address = packed(fields[2])
    if address is None:
        return False
    if len(address) == 4:
        return _TYPED.fullmatch(fields[1]) is not None
    return _IAID.fullmatch(fields[1]) is not None and octets(fields[4]) is not None
