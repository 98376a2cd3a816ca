"""A primary that does what a script says: it announces a serial, and streams what messages it is given."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

import dns.message
import dns.rdatatype

from schoolguard.dns.stream import frame
from schoolguard.hub.export.model import ExportZone
from schoolguard.hub.export.wire import Records, Signer, messages
from schoolguard.intake.transfer.model import Limits, Primary, Transfer, TransferKey
from schoolguard.intake.transfer.signatures import tsig_key
from tests.intake.transfer.primaries import KEY, ZONE
from tests.servers import free_port

Query = dns.message.Message
Script = Callable[[Query], Iterable[bytes]]

RECORDS = Records(ExportZone(ZONE, "test", 0))
LIMITS = Limits(records=5_000, bytes=1 << 20, changes=1_000, seconds=2.0, silence=0.4, reply=1.0)


def record(owner: str, zone: str = ZONE) -> bytes:
    """Return a blocking record, its owner written out."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in f"{owner}.{zone}".split("."))
    return name + b"\0" + b"\0\x05\0\x01\0\0\x01\x2c\0\x01\0"


def sent(query: Query, *batches: Iterable[bytes], key: TransferKey | None = KEY) -> Iterator[bytes]:
    """Yield a message for each batch of records, signed unless there is no key."""
    return streamed(query, batches, key)


def streamed(query: Query, batches: Iterable[Iterable[bytes]], key: TransferKey | None) -> Iterator[bytes]:
    """Yield what ``sent`` does, of as many batches as are taken."""
    signer = Signer(tsig_key(key), query.mac or b"", time.time) if key else None
    for batch in batches:
        yield from messages(query.id, ZONE, query.question[0].rdtype, batch, signer)


def soa(serial: int) -> bytes:
    """Return the zone's SOA record."""
    return RECORDS.soa(serial)


def whole(serial: int, names: Iterable[str]) -> list[bytes]:
    """Return all records of a zone, in the order of an AXFR."""
    return [soa(serial), RECORDS.name_server(), *map(record, names), soa(serial)]


def honest(serial: int, names: Iterable[str]) -> Script:
    """Return a script that sends a whole zone."""
    held = list(names)
    return lambda query: sent(query, whole(serial, held))


def cut_short(serial: int) -> Script:
    """Return a script that leaves the end of a zone away."""
    return lambda query: sent(query, whole(serial, ["half.vn"])[:-1])


def endless(query: Query) -> Iterator[bytes]:
    """Stream records for ever."""
    names = (record(f"x{number}") for number in itertools.count())
    more = ([*itertools.islice(names, 500)] for _ in itertools.count())
    return streamed(query, itertools.chain([[soa(9)]], more), KEY)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, announce: Callable[[Query], bytes]) -> None:
        self._announce = announce

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._announce(_parsed(data)), addr)


def _parsed(wire: bytes) -> Query:
    key = tsig_key(KEY)
    return dns.message.from_wire(wire, keyring={key.name: key})


@contextlib.asynccontextmanager
async def playing(script: Script, serial: int, *, hang: bool = False) -> AsyncIterator[Primary]:
    """Run the primary; at the script's end it closes the connection, or leaves it open (``hang``)."""
    port = free_port()

    def announce(query: Query) -> bytes:
        return next(sent(query, [soa(serial)], key=KEY if query.had_tsig else None))

    serving: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            query = _parsed(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
            for message in script(query):
                writer.write(frame(message))
                await writer.drain()
                await asyncio.sleep(0)  # the reader runs in the same loop
            if hang:
                await reader.read()
        writer.close()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(announce), local_addr=("127.0.0.1", port)
    )
    async with await asyncio.start_server(connected, "127.0.0.1", port):
        yield Primary(("127.0.0.1", port), KEY)
        await asyncio.gather(*(task for task in serving if task))
    transport.close()


def transfer_of(*primaries: Primary, limits: Limits = LIMITS) -> Transfer:
    """Return the zone as a secondary is told of it."""
    return Transfer("test", ZONE, primaries, limits)


def is_ixfr(query: Query) -> bool:
    """Return whether differences are asked for."""
    return query.question[0].rdtype == dns.rdatatype.IXFR
