"""An upstream that misbehaves as told: the one stand-in for a real server that these tests use.

A script gets each question as it arrives and answers through it, at once or later, once, often or never, over
UDP and TCP on the same port. What was asked is kept for the test to look at.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

from dnslib import EDNS0, RR, DNSRecord

from tests.ask import framed, read_message
from tests.servers import free_port, wait_until

_POLL = 0.05


@dataclass
class Asked:
    """One question that arrived; ``source`` is the asker's address and port."""

    packet: bytes
    tcp: bool
    source: tuple[str, int]
    send: Callable[[bytes], object] = field(repr=False)

    @property
    def record(self) -> Any:
        """The question parsed."""
        return DNSRecord.parse(self.packet)

    @property
    def name(self) -> str:
        """The name asked for, in the case it was sent, with a trailing dot."""
        return str(self.record.q.qname)

    @property
    def id(self) -> int:
        """The message ID."""
        return int.from_bytes(self.packet[:2])

    def reply(
        self, *records: str, rcode: int = 0, authority: tuple[str, ...] = (), tc: bool = False
    ) -> bytes:
        """Return a true reply with these records in zone-file text; ``@`` stands for the name asked."""
        reply = self.record.reply(ra=1, aa=0)
        reply.ar.clear()
        reply.header.rcode, reply.header.tc = rcode, int(tc)
        for text in records:
            reply.add_answer(*_records(text, self.name))
        for text in authority:
            reply.add_auth(*_records(text, self.name))
        reply.add_ar(EDNS0(udp_len=1232))
        return bytes(reply.pack())


def _records(text: str, name: str) -> Any:
    owner, rest = text.split(None, 1)
    return RR.fromZone(f"{name if owner == '@' else owner} {rest}")


Script = Callable[[Asked], object]


def address(rdata: str = "192.0.2.1", ttl: int = 300) -> Script:
    """Return a script that gives every question this address."""
    return lambda asked: asked.send(asked.reply(f"@ {ttl} A {rdata}"))


def silence(_asked: Asked) -> None:
    """Never answer."""


class Hostile:
    """The server; ``script`` may be exchanged at any time. Use it as a context manager."""

    def __init__(self, script: Script = silence, port: int | None = None) -> None:
        self.script = script
        self.port = port or free_port()
        self.asked: list[Asked] = []
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Hostile:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for sock in (self._udp, self._tcp):
            sock.bind(("127.0.0.1", self.port))
            sock.settimeout(_POLL)
        self._tcp.listen(100)
        self._ending.clear()
        self._start(self._serve_udp)
        self._start(self._serve_tcp)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._udp.close()
        self._tcp.close()

    @property
    def names(self) -> list[str]:
        """The names asked for, lower case, in order."""
        return [asked.name.lower() for asked in self.asked]

    def count(self, name: str) -> int:
        """Return how often a name was asked for."""
        return self.names.count(name.rstrip(".") + ".")

    def wait(self, count: int) -> list[Asked]:
        """Wait until that many questions arrived."""
        wait_until(lambda: len(self.asked) >= count, f"{count} questions at the upstream")
        return self.asked

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _take(self, asked: Asked) -> None:
        with self._lock:
            self.asked.append(asked)
        self.script(asked)

    def _serve_udp(self) -> None:
        for packet, source in self._each(lambda: self._udp.recvfrom(65_535)):
            self._take(Asked(packet, False, source, partial(self._send_to, source)))

    def _send_to(self, source: tuple[str, int], raw: bytes) -> None:
        self._udp.sendto(raw, source)

    def _serve_tcp(self) -> None:
        for connection, source in self._each(self._tcp.accept):
            self._start(self._serve_connection, connection, source)

    def _serve_connection(self, connection: socket.socket, source: tuple[str, int]) -> None:
        with connection, contextlib.suppress(OSError, EOFError):
            connection.settimeout(5)
            packet = read_message(connection)
            self._take(Asked(packet, True, source, lambda raw: connection.sendall(framed(raw))))
            while connection.recv(1):  # until the other side closes
                pass

    def _each(self, receive: Callable[[], Any]) -> Iterator[Any]:
        while not self._ending.is_set():
            try:
                yield receive()
            except (TimeoutError, ConnectionRefusedError):
                continue
