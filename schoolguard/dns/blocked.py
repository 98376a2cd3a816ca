"""Answers this gateway gives of its own: a blocked name in each shape, and ANY. Builds only, decides nothing.

An absence carries an SOA so that clients may keep it (RFC 2308 3). The SOA's owner is the blocked name
itself: that says nothing of any other name, whereas its parent as owner would speak for a zone that isn't
ours. AA stays clear for the same reason. ``addresses`` and ``targets`` stay empty: policy is not asked about
its own answers.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from struct import Struct
from typing import Final

from schoolguard.dns.answer import Answer
from schoolguard.dns.names import to_wire
from schoolguard.dns.rr import CLASS_IN, RCode, RRType

_OWNER: Final = b"\xc0\x0c"
_TTL_AT: Final = 6
_RECORD: Final = Struct("!2sHHIH").pack
_TIMERS: Final = Struct("!5I").pack
# .invalid never exists (RFC 6761 6.4), so nobody is named as the source of what is not in the real zone.
_SOURCE: Final = to_wire("schoolguard.invalid") + to_wire("hostmaster.schoolguard.invalid")
_WIDTHS: Final = {int(RRType.A): 4, int(RRType.AAAA): 16}
_MINIMAL_ANY: Final = b"\x07RFC8482\x00"


class BlockAnswer(StrEnum):
    """What a client is told of a blocked name."""

    NULL = "null-address"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    REFUSED = "refused"
    PAGE = "block-page"


def blocked_answer(
    question: bytes, shape: str, page: tuple[str, ...], ttl: int, ede: tuple[int, str] | None
) -> Answer:
    """Return the answer to a blocked ``question`` (a cache key: wire name, type, class).

    The null address and the block page (its addresses in ``page``, as text) answer A and AAAA; every other
    type, and a family that the page has no address of, has NODATA. ``ttl`` is in seconds, for records and
    absence alike. ``ValueError`` when ``shape`` is no ``BlockAnswer`` or ``page`` holds no address.
    """
    wanted = BlockAnswer(shape)
    if wanted is BlockAnswer.REFUSED:
        return Answer(RCode.REFUSED, 0, bytes(6), b"", (), ttl, ede=ede)
    if wanted is BlockAnswer.NXDOMAIN:
        return _absence(RCode.NXDOMAIN, ttl, ede)
    addresses: tuple[bytes, ...] = ()
    width = _WIDTHS.get(int.from_bytes(question[-4:-2]), 0)
    if wanted is BlockAnswer.NULL and width:
        addresses = (bytes(width),)
    elif wanted is BlockAnswer.PAGE:
        packed = (ip_address(address).packed for address in page)
        addresses = tuple(address for address in packed if len(address) == width)
    if not addresses:
        return _absence(RCode.NOERROR, ttl, ede)
    return _presence(RRType.A if width == 4 else RRType.AAAA, addresses, ttl, ede)


def any_answer(question: bytes, ttl: int) -> Answer:
    """Return the one HINFO record that answers an ANY ``question`` for every name alike (RFC 8482 4.2)."""
    if int.from_bytes(question[-4:-2]) != RRType.ANY:
        raise ValueError("only a question of type ANY has this answer")
    return _presence(RRType.HINFO, (_MINIMAL_ANY,), ttl, None)


def _presence(rrtype: int, rdatas: tuple[bytes, ...], ttl: int, ede: tuple[int, str] | None) -> Answer:
    records = [_RECORD(_OWNER, rrtype, CLASS_IN, ttl, len(rdata)) + rdata for rdata in rdatas]
    size = len(records[0])
    ttls = tuple((index * size + _TTL_AT, ttl) for index in range(len(records)))
    counts = len(records).to_bytes(2) + bytes(4)
    return Answer(RCode.NOERROR, 0, counts, b"".join(records), ttls, ttl, ede=ede)


def _absence(rcode: int, ttl: int, ede: tuple[int, str] | None) -> Answer:
    rdata = _SOURCE + _TIMERS(1, 3600, 600, 86_400, ttl)
    body = _RECORD(_OWNER, RRType.SOA, CLASS_IN, ttl, len(rdata)) + rdata
    return Answer(rcode, 0, b"\0\0\0\1\0\0", body, ((_TTL_AT, ttl),), ttl, ede=ede)
