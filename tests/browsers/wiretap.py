"""What goes over the client's cable, read at the gateway's end: DNS replies, and connections that opened.

Source: packet(7); RFC 791, 768, 9293. It must only read, and only the link it is given.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from tests.ask import Reply
from tests.devices.network import inside

_EVERY_PROTOCOL = 3
"""Packets on their way out are given only to who asks for every protocol."""
_IPV4 = 0x0800
_PACKET, _STATISTICS = 263, 6
_FORCED_BUFFER = 33
_ROOM = 32 << 20
_TCP, _UDP = 6, 17
_SYN_OF_SYN_ACK = 0x12


@dataclass(frozen=True, slots=True)
class Answered:
    """One DNS reply on its way to the client, and the server it came from."""

    server: str
    reply: Reply

    @property
    def name(self) -> str:
        """The name asked for, in small letters, without the last dot."""
        return str(self.reply.record.q.qname).rstrip(".").lower()

    @property
    def type(self) -> int:
        """The number of the type asked for."""
        return int(self.reply.record.q.qtype)


class Wiretap:
    """Reads a link from the moment it is made; ``replies`` and ``opened`` grow as ``read`` is called."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.replies: list[Answered] = []
        self.opened: set[tuple[str, int]] = set()

    def read(self) -> None:
        """Take everything that has passed until now; fails when the kernel lost a packet."""
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, origin = self._link.recvfrom(65_535)
                if origin[1] == _IPV4:
                    self._take(packet)
        lost = int.from_bytes(self._link.getsockopt(_PACKET, _STATISTICS, 8)[4:], "little")
        assert not lost, f"{lost} packets passed unread"

    def to(self, name: str) -> list[Answered]:
        """Return the replies to questions for a name or one below it."""
        return [each for each in self.replies if each.name == name or each.name.endswith("." + name)]

    def _take(self, packet: bytes) -> None:
        size = (packet[0] & 15) * 4
        source, destination = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
        body = packet[size : int.from_bytes(packet[2:4])]
        port = int.from_bytes(body[:2])
        if packet[9] == _UDP and port == 53:
            self.replies.append(Answered(source, Reply(body[8:])))
        elif packet[9] == _TCP:
            self._take_tcp(source, destination, port, body)

    def _take_tcp(self, source: str, destination: str, port: int, body: bytes) -> None:
        if body[13] & _SYN_OF_SYN_ACK == _SYN_OF_SYN_ACK:
            self.opened.add((source, port))


@contextlib.contextmanager
def listening(namespace: str, link: str) -> Iterator[Wiretap]:
    """Listen to the IPv4 packets of a link in a namespace."""
    with inside(namespace):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    with tap:
        tap.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, _ROOM)
        tap.bind((link, _EVERY_PROTOCOL))
        tap.setblocking(False)
        yield Wiretap(tap)
