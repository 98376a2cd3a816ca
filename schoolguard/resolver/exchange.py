"""One question to one upstream and back, over UDP with TCP behind it. It must not decide or cache.

Each UDP exchange has a socket of its own, connected, on a port and with an ID that the kernel's and
``secrets``' generators choose; letter case is mixed (0x20); what does not match in address, port, ID,
question and case is dropped and the valid reply still awaited (threats 1 to 6).
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from schoolguard.dns.answer import Answer
from schoolguard.dns.stream import frame
from schoolguard.dns.upstream import Malformed, Mismatch, Truncated, build_query, mix_case, read_reply
from schoolguard.settings import Endpoint

MAX_STRAYS = 5
"""Wrong datagrams on one socket before the question moves to TCP: someone is guessing (threat 3)."""

_RECEIVED = 4_096
"""Bytes of a datagram that are read: more than the 1232 asked for, so that one too long is seen as such."""

_IP_MTU_DISCOVER, _IP_PMTUDISC_OMIT = 10, 5
_IPV6_MTU_DISCOVER, _IPV6_PMTUDISC_OMIT = 23, 5

Count = Callable[[str], None]


class ExchangeFailed(Exception):
    """The upstream gave no usable reply; ``reason`` is ``timeout``, ``unreachable`` or ``malformed``."""

    def __init__(self, endpoint: Endpoint, reason: str) -> None:
        super().__init__(f"{endpoint.host}@{endpoint.port}: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as it is sent: ``question`` is lower-case name, type and class in wire shape."""

    question: bytes
    do: bool
    cd: bool
    mixed: bool


async def exchange(ask: Ask, endpoint: Endpoint, timeout: float, count: Count) -> Answer:
    """Return the upstream's scrubbed answer; raises ``ExchangeFailed``.

    ``timeout`` is in seconds, for UDP and again for TCP when the question has to be asked over it.
    """
    try:
        answer = await _over_udp(ask, endpoint, timeout, count)
        if answer is not None:
            return answer
        async with asyncio.timeout(timeout):
            return await _over_tcp(ask, endpoint)
    except TimeoutError as error:
        raise ExchangeFailed(endpoint, "timeout") from error
    except (Malformed, Mismatch, Truncated, asyncio.IncompleteReadError) as error:
        raise ExchangeFailed(endpoint, "malformed") from error
    except OSError as error:
        raise ExchangeFailed(endpoint, "unreachable") from error


async def _over_udp(ask: Ask, endpoint: Endpoint, timeout: float, count: Count) -> Answer | None:
    """Return the answer, or ``None`` when the question has to be asked over TCP."""
    loop = asyncio.get_running_loop()
    with closing(_udp_socket(endpoint)) as sock:
        wait = _Wait(sock, ask, loop.create_future(), count)
        sock.send(build_query(ask.question, wait.number, ask.do, ask.cd, wait.sent[:-4]))
        # By its number: for a socket object the event loop makes its repr, with two system calls, each time.
        fileno = sock.fileno()
        loop.add_reader(fileno, wait.receive)
        timer = loop.call_later(timeout, wait.expire)  # a third of the price of asyncio.timeout
        try:
            return await wait.done
        finally:
            timer.cancel()
            loop.remove_reader(fileno)


class _Wait:
    """One UDP exchange in flight: takes datagrams until one is the reply."""

    __slots__ = ("ask", "count", "done", "number", "sent", "sock", "strays")

    def __init__(
        self, sock: socket.socket, ask: Ask, done: asyncio.Future[Answer | None], count: Count
    ) -> None:
        self.sock = sock
        self.ask = ask
        self.done = done
        self.count = count
        name, rest = ask.question[:-4], ask.question[-4:]
        entropy = secrets.token_bytes(2 + len(name))
        self.number = int.from_bytes(entropy[:2])
        self.sent = (mix_case(name, entropy[2:]) if ask.mixed else name) + rest
        self.strays = 0

    def receive(self) -> None:
        """Take one datagram: settle ``done`` with it, or drop it and go on waiting."""
        if self.done.done():
            return
        try:
            packet = self.sock.recv(_RECEIVED)
            self.done.set_result(read_reply(packet, self.number, self.sent, self.ask.do))
        except BlockingIOError:
            return
        except Truncated:
            self.done.set_result(None)
        except (Malformed, Mismatch) as error:
            self._stray(error.reason)
        except OSError as error:
            self.done.set_exception(error)

    def expire(self) -> None:
        """Give up waiting."""
        if not self.done.done():
            self.done.set_exception(TimeoutError())

    def _stray(self, reason: str) -> None:
        self.count(f"upstream-{reason}")
        self.strays += 1
        # An upstream that does not keep the case is asked over TCP, where none can guess.
        if reason == "case" or self.strays >= MAX_STRAYS:
            self.done.set_result(None)


def _udp_socket(endpoint: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        # No fragments out, and no path MTU believed from the network (threats 2 and 5).
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_OMIT)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _IPV6_PMTUDISC_OMIT)
        sock.connect(endpoint)
    except OSError:
        sock.close()
        raise
    return sock


async def _over_tcp(ask: Ask, endpoint: Endpoint) -> Answer:
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    try:
        number = secrets.randbits(16)
        writer.write(frame(build_query(ask.question, number, ask.do, ask.cd, None)))
        size = int.from_bytes(await reader.readexactly(2))
        return read_reply(await reader.readexactly(size), number, ask.question, ask.do)
    finally:
        writer.close()
