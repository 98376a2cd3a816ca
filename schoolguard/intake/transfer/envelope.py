"""One message of a zone transfer taken apart: records become lines of a master file. No I/O, no clock.

It must not look at signatures; it tells only where one stands. dnspython makes an object of every record
and name, which takes some ten times as long, and a zone has millions; so only what is rare goes through it.
"""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import NamedTuple

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from schoolguard.dns.wire import HEADER_SIZE, Malformed, read_name
from schoolguard.intake.transfer.model import TransferRefused
from schoolguard.intake.transfer.soa import Soa, soa_of
from schoolguard.intake.transfer.text import OutOfZone, absolute, relative
from schoolguard.language import N_
from schoolguard.lists.formats.rrtypes import TYPES

A, NS, CNAME, SOA, AAAA, DNAME = 1, 2, 5, 6, 28, 39
TSIG, IXFR, AXFR = 250, 251, 252
_IN, _ANY = 1, 255
_WITH_NAMES = frozenset({12, 14, 15, 17, 18, 21, 26, 33})
"""PTR, MINFO, MX, RP, AFSDB, RT, PX, SRV: their names may be compressed, and then mean nothing elsewhere."""

_TYPE_NAMES = {number: name.encode() for name, number in TYPES.items()}
_ALIASES = {NS: b" NS ", CNAME: b" CNAME ", DNAME: b" DNAME "}
_FIXED = struct.Struct("!HHIH")
_HEADER = struct.Struct("!6H")

Item = Soa | bytes
"""A record of the answer section: the zone's SOA, or any other one as a line."""


class Envelope(NamedTuple):
    """One message: header, question (wire name, type) if there is one, answers, the TSIG's offset or 0."""

    id: int
    flags: int
    question: tuple[bytes, int] | None
    answers: list[Item]
    tsig_at: int


def open_envelope(message: bytes, zone: bytes) -> Envelope:
    """Return what a message of a transfer of ``zone`` (wire, lower case) says.

    Raises ``TransferRefused``: ``malformed``, ``out-of-zone``, ``class``.
    """
    try:
        return _open(message, zone)
    except OutOfZone:
        raise TransferRefused("out-of-zone", N_("a record does not belong to the zone")) from None
    except (Malformed, IndexError, struct.error, dns.exception.DNSException, ValueError) as error:
        raise TransferRefused("malformed", N_("a message of the transfer is malformed")) from error


def _open(message: bytes, zone: bytes) -> Envelope:
    number, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    memo: dict[int, bytes] = {}
    at, question = HEADER_SIZE, None
    for _ in range(questions):
        name, at = read_name(message, at, memo)
        question = (name.lower(), struct.unpack_from("!H", message, at)[0])
        at += 4
    items: list[Item] = []
    for _ in range(answers):
        item, at = _item(message, at, memo, zone)
        items.append(item)
    tsig_at = 0
    for left in range(authorities + additionals, 0, -1):
        start = at
        _, at = read_name(message, at, memo)
        kind, _, _, size = _FIXED.unpack_from(message, at)
        at += _FIXED.size + size
        if kind == TSIG:
            if left != 1 or not additionals:
                raise Malformed("tsig")
            tsig_at = start
    if at != len(message):
        raise Malformed("size")
    return Envelope(number, flags, question, items, tsig_at)


def _item(message: bytes, at: int, memo: dict[int, bytes], zone: bytes) -> tuple[Item, int]:
    name, at = read_name(message, at, memo)
    kind, klass, _, size = _FIXED.unpack_from(message, at)
    at += _FIXED.size
    end = at + size
    if klass != _IN:
        raise TransferRefused("class", N_("a record is not of class IN"))
    owner = relative(name, zone)
    if kind in _ALIASES:
        target, at = read_name(message, at, memo)
        item: Item = owner + _ALIASES[kind] + absolute(target) + b"\n"
    elif kind == SOA:
        if owner != b"@":
            raise OutOfZone
        item, at = soa_of(message, at, memo)
    else:
        item, at = owner + _other(message, at, kind, size), end
    if at != end:
        raise Malformed("rdata")
    return item, end


def _other(message: bytes, at: int, kind: int, size: int) -> bytes:
    if kind == A and size == 4:
        return b" A %d.%d.%d.%d\n" % tuple(message[at : at + 4])
    if kind == AAAA and size == 16:
        return b" AAAA " + str(IPv6Address(message[at : at + 16])).encode() + b"\n"
    if kind in (TSIG, IXFR, AXFR, _ANY) or at + size > len(message):
        raise Malformed("rdata")
    content = message[at : at + size]
    if kind in _WITH_NAMES:
        content = _uncompressed(message, at, kind, size)
    # RFC 3597's form of content says any type, and nothing in it can be taken for another record.
    name = _TYPE_NAMES.get(kind) or b"TYPE%d" % kind
    return b" %s \\# %d %s\n" % (name, len(content), content.hex().encode())


def _uncompressed(message: bytes, at: int, kind: int, size: int) -> bytes:
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType(kind), message, at, size)
    return bytes(rdata.to_wire() or b"")
