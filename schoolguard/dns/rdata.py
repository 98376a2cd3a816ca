"""RDATA checked and with its names uncompressed, for every type that holds names or must have a certain size.

A type without a layout here is opaque: no name in it may be compressed (RFC 3597 4), so its bytes are valid
wherever they stand.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from schoolguard.dns.rr import RRType
from schoolguard.dns.wire import Malformed, plain_name_end, read_name

NAME: Final = -1
"""A name that senders have compressed since RFC 1035 or RFC 2782; uncompressed here."""
PLAIN_NAME: Final = -2
"""A name that must not be compressed: a pointer is an error."""
STRING: Final = -3
"""A character-string: a length byte and that many bytes."""
STRINGS: Final = -4
"""One or more character-strings up to the end."""
REST: Final = -5
"""Any bytes up to the end."""

_NAME_ONLY: Final = (NAME,)
_NUMBER_AND_NAME: Final = (2, NAME)
_SIGNATURE: Final = (18, PLAIN_NAME, REST)

# Field by field: a positive number is that many bytes. RFC 1035 3.3, RFC 1183, 2163, 2230, 2535, 2782, 3403,
# 4034, 6672, 9460; which names receivers must uncompress: RFC 3597 4.
_LAYOUTS: Final[dict[int, tuple[int, ...]]] = {
    RRType.A: (4,),
    RRType.AAAA: (16,),
    **dict.fromkeys(
        (RRType.NS, RRType.MD, RRType.MF, RRType.CNAME, RRType.MB, RRType.MG, RRType.MR, RRType.PTR),
        _NAME_ONLY,
    ),
    RRType.DNAME: _NAME_ONLY,
    RRType.SOA: (NAME, NAME, 20),
    RRType.MINFO: (NAME, NAME),
    RRType.RP: (NAME, NAME),
    **dict.fromkeys((RRType.MX, RRType.AFSDB, RRType.RT, RRType.KX), _NUMBER_AND_NAME),
    RRType.PX: (2, NAME, NAME),
    RRType.SRV: (6, NAME),
    RRType.NAPTR: (4, STRING, STRING, STRING, NAME),
    RRType.HINFO: (STRING, STRING),
    RRType.TXT: (STRINGS,),
    RRType.SPF: (STRINGS,),
    RRType.SIG: (18, NAME, REST),
    RRType.NXT: (NAME, REST),
    RRType.RRSIG: _SIGNATURE,
    RRType.NSEC: (PLAIN_NAME, REST),
    RRType.SVCB: (2, PLAIN_NAME, REST),
    RRType.HTTPS: (2, PLAIN_NAME, REST),
}
LAYOUTS: Final = {int(rrtype): layout for rrtype, layout in _LAYOUTS.items()}

_PAIR: Final = Struct("!HH")
_IPV4HINT: Final = 4
_IPV6HINT: Final = 6


class Service(NamedTuple):
    """What policy must know of an SVCB or HTTPS record: target (lower-case wire) and hinted addresses."""

    target: bytes
    addresses: tuple[bytes, ...]


def read_rdata(packet: bytes, at: int, end: int, rrtype: int, memo: dict[int, bytes]) -> bytes:
    """Return the RDATA of ``packet`` from ``at`` to ``end`` with every name uncompressed.

    Raises ``Malformed`` (``rdata``, or ``read_name``'s reasons) when it doesn't fill that space exactly, and
    ``IndexError`` when the packet ends inside it.
    """
    layout = LAYOUTS.get(rrtype)
    if layout is None:
        return packet[at:end]
    if layout is _NAME_ONLY:
        name, at = read_name(packet, at, memo)
        if at != end:
            raise Malformed("rdata")
        return name
    parts = []
    for field in layout:
        part, at = _read_field(packet, at, end, field, memo)
        parts.append(part)
    if at != end:
        raise Malformed("rdata")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_service(rdata: bytes) -> Service:
    """Return target and hints of SVCB or HTTPS RDATA that ``read_rdata`` returned; ``Malformed("svcb")``.

    Parameters come in strictly increasing order and fill the record (RFC 9460 2.2); hints hold at least one
    whole address (7.3). A target of ``.`` is the owner itself (2.5.2).
    """
    at = plain_name_end(rdata, 2)
    target = rdata[2:at].lower()
    addresses: list[bytes] = []
    previous = -1
    while at + 4 <= len(rdata):
        key, size = _PAIR.unpack_from(rdata, at)
        at += 4
        if key <= previous or at + size > len(rdata):
            raise Malformed("svcb")
        if key in (_IPV4HINT, _IPV6HINT):
            width = 4 if key == _IPV4HINT else 16
            if not size or size % width:
                raise Malformed("svcb")
            addresses += [rdata[i : i + width] for i in range(at, at + size, width)]
        previous = key
        at += size
    if at != len(rdata):
        raise Malformed("svcb")
    return Service(target, tuple(addresses))


def _read_field(packet: bytes, at: int, end: int, field: int, memo: dict[int, bytes]) -> tuple[bytes, int]:
    if field == NAME:
        return read_name(packet, at, memo)
    if field == PLAIN_NAME:
        after = plain_name_end(packet, at)
    elif field == STRING:
        after = at + 1 + packet[at]
    elif field == STRINGS:
        after = _strings_end(packet, at, end)
    else:
        after = end if field == REST else at + field
    if after > end or at > end:
        raise Malformed("rdata")
    return packet[at:after], after


def _strings_end(packet: bytes, at: int, end: int) -> int:
    if at == end:
        raise Malformed("rdata")
    while at < end:
        at += 1 + packet[at]
    return at
