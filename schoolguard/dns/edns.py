"""The additional section of a query: its OPT record, and what else may stand there. Reads nothing else.

What a query may carry behind its question, and why:

* one OPT, owner the root, options that fill its RDATA exactly (RFC 6891 6.1); a second one is FORMERR.
* TSIG, last: we hold no keys, so NOTAUTH with an unsigned TSIG, error BADKEY (RFC 8945 5.2.1).
* SIG(0), last: a server need not check it on a query, so it is passed over (RFC 2931 2.3).
* anything else has no meaning in a query and could only smuggle: FORMERR.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from schoolguard.dns.rr import CLASS_ANY, RRType
from schoolguard.dns.wire import Malformed, plain_name_end

DO: Final = 0x8000
OPT_SIZE: Final = 11
BADKEY: Final = 17

_OPT: Final = int(RRType.OPT)
_TSIG: Final = int(RRType.TSIG)
_SIG: Final = int(RRType.SIG)
_FIXED: Final = Struct("!HHIH")
_PAIR: Final = Struct("!HH")
_SHORT: Final = Struct("!H")


class Opt(NamedTuple):
    """An OPT record as received: payload size in bytes, version, the 16 flag bits, whether it has options."""

    size: int
    version: int
    flags: int
    options: bool


class Unverifiable(Exception):
    """A query signed with a TSIG key we don't hold: its OPT, and the TSIG ``record`` of the reply."""

    def __init__(self, opt: Opt | None, record: bytes) -> None:
        super().__init__("tsig")
        self.opt = opt
        self.record = record


def read_additional(packet: bytes, at: int, count: int) -> Opt | None:
    """Return the OPT record, if any, among the ``count`` records that fill ``packet`` from ``at``.

    Raises ``Malformed`` (``opt``, ``option``, ``record``, ``short``, ``trailing``, ``label``, ``name``) or
    ``Unverifiable``.
    """
    opt = None
    for left in range(count - 1, -1, -1):
        fixed = _name_end(packet, at)
        if fixed + _FIXED.size > len(packet):
            raise Malformed("short")
        rrtype, rrclass, ttl, size = _FIXED.unpack_from(packet, fixed)
        start = fixed + _FIXED.size
        end = start + size
        if end > len(packet):
            raise Malformed("short")
        if rrtype == _OPT:
            if opt is not None or fixed != at + 1:
                raise Malformed("opt")
            check_options(packet, start, end)
            opt = Opt(rrclass, ttl >> 16 & 0xFF, ttl & 0xFFFF, size > 0)
        elif left == 0 and rrtype == _TSIG and rrclass == CLASS_ANY and ttl == 0 and end == len(packet):
            raise Unverifiable(opt, _unsigned(packet[at:fixed], packet[start:end]))
        elif left or rrtype != _SIG or packet[start : start + 2] != b"\0\0":
            raise Malformed("record")
        at = end
    if at != len(packet):
        raise Malformed("trailing")
    return opt


def check_options(packet: bytes, at: int, end: int) -> None:
    """Raise ``Malformed`` unless the EDNS options from ``at`` fill the space up to ``end`` exactly."""
    while at + _PAIR.size <= end:
        at += _PAIR.size + _PAIR.unpack_from(packet, at)[1]
    if at != end:
        raise Malformed("option")


def _name_end(packet: bytes, at: int) -> int:
    try:
        return plain_name_end(packet, at)
    except IndexError:
        raise Malformed("short") from None


def _unsigned(owner: bytes, rdata: bytes) -> bytes:
    """Return the reply's TSIG record: the query's without MAC and with error BADKEY (RFC 8945 5.2.1, 4.2)."""
    mac = _name_end(rdata, 0) + 8
    if mac + 2 > len(rdata):
        raise Malformed("short")
    original = mac + 2 + _SHORT.unpack_from(rdata, mac)[0]
    if original + 6 > len(rdata):
        raise Malformed("short")
    kept = rdata[:mac] + b"\0\0" + rdata[original : original + 2] + _PAIR.pack(BADKEY, 0)
    return owner + _FIXED.pack(_TSIG, CLASS_ANY, 0, len(kept)) + kept
