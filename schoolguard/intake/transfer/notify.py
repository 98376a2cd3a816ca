"""NOTIFY from primaries (RFC 1996): who may say that a zone changed. It transfers nothing itself.

From an address that is no primary of the zone nothing is answered, so that the listener reflects nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig

from schoolguard.dns.stream import frame
from schoolguard.intake.transfer.model import Address, Transfer, TransferKey
from schoolguard.intake.transfer.signatures import tsig_key
from schoolguard.intake.transfer.source import source_of

MOST_BYTES = 4_096
MOST_CONNECTIONS = 20
_IDLE = 5.0


class Notices:
    """Reads NOTIFY messages; ``notify`` is called with the id of each zone that a primary says is new.

    ``counts`` has how many were ``taken``, ``foreign``, ``unsigned``, ``malformed``, ``bad-signature``.
    """

    def __init__(self, transfers: Iterable[Transfer], notify: Callable[[str], None]) -> None:
        self._notify = notify
        self.counts: Counter[str] = Counter()
        self._zones: dict[tuple[dns.name.Name, str], tuple[str, set[TransferKey | None]]] = {}
        self._keys: dict[dns.name.Name, dns.tsig.Key] = {}
        for each in transfers:
            for primary in each.primaries:
                at = (dns.name.from_text(each.zone), primary.address[0])
                self._zones.setdefault(at, (each.id, set()))[1].add(primary.key)
                if primary.key is not None:
                    key = tsig_key(primary.key)
                    self._keys[key.name] = key

    def answer(self, wire: bytes, source: str) -> bytes | None:
        """Return the reply to a message from an address, ``None`` for none."""
        if source not in {address for _, address in self._zones}:
            self.counts["foreign"] += 1
            return None
        try:
            message = dns.message.from_wire(wire, keyring=dict(self._keys))
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.tsig.BadKey):
            self.counts["bad-signature"] += 1
            return None
        except dns.message.UnknownTSIGKey:
            self.counts["bad-signature"] += 1
            return None
        except (dns.exception.DNSException, ValueError):
            self.counts["malformed"] += 1
            return None
        return self._judge(message, source)

    def _judge(self, message: dns.message.Message, source: str) -> bytes | None:
        if (
            message.flags & dns.flags.QR
            or message.opcode() != dns.opcode.NOTIFY
            or len(message.question) != 1
        ):
            self.counts["malformed"] += 1
            return None
        question = message.question[0]
        found = self._zones.get((question.name, source))
        if found is None or question.rdtype != dns.rdatatype.SOA:
            self.counts["foreign"] += 1
            return _reply(message, dns.rcode.NOTAUTH)
        zone_id, keys = found
        if not any(_signed_by(message, key) for key in keys):
            self.counts["unsigned"] += 1
            return _reply(message, dns.rcode.NOTAUTH)
        self.counts["taken"] += 1
        self._notify(zone_id)
        return _reply(message, dns.rcode.NOERROR)


def _signed_by(message: dns.message.Message, key: TransferKey | None) -> bool:
    if key is None:
        return True
    return message.had_tsig and message.keyname == dns.name.from_text(key.name)


def _reply(message: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    reply = dns.message.make_response(message)
    reply.flags |= dns.flags.AA
    reply.set_rcode(rcode)
    return reply.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._notices.answer(data[:MOST_BYTES], str(source_of(addr[0])))
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


class NotifyListener:
    """Listens for NOTIFY over UDP and TCP while it is entered."""

    def __init__(self, endpoint: Address, notices: Notices) -> None:
        self._endpoint = endpoint
        self._notices = notices
        self._open = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> NotifyListener:
        """Open both sockets; raises ``OSError``."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._notices), local_addr=self._endpoint
        )
        try:
            self._server = await asyncio.start_server(self._connected, *self._endpoint)
        except OSError:
            self._transport.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                with suppress(TimeoutError, asyncio.IncompleteReadError, OSError):
                    async with asyncio.timeout(_IDLE):
                        await self._serve(reader, writer)
        finally:
            self._open -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = str(source_of(writer.get_extra_info("peername")[0]))
        while 0 < (size := int.from_bytes(await reader.readexactly(2))) <= MOST_BYTES:
            reply = self._notices.answer(await reader.readexactly(size), source)
            if reply is None:
                return
            writer.write(frame(reply))
            await writer.drain()
