"""One question at a time on a socket of its own: is this server up, and is its answer the right one?

It must not use the product's own DNS code, so that a mistake there cannot hide here.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable
from enum import Enum, auto

from tests.bench.processes import Failed, Server, must_live

RESOLVED = bytes((198, 18, 0, 1))
"""The address that the local upstream gives every name (RFC 2544 range)."""

NULL = bytes(4)
_SERVFAIL, _NXDOMAIN = 2, 3


class Seen(Enum):
    """What a server says of a name."""

    RESOLVED = auto()
    BLOCKED = auto()
    NOT_READY = auto()
    SILENT = auto()
    OTHER = auto()


def question(name: str, number: int) -> bytes:
    """Return a query for the name's addresses (RFC 1035 section 4)."""
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\x01\0\x01"


def ask(port: int, name: str, within: float = 1.0, source: str = "127.0.0.1") -> Seen:
    """Ask 127.0.0.1 once, from ``source``; silence after ``within`` seconds is an answer too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(within)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(question(name, 0x5347))
            return classify(sock.recv(4096))
        except (TimeoutError, ConnectionRefusedError):
            return Seen.SILENT


def classify(reply: bytes) -> Seen:
    """Return what a reply says: its code, and the address in the first record that is of type A."""
    if len(reply) < 12:
        return Seen.OTHER
    code = reply[3] & 0x0F
    answers = int.from_bytes(reply[6:8], "big")
    if code == _SERVFAIL:
        return Seen.NOT_READY
    if code == _NXDOMAIN:
        return Seen.BLOCKED
    if code != 0 or answers == 0:
        return Seen.OTHER
    record = b"\0\x01\0\x01"
    address = next(
        (reply[i + 10 : i + 14] for i in _places(reply, record) if reply[i + 8 : i + 10] == b"\0\x04"), b""
    )
    return {RESOLVED: Seen.RESOLVED, NULL: Seen.BLOCKED}.get(address, Seen.OTHER)


def _places(reply: bytes, record: bytes) -> Iterable[int]:
    at = reply.find(record, 12)
    while at >= 0:
        yield at
        at = reply.find(record, at + 1)


def wait_for(server: Server, name: str, wanted: Seen, within: float = 300.0) -> float:
    """Ask until the answer is the wanted one; return the seconds it took, at a grain of some milliseconds.

    Raises ``Failed`` when the server ends, answers a name to be blocked with its address, or the time is up.
    """
    began = time.monotonic()
    while (waited := time.monotonic() - began) < within:
        must_live(server)
        seen = ask(server.port, name, within=0.2)
        if seen is wanted:
            return time.monotonic() - began
        if wanted is Seen.BLOCKED and seen is Seen.RESOLVED:
            raise Failed(
                f"{server.name} resolved {name}, which is on its list, {waited:.3f} s after its start"
            )
        time.sleep(0.002)
    raise Failed(
        f"{server.name} did not answer {name} as {wanted.name} within {within:.0f} s; see {server.log}"
    )


def check_answers(server: Server, allowed: Iterable[str], blocked: Iterable[str]) -> None:
    """Raise ``Failed`` unless every allowed name resolves and every blocked one does not."""
    wrong = [
        f"{name}: {seen.name}, wanted {wanted.name}"
        for names, wanted in ((allowed, Seen.RESOLVED), (blocked, Seen.BLOCKED))
        for name in names
        if (seen := ask(server.port, name, within=3.0)) is not wanted
    ]
    if wrong:
        raise Failed(f"{server.name} answers {len(wrong)} names wrongly, such as {'; '.join(wrong[:3])}")
