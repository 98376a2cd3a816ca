"""Which format a lease file has, and its leases, whatever stands in it: nothing here raises on content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from schoolguard.devices.dnsmasq import read_dnsmasq
from schoolguard.devices.isc import read_isc
from schoolguard.devices.kea import COMPANIONS, read_kea
from schoolguard.devices.lease import Lease, Leases
from schoolguard.devices.model import LeaseFile, LeaseFormat

__all__ = ["Lease", "Leases", "companions", "detect", "read_leases"]

_READERS: Final[Mapping[LeaseFormat, Callable[[str], Leases]]] = {
    LeaseFormat.DNSMASQ: read_dnsmasq,
    LeaseFormat.KEA: read_kea,
    LeaseFormat.ISC: read_isc,
}
_SIGNS: Final = (
    (LeaseFormat.KEA, re.compile(r"\s*address,")),
    (LeaseFormat.DNSMASQ, re.compile(r"\s*(?:[0-9]+ \S+ [0-9a-fA-F.:]+ |duid [0-9a-fA-F]{2}:)")),
    (
        LeaseFormat.ISC,
        re.compile(
            r"(?:\s*#[^\n]*\n)*\s*(?:# The format of this file|authoring-byte-order |server-duid |"
            r"lease [0-9]|ia-[nt]a |failover )|\s*# The format of this file is documented in the dhcpd"
        ),
    ),
)


def detect(text: str) -> LeaseFormat | None:
    """Return whose lease file begins like this, or ``None``."""
    return next((found for found, sign in _SIGNS if sign.match(text)), None)


def read_leases(content: bytes, expected: LeaseFormat = LeaseFormat.AUTO) -> Leases:
    """Return the leases of a file's content; of an unknown format there are none, every line is skipped."""
    # Host names may have any bytes, addresses are ASCII: every byte must stand for one character.
    text = content.decode("latin-1")
    found = detect(text) if expected is LeaseFormat.AUTO else expected
    if found is None:
        return Leases({}, sum(1 for line in text.split("\n") if line.strip()))
    return _READERS[found](text)


def companions(source: LeaseFile) -> tuple[Path, ...]:
    """Return the files beside a lease file that may hold leases too, to be read before it."""
    auto = source.format is LeaseFormat.AUTO and source.file.suffix == ".csv"
    kea = auto or source.format is LeaseFormat.KEA
    return tuple(Path(f"{source.file}{ending}") for ending in COMPANIONS) if kea else ()
