"""Kept records back to wire form: names compressed with bounded effort, the place of every TTL noted.

Pointers lead only to the question's name and into the body, both at the same offset in every reply to a
question.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from schoolguard.dns.records import Record
from schoolguard.dns.rr import CLASS_IN, RRType
from schoolguard.dns.wire import HEADER_SIZE

_FIXED: Final = Struct("!HHIH").pack
_POINTER: Final = Struct("!H").pack
_LAST_TARGET: Final = 0x3FFF
_MAX_LOOKUPS: Final = 400
"""Suffixes looked up for one body; what comes later is written whole. Unbounded effort here was
CVE-2024-8508."""

# Types whose RDATA ends in a name that may be compressed, and how many bytes stand before it (RFC 3597 4).
_COMPRESSIBLE: Final[dict[int, int]] = {
    int(RRType.NS): 0,
    int(RRType.CNAME): 0,
    int(RRType.PTR): 0,
    int(RRType.MX): 2,
}


class Body:
    """The records of one reply being written: ``content`` are the bytes so far, ``ttls`` as in ``Answer``."""

    __slots__ = ("_base", "_lookups", "_places", "content", "ttls")

    def __init__(self, name: bytes) -> None:
        """Begin behind a question for ``name`` (lower-case wire)."""
        self.content = bytearray()
        self.ttls: list[tuple[int, int]] = []
        self._base = HEADER_SIZE + len(name) + 4
        self._lookups = 0
        self._places: dict[bytes, int] = {}
        at = 0
        while name[at]:
            self._places[name[at:]] = HEADER_SIZE + at
            at += name[at] + 1

    def add(self, record: Record, ttl: int) -> None:
        """Write ``record`` with ``ttl`` seconds."""
        content = self.content
        content += self._compressed(record.owner, len(content))
        place = len(content)
        rdata = record.rdata
        before = _COMPRESSIBLE.get(record.rrtype)
        if before is not None:
            rdata = rdata[:before] + self._compressed(rdata[before:], place + 10 + before)
        self.ttls.append((place + 4, ttl))
        content += _FIXED(record.rrtype, CLASS_IN, ttl, len(rdata))
        content += rdata

    def _compressed(self, name: bytes, place: int) -> bytes:
        """Return ``name`` for offset ``place`` of the body, its longest known suffix a pointer."""
        places = self._places
        lower = name.lower()
        known = places.get(lower)
        if known is not None:
            return _POINTER(0xC000 | known)
        at = 0
        while name[at] and self._lookups < _MAX_LOOKUPS:
            suffix = lower[at:]
            known = places.get(suffix)
            if known is not None:
                return name[:at] + _POINTER(0xC000 | known)
            here = self._base + place + at
            if here <= _LAST_TARGET:
                places[suffix] = here
            self._lookups += 1
            at += name[at] + 1
        return name
