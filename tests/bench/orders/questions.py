"""Clients and upstreams in the gateways' namespaces: who asks for ordered names, who answers allowed ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

from tests.bench.orders.network import Place

EVERY = 0.02
"""Seconds between two questions for the same name at the same gateway."""
DNS, UPSTREAM = ("127.0.0.1", 53), ("127.0.0.1", 5_300)

_NOERROR, _REFUSED = 0, 5
_A = b"\x00\x01\x00\x01"
_ANSWER = b"\xc0\x0c" + _A + struct.pack("!IH", 3_600, 4) + socket.inet_aton("198.51.100.7")


class Upstream:
    """Answers every name with an address that may be kept for an hour: an order must outdo the cache."""

    def __init__(self, place: Place) -> None:
        self._socket = place.udp()
        self._socket.bind(UPSTREAM)
        asyncio.get_running_loop().add_reader(self._socket, self._answer)

    def close(self) -> None:
        """Answer no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                query, asker = self._socket.recvfrom(4_096)
                self._socket.sendto(answer_to(query), asker)


class Client:
    """Asks one gateway; ``heard`` is called with the number of a question and whether it was blocked.

    A gateway that answers nobody yet (SERVFAIL) is not heard.
    """

    def __init__(self, place: Place, heard: Callable[[int, bool], None]) -> None:
        self._heard = heard
        self._socket = place.udp()
        self._socket.connect(DNS)
        asyncio.get_running_loop().add_reader(self._socket, self._take)

    def ask(self, number: int, name: str) -> None:
        """Ask for a name; a gateway that is not there makes no difference."""
        with contextlib.suppress(OSError):
            self._socket.send(question(number, name))

    def close(self) -> None:
        """Ask no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                reply = self._socket.recv(4_096)
                if (code := reply[3] & 15) in (_NOERROR, _REFUSED):
                    self._heard(int.from_bytes(reply[:2], "big"), code == _REFUSED)


def question(number: int, name: str) -> bytes:
    """Return a query for addresses of a name of ASCII letters (RFC 1035 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\x00" + _A


def answer_to(query: bytes) -> bytes:
    """Return the reply to a query with one question: an address for type A, nothing for others."""
    end = query.index(b"\x00", 12) + 5
    asked = query[12:end]
    is_address = asked.endswith(_A)
    head = query[:2] + struct.pack("!5H", 0x8180, 1, int(is_address), 0, 0)
    return head + asked + (_ANSWER if is_address else b"")
