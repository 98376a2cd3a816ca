"""Messages of a transfer out: records packed, each message signed when the request was. No I/O.

Every owner is packed against the zone's name in the question, so no table of names is needed and a message
may be larger than pointers reach.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, cast

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG

from schoolguard.dns.names import to_wire
from schoolguard.hub.export.files import PASSTHRU, TARGETS, owners
from schoolguard.hub.export.model import ExportZone, Left, Ruling, Verdict
from schoolguard.intake.transfer.signatures import Clock

MESSAGE = 32_000
"""Bytes of records in one message: far from the most that a length can say, and some 900 records."""

_APEX = b"\xc0\x0c"
_FLAGS = 0x8400  # a reply, with authority
_FIXED = struct.Struct("!HHIH")
_NS, _CNAME, _SOA, _TSIG, _IN, _ANY = 2, 5, 6, 250, 1, 255
_FUDGE = 300


class Records:
    """Packs the records of one zone."""

    def __init__(self, export: ExportZone) -> None:
        self._export = export
        self._left = Left()
        targets = {Verdict.BLOCK: TARGETS[export.action], Verdict.OPEN: PASSTHRU}
        self._ends = {verdict: self._end(_CNAME, _absolute(target)) for verdict, target in targets.items()}

    def soa(self, serial: int) -> bytes:
        """Return the zone's SOA."""
        export = self._export
        times = struct.pack("!5I", serial, export.refresh, export.retry, export.expire, export.ttl)
        names = _absolute(export.primary) + _absolute(export.mail)
        return _APEX + self._end(_SOA, names + times)

    def name_server(self) -> bytes:
        """Return the zone's only NS: a policy zone is not delegated, so it says nothing to anybody."""
        return _APEX + self._end(_NS, _absolute(self._export.primary))

    def of(self, rulings: Iterable[Ruling]) -> Iterator[bytes]:
        """Yield the records of rulings."""
        for ruling in rulings:
            for owner, verdict in owners(ruling, self._export.zone, self._left):
                yield to_wire(owner)[:-1] + _APEX + self._ends[verdict]

    def _end(self, kind: int, rdata: bytes) -> bytes:
        return _FIXED.pack(kind, _IN, self._export.ttl, len(rdata)) + rdata


class Signer:
    """Signs the replies to one signed request, in their order (RFC 8945 5.3.1)."""

    def __init__(self, key: dns.tsig.Key, request_mac: bytes, clock: Clock) -> None:
        self._key = key
        self._mac = request_mac
        self._clock = clock
        self._context: Any = None

    def cover(self, message: bytes) -> None:
        """Take in a message that goes out unsigned, between signed ones; the next signature covers it."""
        self._context.update(message)

    def sign(self, message: bytes) -> bytes:
        """Return the message with a TSIG at its end."""
        number = struct.unpack_from("!H", message)[0]
        blank = TSIG(
            dns.rdataclass.ANY, dns.rdatatype.TSIG, self._key.algorithm, 0, _FUDGE, b"", number, 0, b""
        )  # type: ignore[no-untyped-call]
        rdata, self._context = dns.tsig.sign(  # type: ignore[no-untyped-call]
            message, self._key, blank, int(self._clock()), self._mac, self._context, multi=True
        )
        content = cast("bytes", rdata.to_wire())
        owner = cast("bytes", self._key.name.to_wire())
        count = struct.unpack_from("!H", message, 10)[0] + 1
        fixed = _FIXED.pack(_TSIG, _ANY, 0, len(content))
        return message[:10] + struct.pack("!H", count) + message[12:] + owner + fixed + content


def messages(
    number: int, zone: str, qtype: int, records: Iterable[bytes], signer: Signer | None
) -> Iterator[bytes]:
    """Yield messages that carry ``records`` in their order, as replies to query ``number``; at least one."""
    question = to_wire(zone) + struct.pack("!HH", qtype, _IN)
    for batch in _batches(records):
        header = struct.pack("!6H", number, _FLAGS, 1, len(batch), 0, 0)
        message = header + question + b"".join(batch)
        yield signer.sign(message) if signer else message


def _batches(records: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for record in records:
        if size + len(record) > MESSAGE:
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record)
    yield batch


def _absolute(name: str) -> bytes:
    return to_wire(name.removesuffix("."))
