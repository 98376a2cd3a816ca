"""The TCP listener: pipelined queries, replies as they come (RFC 7766), with bounds on everything.

A connection ends when no *whole* message came within the idle time, however many bytes trickle in; while a
client does not read its replies, no more is read from it (threats 30 and 31).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any, cast

from schoolguard.devices.model import Takes
from schoolguard.dns.forwarded import Incomplete, proxy_header
from schoolguard.dns.rejection import reject
from schoolguard.dns.rr import RCode
from schoolguard.dns.stream import BadFrame, Frames, frame
from schoolguard.dns.wire import Malformed
from schoolguard.resolver.asker import Asker
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.resolver import Resolver
from schoolguard.serve.tasks import Tasks
from schoolguard.settings import Limits

MAX_QUERY = 4_096
"""Bytes of a query over TCP; a question with all EDNS options in use takes a few hundred."""

PIPELINE = 100
"""Queries of one connection in flight before reading pauses."""

READ = 16 << 10
"""Bytes taken from a connection at once: bounds the queries that can wait for a client to read."""

_log = logging.getLogger("schoolguard.tcp")


class TcpListener:
    """The connections of one worker, over all its listening sockets."""

    def __init__(
        self, resolver: Resolver, counts: Counts, tasks: Tasks, limits: Callable[[], Limits]
    ) -> None:
        self.resolver = resolver
        self.counts = counts
        self.tasks = tasks
        self.limits = limits
        self.open: set[TcpConnection] = set()
        self.per_client: Counter[bytes] = Counter()
        self.room = bytearray(READ)
        self._servers: list[asyncio.Server] = []

    async def listen(self, sock: socket.socket) -> None:
        """Accept connections on a bound, listening socket."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: TcpConnection(self), sock=sock))

    def stop(self) -> None:
        """Accept no more connections, and close those with nothing in flight."""
        for server in self._servers:
            server.close()
        for connection in list(self.open):
            connection.finish()

    def admits(self, address: bytes) -> bool:
        """Return whether one more connection from this address is within the limits."""
        limits = self.limits()
        return len(self.open) < limits.tcp_connections and self.per_client[address] < limits.tcp_per_client


class TcpConnection(asyncio.BufferedProtocol):
    """One client's connection; all connections read through the listener's one buffer."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._frames = Frames(MAX_QUERY)
        self._waiting: deque[bytes] = deque()
        self._in_flight = 0
        self._stalled = False
        self._closing = False
        self._address = b""
        self._proxied: Asker | None = None
        self._before: bytearray | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or drop it at once when there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self._asked_at = (host, port)
        self._address = ip_address(transport.get_extra_info("peername")[0].partition("%")[0]).packed
        listener = self._listener
        if not listener.admits(self._address):
            listener.counts.events["tcp-refused"] += 1
            self._transport.abort()
            return
        listener.open.add(self)
        listener.per_client[self._address] += 1
        rules = listener.resolver.rules
        if rules is not None and Takes.PROXY_V2 in rules.forwarders.get(self._address, ()):
            self._before = bytearray()
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(listener.limits().tcp_idle, self._idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        listener = self._listener
        if self in listener.open:
            self._timer.cancel()
            listener.open.discard(self)
            listener.per_client[self._address] -= 1
            listener.per_client += Counter()  # drops addresses at zero

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where the next bytes go."""
        return self._listener.room

    def buffer_updated(self, nbytes: int) -> None:
        """Answer each complete message in the bytes that came."""
        if self._closing:
            return
        try:
            self._waiting += self._frames.feed(self._after_header(bytes(self._listener.room[:nbytes])))
        except (BadFrame, Malformed):
            self._listener.counts.events["tcp-malformed"] += 1
            self._transport.abort()
            return
        self._go_on()

    def _after_header(self, received: bytes) -> bytes:
        """Return what came behind a forwarder's PROXY header; nothing until that is whole."""
        if self._before is None:
            return received
        self._before += received
        try:
            header = proxy_header(bytes(self._before))
        except Incomplete:
            return b""
        rest, self._before = bytes(self._before[header.size :]), None
        if header.address is not None:
            self._proxied = Asker(header.address, None, self._asked_at, behind=True)
        return rest

    def _go_on(self) -> None:
        """Take the queries that wait, as long as the client takes its replies and few are in flight."""
        while self._waiting and not self._stalled and self._in_flight < PIPELINE:
            self._last = self._loop.time()
            self._take(self._waiting.popleft())
        if self._waiting or self._stalled or self._in_flight >= PIPELINE:
            self._transport.pause_reading()
        elif self._closing:
            self.finish()
        else:
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Take no more queries while the client does not take its replies."""
        self._stalled = True

    def resume_writing(self) -> None:
        """Go on with the queries that wait."""
        self._stalled = False
        self._go_on()

    def eof_received(self) -> bool:
        """Finish what is in flight, then close."""
        self.finish()
        return True

    def finish(self) -> None:
        """Take no more queries; close when the last reply is out."""
        self._closing = True
        if not self._in_flight and not self._waiting:
            self._transport.close()

    def _take(self, packet: bytes) -> None:
        listener = self._listener
        begin = self._loop.time()
        try:
            if self._proxied is not None:
                reply = listener.resolver.reply_to(packet, self._proxied, udp=False)
            else:
                reply = listener.resolver.reply(packet, self._address, udp=False, listener=self._asked_at)
        except Exception:
            # The stream edge, like the datagram edge: a bug is counted and still answered.
            listener.counts.events["bug"] += 1
            _log.exception("a query failed")
            reply = reject(packet, RCode.SERVFAIL, "bug").reply
        if isinstance(reply, bytes):
            self._transport.write(frame(reply))
            listener.counts.observe(self._loop.time() - begin)
        elif reply is not None:
            self._in_flight += 1
            listener.tasks.spawn(self._later(reply, packet, begin), "query")

    async def _later(self, work: Coroutine[Any, Any, bytes], packet: bytes, begin: float) -> None:
        try:
            reply: bytes | None = await work
        except Exception:
            self._listener.counts.events["bug"] += 1
            _log.exception("a query failed")
            reply = reject(packet, RCode.SERVFAIL, "bug").reply
        self._in_flight -= 1
        if self._transport.is_closing():
            return
        if reply is not None:
            self._transport.write(frame(reply))
        self._listener.counts.observe(self._loop.time() - begin)
        self._go_on()

    def _idle(self) -> None:
        limit = self._listener.limits().tcp_idle
        left = self._last + limit - self._loop.time()
        if left > 0 or self._in_flight:
            self._timer = self._loop.call_later(max(left, limit / 4), self._idle)
            return
        self._listener.counts.events["tcp-idle"] += 1
        # abort, not close: a client that does not read must not hold the connection with its replies.
        self._transport.abort()
