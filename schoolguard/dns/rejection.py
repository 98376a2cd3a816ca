"""The reply to a query that can't be taken: built from the query's own bytes and never longer than it.

It reads the packet once more and leniently, because whatever was wrong may stand before what can be echoed.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from schoolguard.dns.edns import Unverifiable, read_additional
from schoolguard.dns.rr import UDP_PAYLOAD, RCode, RRType
from schoolguard.dns.wire import HEADER_SIZE, Malformed, plain_name_end

_HEADER: Final = Struct("!6H")
_OPT_RECORD: Final = Struct("!BHHIH")
_ECHOED: Final = 0x7910  # opcode, RD, CD (RFC 1035 4.1.1, RFC 4035 3.1.6)
_QR: Final = 0x8000


class Rejected(Exception):
    """A query answered with an error: ``rcode`` (may be over 15), the whole ``reply``, a word to count by."""

    def __init__(self, rcode: int, reply: bytes, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode
        self.reply = reply
        self.reason = reason


def reject(packet: bytes, rcode: int, reason: str, record: bytes = b"") -> Rejected:
    """Return the rejection of ``packet`` (at least a header); ``record`` goes into its additional section.

    Echoed are ID, opcode, RD, CD, the question when it can be read, and an OPT when the query had a readable
    one (RFC 6891 7), so the reply is never longer than the query.
    """
    ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(packet)
    end = _question_end(packet) if questions == 1 else HEADER_SIZE
    readable = (end > HEADER_SIZE or questions == 0) and not answers and not authorities
    extra = _opt(packet, end, additionals, rcode) if readable else b""
    if rcode > 15 and not extra:
        rcode = RCode.FORMERR
    header = _HEADER.pack(
        ident,
        _QR | flags & _ECHOED | rcode & 15,
        int(end > HEADER_SIZE),
        0,
        0,
        bool(extra) + bool(record),
    )
    return Rejected(rcode, header + packet[HEADER_SIZE:end] + extra + record, reason)


def _question_end(packet: bytes) -> int:
    try:
        end = plain_name_end(packet, HEADER_SIZE) + 4
    except (Malformed, IndexError):
        return HEADER_SIZE
    return end if end <= len(packet) else HEADER_SIZE


def _opt(packet: bytes, at: int, count: int, rcode: int) -> bytes:
    try:
        opt = read_additional(packet, at, count)
    except Malformed:
        return b""
    except Unverifiable as error:
        opt = error.opt
    if opt is None:
        return b""
    return _OPT_RECORD.pack(0, RRType.OPT, UDP_PAYLOAD, rcode >> 4 << 24, 0)
