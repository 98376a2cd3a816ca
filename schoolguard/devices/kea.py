"""Kea's lease files (``kea-leases4.csv``, ``kea-leases6.csv``), to which it appends. Text in, leases out.

The first line names the columns, so that versions with more of them are read alike; commas within a value are
written ``&#x2c``. The last line of an address holds. A lease of 0 seconds is a deleted one, and only state 0
is in use (1 declined, 2 expired and reclaimed, 3 released). Source: Kea Administrator Reference Manual,
"Memfile - Basic Storage for Leases"; CSVLeaseFile4 and CSVLeaseFile6 of Kea 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from schoolguard.devices.lease import Lease, Leases, mac_of, mac_of_duid, octets, packed

COMPANIONS: Final = (".2", ".1", ".completed")
"""Endings of the files beside the lease file, oldest first, that hold what a clean-up (LFC) moved out of it.

``.2`` is what the last one left, ``.1`` the lease file as it was when one began, ``.completed`` its outcome
until it takes the place of ``.2`` (kea-lfc(8)).
"""

_NEEDED: Final = frozenset({"address", "valid_lifetime", "expire", "state"})
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_FOR_EVER: Final = 0xFFFFFFFF
_IN_USE: Final = "0"
_PREFIX: Final = "2"
"""The type of lease that is a delegated prefix, no address."""
_GUESSED: Final = "4"
"""The source of a MAC that Kea made of the client's link-local address, which anyone can give himself."""


def read_kea(text: str) -> Leases:
    """Return the leases of a file or of several joined; a last line without its end is left out."""
    lines = text.split("\n")
    cut = lines.pop()
    found: dict[bytes, Lease] = {}
    columns: list[str] = []
    skipped = int(bool(cut.strip()))
    for line in lines:
        values = line.rstrip("\r").split(",")
        if values[0] == "address":
            columns = values
        elif line and not _take(dict(zip(columns, values, strict=False)), len(values), columns, found):
            skipped += 1
    return Leases(found, skipped)


def _take(row: Mapping[str, str], count: int, columns: list[str], found: dict[bytes, Lease]) -> bool:
    """Add or remove the lease of a row; return whether the row is a whole one."""
    if count != len(columns) or not row.keys() >= _NEEDED:
        return False
    address = packed(row["address"])
    if (
        address is None
        or not _NUMBER.fullmatch(row["valid_lifetime"])
        or not _NUMBER.fullmatch(row["expire"])
    ):
        return False
    lifetime = int(row["valid_lifetime"])
    mac = _mac(row)
    if row.get("lease_type") == _PREFIX:
        return True
    if row["state"] != _IN_USE or not lifetime or mac is None:
        found.pop(address, None)
    else:
        found[address] = Lease(address, mac, None if lifetime == _FOR_EVER else float(row["expire"]))
    return True


def _mac(row: Mapping[str, str]) -> bytes | None:
    """Return the MAC that Kea saw, else the one in the client's DUID."""
    ethernet = row.get("hwtype", "1") in ("1", "")
    if ethernet and row.get("hwaddr_source") != _GUESSED and (mac := mac_of(row.get("hwaddr", ""))):
        return mac
    duid = octets(row.get("duid", ""))
    return None if duid is None else mac_of_duid(duid)
