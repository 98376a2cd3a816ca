"""Both ends of an exchange as bytes: the query to an upstream, and its reply to an ``Answer`` or a refusal.

Nothing an upstream says is relayed as it came: what answers the question is read, scrubbed and written anew.
Pure: IDs and the letters' case are arguments. Rebinding, policy and caching are the caller's.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from schoolguard.dns.answer import Answer
from schoolguard.dns.encode import Body
from schoolguard.dns.query import CD, OPCODE, QR, RD
from schoolguard.dns.rdata import read_service
from schoolguard.dns.records import Sections, read_sections
from schoolguard.dns.rr import UDP_PAYLOAD, RCode, RRType
from schoolguard.dns.scrub import Kept, scrub
from schoolguard.dns.wire import HEADER_SIZE, Malformed

__all__ = ["Malformed", "Mismatch", "Truncated", "build_query", "mix_case", "read_reply"]

UNBOUNDED_NEGATIVE_TTL: Final = 5
"""Seconds to keep an absence that came without an SOA. RFC 2308 5 says not to, because forwarders could pass
it round for ever; five seconds bound that, and still take the force out of a storm of random names."""

_HEADER: Final = Struct("!6H")
_OPT: Final = Struct("!BHHIH")
_TC: Final = 0x0200
_ANSWERING: Final = (int(RCode.NOERROR), int(RCode.NXDOMAIN))
_ADDRESS_TYPES: Final = (int(RRType.A), int(RRType.AAAA))
_ALIAS_TYPES: Final = (int(RRType.CNAME), int(RRType.DNAME))
_SERVICE_TYPES: Final = (int(RRType.SVCB), int(RRType.HTTPS))
# A lower-case wire name to the bits that turn its letters upper case: lengths are under 64, so no letters.
_CASE_BITS: Final = bytes(0x20 if 97 <= byte <= 122 else 0 for byte in range(256))


class Mismatch(Exception):
    """A packet that is no reply to what was sent; ``reason`` is one short word.

    ``short``, ``qr``, ``id``, ``opcode``, ``qdcount``, ``question``, or ``case`` when only the letters' case
    differs, which a try over TCP can settle.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Truncated(Exception):
    """A reply to what was sent with TC set: ask again over TCP."""


def mix_case(name: bytes, entropy: bytes) -> bytes:
    """Return lower-case wire ``name`` with letters upper case where ``entropy``, as long, has bit 0x20.

    Source: draft-vixie-dnsext-dns0x20; ``entropy`` must come from a CSPRNG.
    """
    bits = int.from_bytes(name.translate(_CASE_BITS)) & int.from_bytes(entropy)
    return (int.from_bytes(name) ^ bits).to_bytes(len(name))


def build_query(question: bytes, id: int, do: bool, cd: bool, mixed_name: bytes | None) -> bytes:
    """Return a query with RD and an OPT (1232 bytes, no option): nothing of the client leaves.

    ``question`` is a cache key (``Query.question``); ``mixed_name`` is its name in the case to send, if any.
    """
    name = question[:-4] if mixed_name is None else mixed_name
    header = _HEADER.pack(id, RD | (CD if cd else 0), 1, 0, 0, 1)
    opt = _OPT.pack(0, RRType.OPT, UDP_PAYLOAD, 0x8000 if do else 0, 0)
    return header + name + question[-4:] + opt


def read_reply(packet: bytes, id: int, sent: bytes, do: bool = False) -> Answer:
    """Return what ``packet`` answers to ``sent`` (name in the case sent, type, class) under ``id``.

    A code other than NOERROR and NXDOMAIN gives an answer without records and ``ttl`` 0, and so does a
    referral, as SERVFAIL: the upstream doesn't recurse for us. The upstream's EDE code is kept with such an
    error, its text never. AD and AA are cleared. Raises ``Mismatch`` or ``Malformed`` (drop the packet, the
    true reply may still come) or ``Truncated``.
    """
    rcode, counts = _match(packet, id, sent)
    name = sent[:-4].lower()
    at = HEADER_SIZE + len(sent)
    # Names compressed against the question would bring our random case into the cache.
    packet = packet[:HEADER_SIZE] + name + packet[at - 4 :]
    sections = read_sections(packet, at, counts, rcode)
    if sections.rcode not in _ANSWERING:
        return _failure(sections.rcode, sections.ede)
    qtype = int.from_bytes(sent[-4:-2])
    kept = scrub(sections, name, qtype, do)
    if sections.referral and not kept.answers and not kept.authorities and sections.rcode == RCode.NOERROR:
        return _failure(RCode.SERVFAIL, sections.ede)
    return _answer(kept, sections, name, qtype)


def _match(packet: bytes, id: int, sent: bytes) -> tuple[int, tuple[int, int, int]]:
    """Return RCODE and ANCOUNT, NSCOUNT, ARCOUNT of the reply to ``sent``."""
    if len(packet) < HEADER_SIZE:
        raise Mismatch("short")
    ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(packet)
    if not flags & QR:
        raise Mismatch("qr")
    if ident != id:
        raise Mismatch("id")
    if flags & OPCODE:
        raise Mismatch("opcode")
    if questions != 1:
        raise Mismatch("qdcount")
    received = packet[HEADER_SIZE : HEADER_SIZE + len(sent)]
    if received != sent:
        same = received[-4:] == sent[-4:] and received[:-4].lower() == sent[:-4].lower()
        raise Mismatch("case" if same else "question")
    if flags & _TC:
        raise Truncated
    return flags & 15, (answers, authorities, additionals)


def _failure(rcode: int, ede: int | None) -> Answer:
    return Answer(rcode, 0, bytes(6), b"", (), 0, ede=None if ede is None else (ede, ""))


def _answer(kept: Kept, sections: Sections, name: bytes, qtype: int) -> Answer:
    body = Body(name)
    for record in kept.answers:
        body.add(record, record.ttl)
    negative = UNBOUNDED_NEGATIVE_TTL
    for record in kept.authorities:
        ttl = record.ttl
        if record.rrtype == RRType.SOA and not kept.positive:
            negative = ttl = min(ttl, int.from_bytes(record.rdata[-4:]))  # RFC 2308 5
        body.add(record, ttl)
    lives = [ttl for _, ttl in body.ttls]
    if not kept.positive:
        lives.append(negative)
    targets, addresses = _policy_view(kept, qtype)
    counts = len(kept.answers) << 32 | len(kept.authorities) << 16
    return Answer(
        rcode=sections.rcode,
        flags=0,
        counts=counts.to_bytes(6),
        body=bytes(body.content),
        ttls=tuple(body.ttls),
        ttl=min(lives),
        targets=targets,
        addresses=addresses,
    )


def _policy_view(kept: Kept, qtype: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Return the target names and the addresses that the kept answers lead to."""
    targets = kept.names[1:]
    if not kept.positive:
        return tuple(targets), ()
    final = [record for record in kept.answers if record.rrtype == qtype]
    if qtype in _ADDRESS_TYPES:
        return tuple(targets), tuple(record.rdata for record in final)
    if qtype in _ALIAS_TYPES:
        targets += [record.rdata.lower() for record in final]
    addresses: list[bytes] = []
    if qtype in _SERVICE_TYPES:
        for record in final:
            service = read_service(record.rdata)
            if service.target != b"\0":
                targets.append(service.target)
            addresses += service.addresses
    return tuple(targets), tuple(addresses)
