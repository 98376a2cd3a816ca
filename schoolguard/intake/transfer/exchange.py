"""One exchange with one primary: its SOA, or the whole of a transfer. It installs nothing and keeps no state.

The query and its signature are dnspython's; the replies are read message by message, so that memory is that
of one message whatever the size of the zone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from schoolguard.dns.names import to_wire
from schoolguard.dns.stream import frame
from schoolguard.intake.transfer.envelope import AXFR, IXFR, Envelope, open_envelope
from schoolguard.intake.transfer.incoming import Incoming, Receiver
from schoolguard.intake.transfer.model import Limits, Primary, TransferRefused
from schoolguard.intake.transfer.signatures import Clock, Signatures, tsig_key
from schoolguard.intake.transfer.soa import Soa, soa_of
from schoolguard.language import N_

_RCODE = 0x000F
_REPLY = 0x8000


async def ask_soa(primary: Primary, zone: str, limits: Limits) -> Soa:
    """Return the primary's SOA, asked over UDP, and over TCP when the reply is cut.

    Raises ``TransferRefused``: ``timeout``, ``unreachable``, ``rcode``, ``unsigned``, ``bad-signature``,
    ``no-soa``, ``malformed``.
    """
    query = _query(primary, zone, dns.rdatatype.SOA)
    host, port = primary.address
    try:
        reply, _ = await dns.asyncquery.udp_with_fallback(
            query, host, limits.reply, port, ignore_unexpected=True
        )
    except dns.exception.Timeout:
        raise TransferRefused("timeout", N_("no reply came in time")) from None
    except (dns.exception.DNSException, ValueError) as error:
        reason = "bad-signature" if primary.key else "malformed"
        msgid = N_("the reply to the SOA query is not right: {problem}")
        raise TransferRefused(reason, msgid, problem=type(error).__name__) from error
    except (OSError, EOFError) as error:
        raise _unreachable(error) from error
    if primary.key and not reply.had_tsig:
        raise TransferRefused("unsigned", N_("a message is not signed, though a key is configured"))
    return _soa_in(reply, zone)


def _soa_in(reply: dns.message.Message, zone: str) -> Soa:
    _check_rcode(reply.rcode())
    for rrset in reply.answer:
        if rrset.rdtype == dns.rdatatype.SOA and rrset.name == dns.name.from_text(zone):
            wire = rrset[0].to_wire()
            assert wire is not None  # noqa: S101 - dnspython returns bytes when it is given no file
            # The SOA is rewritten behind a header, where the reader of names expects a message to begin.
            return soa_of(bytes(12) + wire, 12, {})[0]
    raise TransferRefused("no-soa", N_("the primary does not have the zone"))


async def transfer(
    primary: Primary, zone: str, held: Soa | None, receiver: Receiver, limits: Limits, clock: Clock
) -> Incoming:
    """Return the finished transfer of a zone: an IXFR from ``held``, or an AXFR when there is none.

    Raises ``TransferRefused`` with the reasons of ``open_envelope``, ``Signatures`` and ``Incoming``, and
    ``timeout``, ``silent``, ``unreachable``, ``cut``, ``rcode``, ``too-many-bytes``, ``foreign``; and
    ``OSError`` of the receiver. Nothing of what the receiver took may be used then.
    """
    query = _query(primary, zone, dns.rdatatype.AXFR if held is None else dns.rdatatype.IXFR, held)
    incoming = Incoming(held.serial if held else None, held is not None, limits, receiver)
    wire = query.to_wire()
    signatures = Signatures(primary.key, query.mac or b"", clock)
    try:
        async with asyncio.timeout(limits.seconds), _connection(primary, limits) as (reader, writer):
            writer.write(frame(wire))
            await _receive(reader, query.id, zone, incoming, signatures, limits)
    except TimeoutError:
        msgid = N_("the transfer did not end within {seconds} s")
        raise TransferRefused("timeout", msgid, seconds=round(limits.seconds)) from None
    return incoming


@asynccontextmanager
async def _connection(
    primary: Primary, limits: Limits
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        async with asyncio.timeout(limits.silence):
            reader, writer = await asyncio.open_connection(*primary.address)
    except OSError as error:  # TimeoutError is one
        raise _unreachable(error) from error
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _receive(
    reader: asyncio.StreamReader,
    number: int,
    zone: str,
    incoming: Incoming,
    signatures: Signatures,
    limits: Limits,
) -> None:
    origin, received = to_wire(zone), 0
    while not incoming.done:
        message = await _next(reader, limits)
        received += len(message)
        if received > limits.bytes:
            raise TransferRefused(
                "too-many-bytes", N_("the zone has more than {most} bytes"), most=limits.bytes
            )
        envelope = open_envelope(message, origin)
        # The signature first: what an unsigned error says must not choose what is tried next.
        signatures.check(message, envelope.tsig_at)
        _check_header(envelope, number, origin)
        incoming.take(envelope.answers)
    signatures.end()


async def _next(reader: asyncio.StreamReader, limits: Limits) -> bytes:
    try:
        async with asyncio.timeout(limits.silence):
            size = int.from_bytes(await reader.readexactly(2))
            return await reader.readexactly(size)
    except TimeoutError:
        msgid = N_("nothing came for {seconds} s in the middle of the transfer")
        raise TransferRefused("silent", msgid, seconds=round(limits.silence)) from None
    except (asyncio.IncompleteReadError, OSError) as error:
        raise TransferRefused("cut", N_("the transfer ended in the middle")) from error


def _check_header(envelope: Envelope, number: int, origin: bytes) -> None:
    if envelope.id != number or not envelope.flags & _REPLY:
        raise TransferRefused("foreign", N_("a message is no reply to the request"))
    _check_rcode(envelope.flags & _RCODE)
    if envelope.question and (envelope.question[0] != origin or envelope.question[1] not in (AXFR, IXFR)):
        raise TransferRefused("foreign", N_("a message is no reply to the request"))
    if not envelope.answers:
        raise TransferRefused("malformed", N_("a message of the transfer is malformed"))


def _check_rcode(rcode: int) -> None:
    if rcode:
        msgid = N_("the primary refuses with {rcode}")
        raise TransferRefused("rcode", msgid, rcode=dns.rcode.to_text(dns.rcode.Rcode(rcode)))


def _query(
    primary: Primary, zone: str, kind: dns.rdatatype.RdataType, held: Soa | None = None
) -> dns.message.QueryMessage:
    query = dns.message.make_query(zone + ".", kind)
    query.flags &= ~dns.flags.RD
    if held is not None:
        text = f". . {held.serial} 0 0 0 0"
        soa = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.SOA, text)
        name = query.question[0].name
        query.find_rrset(query.authority, name, dns.rdataclass.IN, dns.rdatatype.SOA, create=True).add(soa, 0)
    if primary.key is not None:
        query.use_tsig(tsig_key(primary.key))
    return query


def _unreachable(error: Exception) -> TransferRefused:
    problem = getattr(error, "strerror", None) or type(error).__name__
    return TransferRefused("unreachable", N_("the primary cannot be reached: {problem}"), problem=problem)
