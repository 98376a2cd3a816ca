"""The sockets of the primary: queries over UDP and TCP, transfers over TCP.

It must not know what is in a zone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from schoolguard.dns.stream import frame
from schoolguard.hub.export.answering import Answering, Reply
from schoolguard.hub.export.model import ServerLimits
from schoolguard.hub.export.published import ExportBroken
from schoolguard.intake.transfer.model import Address

MOST_QUERY = 4_096

_log = logging.getLogger("schoolguard.export")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, primary: PrimaryServer) -> None:
        self._primary = primary
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._primary.reply(data[:MOST_QUERY], addr[0], stream=False)
        if reply is not None and self._transport is not None:
            for message in reply.messages:
                self._transport.sendto(message, addr)


class PrimaryServer:
    """Serves exported zones while it is entered; ``counts`` has replies by kind, and transfers ``cut``."""

    def __init__(self, endpoint: Address, answering: Answering, limits: ServerLimits) -> None:
        self._endpoint = endpoint
        self._answering = answering
        self._limits = limits
        self._connections = 0
        self._transfers: Counter[str] = Counter()
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()

    async def __aenter__(self) -> PrimaryServer:
        """Open both sockets; raises ``OSError``."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=self._endpoint
        )
        try:
            self._server = await asyncio.start_server(self._connected, *self._endpoint)
        except OSError:
            self._transport.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them, and end the transfers under way."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await self._server.wait_closed()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def reply(self, wire: bytes, source: str, *, stream: bool) -> Reply | None:
        """Return the reply to one message, counted; a broken export is logged and answered by nothing."""
        try:
            reply = self._answering.answer(wire, source, stream=stream)
        except (ExportBroken, OSError) as error:
            _log.error("export cannot be read", extra={"problem": str(error)})
            self.counts["broken"] += 1
            return None
        self.counts[reply.kind if reply else "no-query"] += 1
        return reply

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of a server runs in a task
        self._tasks.add(task)
        self._connections += 1
        try:
            if self._connections <= self._limits.connections:
                async with asyncio.timeout(self._limits.seconds):
                    await self._serve(reader, writer)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            pass  # the other side's line or patience ended; what was cut is counted where it was sent
        except asyncio.CancelledError:
            if self._server is None or self._server.is_serving():
                raise
        finally:
            self._connections -= 1
            self._tasks.discard(task)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = writer.get_extra_info("peername")[0]
        while True:
            async with asyncio.timeout(self._limits.idle):
                size = int.from_bytes(await reader.readexactly(2))
                if not 0 < size <= MOST_QUERY:
                    return
                wire = await reader.readexactly(size)
            reply = self.reply(wire, source, stream=True)
            if reply is None:
                return
            if not reply.large:
                await self._send(reply, writer)
            elif not await self._transfer(reply, source, writer):
                return

    async def _transfer(self, reply: Reply, source: str, writer: asyncio.StreamWriter) -> bool:
        """Send a transfer if there is a place for it; return whether the connection may go on."""
        busy = self._transfers.total() >= self._limits.transfers
        if busy or self._transfers[source] >= self._limits.per_address:
            self.counts["busy"] += 1
            return False
        self._transfers[source] += 1
        try:
            await self._send(reply, writer)
        except (TimeoutError, OSError, ExportBroken):
            self.counts["cut"] += 1
            return False
        finally:
            self._transfers[source] -= 1
            with suppress(KeyError):
                if not self._transfers[source]:
                    del self._transfers[source]
        return True

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        for message in reply.messages:
            writer.write(frame(message))
            async with asyncio.timeout(self._limits.write):
                await writer.drain()
            # A local reader never fills the buffer, and others must have their turn.
            await asyncio.sleep(0)
