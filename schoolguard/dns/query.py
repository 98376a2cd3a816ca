"""A client's packet to a ``Query``, or to the reply its fault deserves. Pure; it decides nothing about names.

It runs on every cache miss, so the usual packet (one question, at most one empty OPT) takes a straight path
of few bytecodes; everything rare leaves it for ``edns`` or ``rejection``.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from schoolguard.dns.edns import DO, OPT_SIZE, Opt, Unverifiable, read_additional
from schoolguard.dns.names import MAX_WIRE
from schoolguard.dns.rejection import Rejected, reject
from schoolguard.dns.rr import CLASS_IN, UDP_PAYLOAD, RCode, RRType
from schoolguard.dns.wire import HEADER_SIZE, Malformed

__all__ = ["Query", "Rejected", "Silence", "parse_query"]

MIN_PAYLOAD: Final = 512
"""What every client takes over UDP without saying so (RFC 1035 2.3.4)."""

QR: Final = 0x8000
OPCODE: Final = 0x7800
RD: Final = 0x0100
AD: Final = 0x0020
CD: Final = 0x0010

_UNUSUAL: Final = 0xFFFF ^ (RD | AD | CD)
_HEADER: Final = Struct("!6H").unpack_from
_PAIR: Final = Struct("!HH").unpack_from
_OPT_RECORD: Final = Struct("!BHHIH").unpack_from
_OPT: Final = int(RRType.OPT)
_IXFR: Final = int(RRType.IXFR)

# What can't be asked of a resolver. Zone transfers are for authorities. 128..248 are meta types: those
# without a meaning yet can't be relayed or cached, and NXNAME must give FORMERR (RFC 6895 3.1, RFC 9824 3.5).
_UNASKABLE: Final = dict.fromkeys((0, _OPT, *range(128, 249), RRType.TKEY, RRType.TSIG), RCode.FORMERR) | {
    int(RRType.IXFR): RCode.REFUSED,
    int(RRType.AXFR): RCode.REFUSED,
    int(RRType.MAILB): RCode.NOTIMP,
    int(RRType.MAILA): RCode.NOTIMP,
}


class Silence(Exception):
    """A packet that must never be answered: itself a reply (QR=1), or too short for a header."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question of class IN as a client asked it.

    ``flags`` are the 16 header bits as received. ``name`` is wire in the case sent, ``question`` the
    lower-case wire name with type and class: the key of caches. ``size`` is the UDP payload the client takes
    in bytes, 512..1232. ``plain`` says that the packet is the usual spelling of its question, so that its
    bytes may key a cache: lower-case name, no EDNS option or unknown bit, no flag but RD, AD and CD, nothing
    behind the OPT. ``echo`` are EDNS options that the reply must carry, as they go on the wire.
    """

    id: int
    flags: int
    name: bytes
    question: bytes
    qtype: int
    edns: bool
    size: int
    do: bool
    plain: bool
    echo: bytes = b""

    @property
    def cd(self) -> bool:
        """Whether the client asked for no DNSSEC validation."""
        return self.flags & CD != 0


def parse_query(packet: bytes) -> Query:
    """Return the query that ``packet`` is.

    Raises ``Silence``, or ``Rejected`` with the reply to send. Sources: RFC 1035 4.1, RFC 9619 (one
    question), RFC 6891 (EDNS), RFC 6895 (types and classes).
    """
    length = len(packet)
    if length < HEADER_SIZE:
        raise Silence("short")
    ident, flags, questions, answers, authorities, additionals = _HEADER(packet)
    if flags & QR:
        raise Silence("reply")
    if flags & OPCODE:
        raise reject(packet, RCode.NOTIMP, "opcode")
    if questions != 1:
        raise reject(packet, RCode.FORMERR, "qdcount")
    root = _name_end(packet)
    end = root + 5
    if end > length:
        raise reject(packet, RCode.FORMERR, "short")
    name = packet[HEADER_SIZE : root + 1]
    lower = name.lower()
    qtype, qclass = _PAIR(packet, root + 1)
    if answers or authorities:
        # An IXFR query carries the SOA it has (RFC 1995 3): no lie, but not for us.
        honest = qtype == _IXFR and not answers
        raise reject(packet, RCode.REFUSED if honest else RCode.FORMERR, "type" if honest else "counts")
    plain = not flags & _UNUSUAL and lower == name
    edns = do = False
    size = MIN_PAYLOAD
    if additionals or end != length:
        opt = _read_opt(packet, end, additionals)
        if opt is not None:
            edns = True
            size = min(max(opt.size, MIN_PAYLOAD), UDP_PAYLOAD)
            do = opt.flags & DO != 0
            plain = plain and additionals == 1 and not opt.options and not opt.flags & ~DO
        else:
            plain = False
    if qclass != CLASS_IN:
        raise reject(packet, RCode.REFUSED, "class")
    if qtype in _UNASKABLE:
        raise reject(packet, _UNASKABLE[qtype], "type")
    return Query(ident, flags, name, lower + packet[root + 1 : end], qtype, edns, size, do, plain)


def _name_end(packet: bytes) -> int:
    """Return the offset of the root label that ends the question's name."""
    at = HEADER_SIZE
    try:
        while size := packet[at]:
            if size > 63:
                raise reject(packet, RCode.FORMERR, "pointer" if size >= 0xC0 else "label")
            at += size + 1
    except IndexError:
        raise reject(packet, RCode.FORMERR, "short") from None
    if at - HEADER_SIZE >= MAX_WIRE:
        raise reject(packet, RCode.FORMERR, "name")
    return at


def _read_opt(packet: bytes, at: int, count: int) -> Opt | None:
    if count == 1 and len(packet) == at + OPT_SIZE:
        owner, rrtype, size, ttl, rdlength = _OPT_RECORD(packet, at)
        if owner == 0 and rrtype == _OPT and rdlength == 0 and ttl < 0x10000:
            return Opt(size, 0, ttl, False)
    try:
        opt = read_additional(packet, at, count)
    except Malformed as error:
        raise reject(packet, RCode.FORMERR, error.reason) from None
    except Unverifiable as error:
        raise reject(packet, RCode.NOTAUTH, "tsig", error.record) from None
    if opt is not None and opt.version:
        raise reject(packet, RCode.BADVERS, "version")
    return opt
