"""An ``Answer`` and the ``Query`` it is for to the bytes of a reply. Pure; an answer's age is an argument."""

from __future__ import annotations

from struct import Struct
from typing import Final

from schoolguard.dns.answer import Answer
from schoolguard.dns.query import CD, QR, RD, Query
from schoolguard.dns.rr import UDP_PAYLOAD, RCode, RRType

MAX_MESSAGE: Final = 65_535
RA: Final = 0x0080
TC: Final = 0x0200

_HEADER: Final = Struct("!3H").pack
_NO_RECORDS: Final = b"\0\0\0\0\0\0"
_OPT: Final = Struct("!BHHBBHH").pack
_OPTION_EDE: Final = 15
_EDE: Final = Struct("!3H").pack
_PUT_TTL: Final = Struct("!I").pack_into
_PLAIN_OPT: Final = _OPT(0, RRType.OPT, UDP_PAYLOAD, 0, 0, 0, 0)
_PLAIN_OPT_DO: Final = _OPT(0, RRType.OPT, UDP_PAYLOAD, 0, 0, 0x8000, 0)


def render(
    query: Query, answer: Answer, age: int = 0, limit: int | None = None, floor: int | None = None
) -> bytes:
    """Return the whole reply that gives ``answer`` to ``query``, its name in the client's case.

    TTLs are lowered by ``age`` seconds, not below 0; ``floor`` sets exactly that TTL everywhere instead
    (stale answers, RFC 8767 4). ``limit`` is the most bytes the transport takes: ``query.size`` for UDP,
    ``None`` for TCP. What doesn't fit loses first the EDE text, then all records with TC set (RFC 2181 9). An
    OPT is present only if the client sent one (RFC 6891 6.1.1).
    """
    body = answer.body if not age and floor is None else _aged(answer, age, floor)
    flags = QR | RA | query.flags & (RD | CD) | answer.flags | _low_bits(query, answer.rcode)
    opt = b""
    if query.edns:
        opt = _PLAIN_OPT_DO if query.do else _PLAIN_OPT
        if answer.ede is not None or answer.rcode > 15 or query.echo:
            opt = _opt(query, answer.rcode, answer.ede)
    packet = _assemble(query, flags, answer.counts, body, opt)
    if len(packet) > (MAX_MESSAGE if limit is None else limit):
        return _cut(query, flags, answer, body, limit)
    return packet


def error(query: Query, rcode: int, ede: tuple[int, str] | None = None) -> bytes:
    """Return a reply without records, within 512 bytes as long as the EDE text is within 200.

    REFUSED shows no RA: whoever gets it here is not served, and scanners take RA for an open resolver.
    """
    flags = QR | query.flags & (RD | CD) | _low_bits(query, rcode)
    if rcode != RCode.REFUSED:
        flags |= RA
    opt = _opt(query, rcode, ede) if query.edns else b""
    return _assemble(query, flags, _NO_RECORDS, b"", opt)


def _low_bits(query: Query, rcode: int) -> int:
    """Return what the header shows of ``rcode``.

    Without an OPT the upper bits can't be said, and the lower ones would mean something else.
    """
    return rcode & 15 if query.edns or rcode <= 15 else RCode.SERVFAIL


def _assemble(query: Query, flags: int, counts: bytes, body: bytes, opt: bytes) -> bytes:
    if opt:
        counts = counts[:4] + b"\0\1"
    return b"".join((_HEADER(query.id, flags, 1), counts, query.name, query.question[-4:], body, opt))


def _aged(answer: Answer, age: int, floor: int | None) -> bytes:
    body = bytearray(answer.body)
    for offset, ttl in answer.ttls:
        _PUT_TTL(body, offset, max(ttl - age, 0) if floor is None else floor)
    return bytes(body)


def _opt(query: Query, rcode: int, ede: tuple[int, str] | None) -> bytes:
    option = query.echo
    if ede is not None:
        text = ede[1].encode()
        option += _EDE(_OPTION_EDE, 2 + len(text), ede[0]) + text
    return _OPT(0, RRType.OPT, UDP_PAYLOAD, rcode >> 4, 0, 0x8000 if query.do else 0, len(option)) + option


def _cut(query: Query, flags: int, answer: Answer, body: bytes, limit: int | None) -> bytes:
    ede = (answer.ede[0], "") if answer.ede is not None else None
    opt = _opt(query, answer.rcode, ede) if query.edns else b""
    packet = _assemble(query, flags, answer.counts, body, opt)
    if len(packet) <= (MAX_MESSAGE if limit is None else limit):
        return packet
    return _assemble(query, flags | TC, _NO_RECORDS, b"", opt)
