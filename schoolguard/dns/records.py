"""A reply's records, read section by section with every bound checked. Judges form, not owners."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

from schoolguard.dns.edns import check_options
from schoolguard.dns.rdata import read_rdata
from schoolguard.dns.rr import CLASS_IN, RRType
from schoolguard.dns.wire import Malformed, read_name

MAX_RECORDS: Final = 400
"""Records of one message, all sections. BIND caps a set at 100; 400 leaves room for signed answers, and keeps
the worst reply under a few milliseconds (KeyTrap and its kin, CVE-2023-50387)."""

_FIXED: Final = Struct("!HHIH").unpack_from
_FIXED_SIZE: Final = 10
_OPT: Final = int(RRType.OPT)
_OPTION: Final = Struct("!3H").unpack_from
_OPTION_EDE: Final = 15
# Of an authority section only these are ever kept, so only these are read.
_AUTHORITY: Final = frozenset((int(RRType.SOA), int(RRType.RRSIG), int(RRType.NSEC), int(RRType.NSEC3)))


class Record(NamedTuple):
    """A record of class IN: owner in lower-case wire, TTL in seconds, RDATA with names uncompressed."""

    owner: bytes
    rrtype: int
    ttl: int
    rdata: bytes


class Sections(NamedTuple):
    """What a reply holds behind its question; ``rcode`` with the OPT's upper bits, ``ede`` only its code."""

    answers: list[Record]
    authorities: list[Record]
    referral: bool
    rcode: int
    ede: int | None


def read_sections(packet: bytes, at: int, counts: tuple[int, int, int], rcode: int) -> Sections:
    """Return the records from ``at``; ``counts`` are ANCOUNT, NSCOUNT, ARCOUNT.

    Records of another class are passed over, additional ones too but for the OPT. Raises ``Malformed``:
    ``records`` (too many), ``short``, ``trailing``, ``opt``, ``option``, ``rdata``, ``pointer``, ``label``,
    ``name``.
    """
    if sum(counts) > MAX_RECORDS:
        raise Malformed("records")
    memo: dict[int, bytes] = {}
    try:
        answers, at, _ = _read_section(packet, at, counts[0], memo, None)
        authorities, at, types = _read_section(packet, at, counts[1], memo, _AUTHORITY)
        at, opt = _read_additional(packet, at, counts[2], memo)
    except (IndexError, StructError):
        raise Malformed("short") from None
    if at != len(packet):
        raise Malformed("trailing")
    upper, ede = opt if opt is not None else (0, None)
    return Sections(answers, authorities, int(RRType.NS) in types, upper << 4 | rcode, ede)


def _read_section(
    packet: bytes, at: int, count: int, memo: dict[int, bytes], wanted: frozenset[int] | None
) -> tuple[list[Record], int, set[int]]:
    records = []
    types = set()
    for _ in range(count):
        owner, at = read_name(packet, at, memo)
        rrtype, rrclass, ttl, size = _FIXED(packet, at)
        at += _FIXED_SIZE
        end = at + size
        if end > len(packet):
            raise Malformed("short")
        if rrtype == _OPT:
            raise Malformed("opt")
        if rrclass == CLASS_IN:
            types.add(rrtype)
            if wanted is None or rrtype in wanted:
                if ttl > 0x7FFFFFFF:  # RFC 2181 8: the top bit means zero
                    ttl = 0
                records.append(Record(owner.lower(), rrtype, ttl, read_rdata(packet, at, end, rrtype, memo)))
        at = end
    return records, at, types


def _read_additional(
    packet: bytes, at: int, count: int, memo: dict[int, bytes]
) -> tuple[int, tuple[int, int | None] | None]:
    """Return the end, and the OPT's upper RCODE bits with its EDE code."""
    opt = None
    for _ in range(count):
        owner, at = read_name(packet, at, memo)
        rrtype, _, ttl, size = _FIXED(packet, at)
        at += _FIXED_SIZE
        end = at + size
        if end > len(packet):
            raise Malformed("short")
        if rrtype == _OPT:
            if opt is not None or owner != b"\0":
                raise Malformed("opt")
            check_options(packet, at, end)
            opt = (ttl >> 24, _ede_code(packet, at, end))
        at = end
    return at, opt


def _ede_code(packet: bytes, at: int, end: int) -> int | None:
    """Return the first EDE code of checked options; its text is the upstream's and stays behind."""
    while at + 6 <= end:
        option, size, code = _OPTION(packet, at)
        if option == _OPTION_EDE and size >= 2:
            return int(code)
        at += 4 + size
    return None
