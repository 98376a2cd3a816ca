"""What a secondary is given for one message: SOA, a whole zone, differences, or a refusal. No sockets.

Who is not on the zone's list gets REFUSED and nothing else, whether the zone exists or not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.xfr

from schoolguard.hub.export.model import Consumer, ExportZone, Published, Step
from schoolguard.hub.export.published import ExportFolder
from schoolguard.hub.export.wire import Records, Signer, messages
from schoolguard.intake.transfer.serial import is_newer
from schoolguard.intake.transfer.signatures import Clock, tsig_key
from schoolguard.intake.transfer.source import source_of

_SERVED = (dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.AXFR, dns.rdatatype.IXFR)


class Served(NamedTuple):
    """One zone: its settings and its folder."""

    export: ExportZone
    folder: ExportFolder


class Reply(NamedTuple):
    """Messages to send, made as they are sent; ``kind`` is a word for the counter, ``large`` a transfer."""

    messages: Iterable[bytes]
    kind: str
    large: bool = False


class Answering:
    """Answers for all exported zones under one folder."""

    def __init__(self, exports: Iterable[ExportZone], root: Path, clock: Clock) -> None:
        self._zones = {
            dns.name.from_text(each.zone): Served(each, ExportFolder(root, each)) for each in exports
        }
        self._clock = clock
        keys = (c.key for served in self._zones.values() for c in served.export.consumers if c.key)
        self._keys: Mapping[dns.name.Name, dns.tsig.Key] = {k.name: k for k in map(tsig_key, keys)}

    def answer(self, wire: bytes, source: str, *, stream: bool) -> Reply | None:
        """Return the reply to a message, ``None`` for what is no query.

        Raises ``ExportBroken`` and ``OSError``, now or while the messages are made.
        """
        if len(wire) < 12 or wire[2] & 0x80:
            return None
        try:
            query = dns.message.from_wire(wire, keyring=dict(self._keys))
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.tsig.BadKey):
            return Reply([_bare(wire, dns.rcode.NOTAUTH)], "bad-signature")
        except dns.message.UnknownTSIGKey:
            return Reply([_bare(wire, dns.rcode.NOTAUTH)], "bad-signature")
        except (dns.exception.DNSException, ValueError):
            return Reply([_bare(wire, dns.rcode.FORMERR)], "malformed")
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            return Reply([_bare(wire, dns.rcode.NOTIMP)], "malformed")
        return self._judge(query, source, stream)

    def _judge(self, query: dns.message.Message, source: str, stream: bool) -> Reply:
        question = query.question[0]
        served = self._zones.get(question.name)
        if served is None or not _may(query, source, served.export.consumers):
            return Reply([_refusal(query, dns.rcode.REFUSED)], "refused")
        published = served.folder.current()
        if published is None or question.rdtype not in _SERVED:
            return Reply([_refusal(query, dns.rcode.SERVFAIL)], "not-ready")
        records = Records(served.export)
        soa = records.soa(published.serial)
        match question.rdtype:
            case dns.rdatatype.SOA:
                return Reply(self._sent(query, [soa]), "soa")
            case dns.rdatatype.NS:
                return Reply(self._sent(query, [records.name_server()]), "ns")
            case dns.rdatatype.AXFR if not stream:
                return Reply([_refusal(query, dns.rcode.FORMERR)], "malformed")
            case dns.rdatatype.AXFR:
                return Reply(self._sent(query, _whole(served, published)), "axfr", large=True)
        return self._since(query, served, published, stream)

    def _since(self, query: dns.message.Message, served: Served, published: Published, stream: bool) -> Reply:
        soa = Records(served.export).soa(published.serial)
        try:
            held = dns.xfr.extract_serial_from_query(query)
        except (KeyError, ValueError):
            return Reply([_refusal(query, dns.rcode.FORMERR)], "malformed")
        # RFC 1995 2: the newest SOA alone says "you have it", or over UDP "ask over TCP".
        if held is None or not stream or not is_newer(published.serial, held):
            return Reply(self._sent(query, [soa]), "soa")
        steps = _steps(published, held)
        if steps is None:
            return Reply(self._sent(query, _whole(served, published)), "axfr", large=True)
        return Reply(self._sent(query, _differences(served, published, steps)), "ixfr", large=True)

    def _sent(self, query: dns.message.Message, records: Iterable[bytes]) -> Iterator[bytes]:
        question = query.question[0]
        signer = None
        if query.had_tsig and query.keyname is not None:
            signer = Signer(self._keys[query.keyname], query.mac or b"", self._clock)
        zone = question.name.to_text(omit_final_dot=True).lower()
        return messages(query.id, zone, question.rdtype, records, signer)


def _may(query: dns.message.Message, source: str, consumers: Iterable[Consumer]) -> bool:
    address = source_of(source)
    return any(
        any(address in network for network in each.networks)
        and (each.key is None or query.keyname == dns.name.from_text(each.key.name))
        for each in consumers
    )


def _steps(published: Published, held: int) -> tuple[Step, ...] | None:
    """Return the differences from a serial to the newest, ``None`` when they are not kept."""
    for at, step in enumerate(published.differences):
        if step.before == held:
            return published.differences[at:]
    return None


def _whole(served: Served, published: Published) -> Iterator[bytes]:
    records = Records(served.export)
    yield records.soa(published.serial)
    yield records.name_server()
    yield from records.of(served.folder.rulings(published))
    yield records.soa(published.serial)


def _differences(served: Served, published: Published, steps: Iterable[Step]) -> Iterator[bytes]:
    records = Records(served.export)
    yield records.soa(published.serial)
    for step in steps:
        yield records.soa(step.before)
        yield from records.of(served.folder.changes(step, "-"))
        yield records.soa(step.after)
        yield from records.of(served.folder.changes(step, "+"))
    yield records.soa(published.serial)


def _refusal(query: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    reply = dns.message.make_response(query)
    reply.flags &= ~dns.flags.RA
    reply.set_rcode(rcode)
    return reply.to_wire()


def _bare(wire: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """Return a reply of a header alone: what cannot be read cannot be repeated."""
    number, flags = struct.unpack_from("!HH", wire)
    return struct.pack("!6H", number, 0x8000 | (flags & 0x7800) | int(rcode), 0, 0, 0, 0)
