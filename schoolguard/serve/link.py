"""The line between the control process and a worker: framed messages over a socket pair.

Messages are pickled: both ends are the same program, the pair is made by the parent and inherited by the
child, and nothing from outside ever travels on it. It must not carry a client address beside a name.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from schoolguard.querylog.model import Row
from schoolguard.resolver.metering import Mark
from schoolguard.resolver.present import Granted
from schoolguard.resolver.resolver import Verdict
from schoolguard.resolver.sightings import At, Blocked
from schoolguard.serve.telling import Numbered
from schoolguard.settings import Settings

BUFFERED = 1 << 20
"""Bytes that may wait in the line before a worker keeps its counts to itself for a while."""


@dataclass(frozen=True, slots=True)
class Passes:
    """Control to worker: these passes are in force, and no others."""

    granted: tuple[Granted, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """Control to worker: these devices have used up these budgets (ids), and no others have."""

    spent: dict[bytes, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Devices:
    """Control to worker: whose MAC stands behind some addresses now, and which addresses are nobody's."""

    found: dict[bytes, bytes]
    gone: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Orders:
    """Control to worker: these names are closed by orders, and no others; the answer is ``Overlaid``.

    ``below`` and ``exact`` are search keys with their masks, ``schools`` the bits of schools among them;
    ``number`` rises with every message, so that one that was overtaken changes nothing.
    """

    number: int
    below: Mapping[str, int]
    exact: Mapping[str, int]
    schools: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Keep:
    """Control to worker: these groups (school, name) keep a query log now, and no others.

    ``keys`` are the schools' keys of ``day``, which devices are called by: no row holds an address.
    """

    day: int
    keys: Mapping[str, bytes]
    groups: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Logged:
    """Worker to control: rows of the query log, and how many it had no room for."""

    rows: tuple[Row, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Period:
    """Control to worker: a period of counting begins.

    ``key`` hashes devices today, ``number`` is its own; ``names``: whether blocked names count.
    """

    key: bytes
    number: int
    names: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """Control to worker: the counts of the worker of this word are stored up to this number.

    The word is in it because a worker's place is taken by another one, whose numbers begin at 1.
    """

    worker: str
    number: int


@dataclass(frozen=True, slots=True)
class Overlaid:
    """Worker to control: the number of the orders that every reply is judged by from now on."""

    number: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Control to worker: put these settings and snapshot layers in force; the answer is ``Applied``.

    ``now`` is all that is so at the moment, for a worker that has just begun; ``floor`` is a time (Unix
    seconds) that has certainly passed.
    """

    generation: int
    settings: Settings
    layers: tuple[str, ...]
    watch: bool = False
    now: tuple[Fact, ...] = ()
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Drain:
    """Control to worker: take no more queries, finish those in flight, end."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Worker to control: the generation now in force, or ``error`` and the former one stays."""

    generation: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """Worker to control: what was counted since the last message, under the worker's word and a number.

    ``marks`` are the devices that used a budget in this time, with its id. ``devices`` are tokens of devices
    by what they were seen at, each once in the ``period`` of that number; ``names`` what was blocked. Control
    does not keep them.
    """

    worker: str
    told: Numbered
    gauges: dict[str, float]
    marks: tuple[Mark, ...] = ()
    devices: tuple[tuple[At, tuple[int, ...]], ...] = ()
    names: tuple[Blocked, ...] = ()
    period: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Worker to control: names judged lately, in lower-case wire shape, without who asked or when."""

    names: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Worker to control: verdicts for a watching terminal."""

    verdicts: tuple[Verdict, ...]


Fact = Passes | Spent | Devices | Orders | Period | Keep
"""What is so at the moment, told to every worker when it changes and when it begins."""

Message = Apply | Drain | Fact | Stored | Overlaid | Applied | Counted | Asked | Seen | Logged


class Link(asyncio.Protocol):
    """One end of the line."""

    def __init__(self, received: Callable[[Message], None], closed: Callable[[], None]) -> None:
        self._received = received
        self._closed = closed
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner that the other end is gone."""
        self._transport = None
        self._closed()

    def data_received(self, data: bytes) -> None:
        """Deliver each complete message."""
        self._buffer += data
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[:4])
            if len(self._buffer) < end:
                return
            message = pickle.loads(bytes(self._buffer[4:end]))  # noqa: S301 - our own other half, see above
            del self._buffer[:end]
            self._received(message)

    @property
    def full(self) -> bool:
        """Whether the other end does not read: nothing that can wait should be sent."""
        return self._transport is None or self._transport.get_write_buffer_size() > BUFFERED

    def send(self, message: Message) -> None:
        """Send a message; one to an end that is gone is dropped, its owner has been told."""
        if self._transport is not None:
            packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
            self._transport.write(len(packed).to_bytes(4) + packed)

    def close(self) -> None:
        """Close this end."""
        if self._transport is not None:
            self._transport.close()


async def connect(
    sock: socket.socket, received: Callable[[Message], None], closed: Callable[[], None]
) -> Link:
    """Return the link over one end of a connected Unix stream socket pair."""
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    _, link = await loop.create_unix_connection(lambda: Link(received, closed), sock=sock)
    return link
