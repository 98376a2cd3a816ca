"""Network namespaces of this run, the lines between them, sockets in them; all of it is gone at the end."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.processes import Failed

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_NET = "10.99.0"


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace and its address on the lines."""

    namespace: str
    address: str

    def command(self, *words: str) -> list[str]:
        """Return the command that runs another one in here."""
        return ["ip", "netns", "exec", self.namespace, *words]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Have this thread in here, and the sockets and processes that it begins; then where it was."""
        here = Path("/proc/thread-self/ns/net")
        with here.open() as home, (Path("/run/netns") / self.namespace).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def udp(self) -> socket.socket:
        """Return a UDP socket in here that does not block."""
        with self.inside():
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        return made


@dataclass
class Network:
    """The places of one run and the process that carries packets between them."""

    places: Sequence[Place]
    lines: subprocess.Popen[bytes]
    carried: dict[str, Any] = field(default_factory=dict)

    def cut(self, place: Place) -> None:
        """Let nothing through to and from a place."""
        self._tell(f"cut {place.address}")

    def join(self, place: Place) -> None:
        """Let everything through again."""
        self._tell(f"join {place.address}")

    def _tell(self, line: str) -> None:
        if self.lines.stdin is None:
            raise Failed("the lines take no orders")
        self.lines.stdin.write(f"{line}\n".encode())
        self.lines.stdin.flush()


@contextlib.contextmanager
def network(count: int, seed: int, log: Path) -> Iterator[Network]:
    """Make ``count`` namespaces that reach each other over slow lines that lose packets."""
    places = [Place(f"sgorders-{os.getpid()}-{number}", f"{_NET}.{number + 1}") for number in range(count)]
    try:
        for place in places:
            _ip("netns", "add", place.namespace)
            _ip("-n", place.namespace, "link", "set", "dev", "lo", "up")
        with _lines(places, seed, log) as carrying:
            yield carrying
    finally:
        for place in places:
            subprocess.run(["ip", "netns", "delete", place.namespace], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def _lines(places: Sequence[Place], seed: int, log: Path) -> Iterator[Network]:
    words = [f"{place.namespace}={place.address}" for place in places]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.orders.lines", str(seed), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    made = Network(places, process)
    try:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise Failed(f"no lines between the namespaces; is this root? see {log}")
        yield made
        rest, _ = process.communicate(timeout=10)
        made.carried.update(json.loads(rest))
    finally:
        process.kill()
        process.wait()


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
        raise Failed(f"setns: {os.strerror(ctypes.get_errno())}")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")
