"""What a day of one school takes on the line: every byte that goes through a socket in between is counted.

TCP and IP headers are not in it (about 40 bytes a packet).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.batch import parcel_of
from schoolguard.feed.compact import packing
from schoolguard.feed.day import day_document
from schoolguard.feed.delivery import PACKED, SUMMARIES
from schoolguard.feed.parcel import pack
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.feed.web import Bounds, exchange
from schoolguard.store.kept import Waiting
from tests.bench.feed.schools import key_of
from tests.feed.school_day import STANDING, counted, day_counted, school_day
from tests.intake.subscriptions.https import Authority


@dataclass(frozen=True, slots=True)
class Day:
    """Bytes of a day: bodies that were delivered; all that went up and down; connections."""

    bodies: int
    up: int
    down: int
    connections: int


def documents(school: str, key: Ed25519PrivateKey, first: int) -> list[Waiting]:
    """Return a day's documents in the order of an outbox."""
    periods = list(school_day(1))
    standing = replace(STANDING)
    signed = [sign(standing_document(school, standing), key)]
    for number, period in enumerate(periods, first + 1):
        signed.append(sign(document(replace(counted(period, number), school=school), standing, Rules()), key))
    day = replace(day_counted(periods, first + len(periods) + 1), school=school)
    signed.append(sign(day_document(day, standing, Rules()), key))
    return [Waiting(school, number, 0, 0, 0, each) for number, each in enumerate(signed, first)]


class Counter:
    """A relay that counts what goes through it."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.up = self.down = self.connections = 0

    async def start(self) -> int:
        """Listen; return the port."""
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, beyond = await asyncio.open_connection("127.0.0.1", self._to)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool) -> None:
            while block := await source.read(1 << 16):
                if up:
                    self.up += len(block)
                else:
                    self.down += len(block)
                sink.write(block)
            sink.close()

        await asyncio.gather(pump(reader, beyond, up=True), pump(there, writer, up=False))


async def day(port: int, school: int, first: int, together: int, authority: Authority | None) -> Day:
    """Deliver a day of a school, ``together`` documents at a time, each delivery over a new connection."""
    shared, relay = packing(), Counter(port)
    through = await relay.start()
    waiting, bodies = documents(f"school-{school}", key_of(school), first), 0
    scheme = "http" if authority is None else "https"
    for batch in _batches(waiting, together):
        body = pack(parcel_of(batch, int(time.time())), shared)
        bodies += len(body)
        connector = aiohttp.TCPConnector(ssl=authority.client() if authority else False)
        headers = {"User-Agent": "schoolguard", "Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
            url = f"{scheme}://127.0.0.1:{through}{SUMMARIES}"
            answer = await exchange(http, url, body, PACKED, Bounds())
            if answer.count(b'"accepted"') != len(batch):
                raise AssertionError(answer[:500])
    await asyncio.sleep(0.2)
    return Day(bodies, relay.up, relay.down, relay.connections)


def _batches(waiting: Sequence[Waiting], together: int) -> list[list[Waiting]]:
    return [list(waiting[at : at + together]) for at in range(0, len(waiting), together)]


def row(title: str, found: Day) -> str:
    """Return a row of the table."""
    kib = [f"{value / 1_024:.1f}" for value in (found.bodies, found.up, found.down)]
    return f"| {title} | {kib[0]} | {kib[1]} | {kib[2]} | {found.connections} |"
