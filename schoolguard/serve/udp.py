"""The UDP listener: batches of datagrams in, cache hits out at once, the rest to the resolver.

The loop in ``_serve`` is the hottest code of the project: no parse, no await, no log, no look at the wall
clock. Anything that is not a hit leaves it through ``_parsed``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

from schoolguard.dns.rejection import reject
from schoolguard.dns.rr import RCode
from schoolguard.policy.clients import Listener
from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.front import PLANS, Entry, Seat
from schoolguard.resolver.resolver import Resolver
from schoolguard.resolver.rules import Rules
from schoolguard.resolver.sightings import NEVER
from schoolguard.serve.batch import BATCH, LENGTH, SLOT, STRIDE, Batch
from schoolguard.serve.tasks import Tasks

ROUNDS = 4
"""Batches taken from one socket before the event loop gets its turn: 256 queries, about 2 ms."""

EARLY = 8
"""Replies that may wait for a miss among them: after a reload, when all are misses, the first of a batch
would else wait for 63 parsed ones, 2 ms."""

_IP_PKTINFO = 8
_CONTROL_HEADER = 16
_log = logging.getLogger("schoolguard.udp")

Find = Callable[[bytes, Seat, float], Entry | None]


def _places(rules: Rules | None, listener: Listener) -> tuple[dict[bytes, Client], dict[bytes, Entry], Find]:
    """Return where clients and replies are found; nowhere, as long as no policy is in force."""
    if rules is None:
        return {}, {}, lambda *_: None
    return rules.clients_at(listener), rules.front.entries.young, rules.front.find


class UdpListener:
    """One bound UDP socket; ``wildcard`` when it is bound to 0.0.0.0 or ::."""

    def __init__(
        self, sock: socket.socket, resolver: Resolver, counts: Counts, tasks: Tasks, wildcard: bool
    ) -> None:
        self._sock = sock
        self._resolver = resolver
        self._counts = counts
        self._tasks = tasks
        host, port = sock.getsockname()[:2]
        self._listener: Listener = (host, port)
        self._batch = batch = Batch(sock, wildcard)
        # Per slot, made once: number, where the client's address is, where the packet begins and where it
        # goes on after its ID, where its length and where the reply's length stand.
        self._slots = tuple(
            (
                i,
                slice(i * batch.name_size + batch.address_from, i * batch.name_size + batch.address_to),
                i * SLOT,
                i * SLOT + 2,
                i * STRIDE + LENGTH,
                2 * i + 1,
            )
            for i in range(BATCH)
        )
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._readable)

    def close(self) -> None:
        """Answer what the kernel already holds, then stop reading; the socket itself stays open."""
        self._loop.remove_reader(self._sock)
        for _ in range(4 * ROUNDS):
            if self._serve() < BATCH:
                return

    def _readable(self) -> None:
        for _ in range(ROUNDS):
            if self._serve() < BATCH:
                return

    def _serve(self) -> int:
        """Take one batch and answer it; return how many datagrams it had."""
        batch, rules = self._batch, self._resolver.rules
        try:
            count = batch.receive()
        except OSError as error:
            # Memory short for a moment, or an error of an earlier send: the socket itself is well.
            self._counts.events["receive-failed"] += 1
            _log.warning("cannot receive", extra={"error": str(error)})
            return 0
        if not count:
            return 0
        begin = now = self._loop.time()
        slots, names, received, sizes = batch.slots, batch.names, batch.received, batch.reply_sizes
        clients, young, find = _places(rules, self._listener)
        noted, note_from = (rules.noted, self._counts.seen.note_from) if rules is not None else ({}, NEVER)
        tally = self._counts.answered
        first = misses = unsent = later = 0
        for i, address, start, at, length_at, size_at in self._slots[:count]:
            client = clients.get(names[address])
            if client is not None:
                key = slots[at : start + received[length_at]]
                entry = young.get(key)
                if entry is None or not entry[PLANS] & client.bit:
                    # Not the reply of all plans, or not asked for lately.
                    entry = find(key, client.seat, now)
                if entry is not None:
                    until, size, reply, outcome, _, _ = entry
                    if until > now and client.tokens > 0:
                        client.tokens -= 1
                        client.counts[outcome] += 1
                        if outcome >= note_from:
                            noted[key, client, outcome] = noted.get((key, client, outcome), 0) + 1
                        slots[at : start + size] = reply
                        sizes[size_at] = size
                        continue
            misses += 1
            # The hits before it, and before they are sent: what went out was counted, whatever comes.
            tally[0] += i - later
            later = i + 1
            answered = self._parsed(i, slots[start : start + received[length_at]], names[address])
            if answered is not None:
                slots[start : start + len(answered)] = answered
                sizes[size_at] = len(answered)
                if i - first >= EARLY:
                    batch.send(first, i + 1)
                    first = i + 1
                continue
            unsent += 1
            # Nothing to send from this slot now: the run of replies before it goes out, the next begins.
            if first < i:
                batch.send(first, i)
            first = i + 1
        tally[0] += count - later
        if first < count:
            batch.send(first, count)
        self._counts.events["cache-reply"] += count - misses
        self._counts.observe(self._loop.time() - begin, count - unsent)
        return count

    def _parsed(self, i: int, packet: bytes, address: bytes) -> bytes | None:
        """Return the reply to a packet that was no cache hit, or ``None`` when none goes out now."""
        try:
            reply = self._resolver.reply(packet, address, udp=True, listener=self._listener)
        except Exception:
            # The datagram edge: a bug must neither end the listener nor leave the client without an answer.
            self._counts.events["bug"] += 1
            _log.exception("a query failed")
            return reject(packet, RCode.SERVFAIL, "bug").reply
        if reply is None or isinstance(reply, bytes):
            return reply
        later = self._later(reply, packet, self._batch.name(i), self._batch.control(i))
        self._tasks.spawn(later, "query")
        return None

    async def _later(
        self, work: Coroutine[Any, Any, bytes], packet: bytes, name: bytes, control: bytes
    ) -> None:
        begin = self._loop.time()
        try:
            reply: bytes | None = await work
        except Exception:
            self._counts.events["bug"] += 1
            _log.exception("a query failed")
            reply = reject(packet, RCode.SERVFAIL, "bug").reply
        if reply is None:
            return
        try:
            self._sock.sendmsg([reply], self._ancillary(control), 0, self._socket_address(name))
        except OSError:
            self._counts.events["send-failed"] += 1
        self._counts.observe(self._loop.time() - begin)

    def _ancillary(self, control: bytes) -> list[tuple[int, int, bytes]]:
        if not control:
            return []
        if self._sock.family == socket.AF_INET:
            return [(socket.IPPROTO_IP, _IP_PKTINFO, control[_CONTROL_HEADER : _CONTROL_HEADER + 12])]
        return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, control[_CONTROL_HEADER : _CONTROL_HEADER + 20])]

    def _socket_address(self, name: bytes) -> tuple[str, int] | tuple[str, int, int, int]:
        port = int.from_bytes(name[2:4])
        if self._sock.family == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, name[4:8]), port
        (scope,) = struct.unpack_from("=I", name, 24)
        return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, 0, scope
