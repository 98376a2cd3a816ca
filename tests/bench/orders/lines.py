"""The lines between namespaces: every packet takes 25 ms, and one in 200 is lost, each way.

A process of its own, which speaks to each namespace through a TUN device. It does what `tc netem` does where
the kernel has that; many kernels of virtual machines have not. Run as root:
``python -m tests.bench.orders.lines SEED NAMESPACE=ADDRESS ...``; standard input takes ``cut ADDRESS`` and
``join ADDRESS``, and its end ends the process. At the end it prints what it carried.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path

DELAY = 0.025
LOSS = 0.005

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_LARGEST = 4_096
_LATE = 0.005


@dataclass
class Carried:
    """What went over all lines; ``late`` packets took 5 ms more than they should, at most ``latest`` more."""

    packets: int = 0
    lost: int = 0
    cut: int = 0
    late: int = 0
    latest: float = 0.0


class Lines:
    """Star of lines: a packet goes to the device that has its target address."""

    def __init__(self, devices: dict[bytes, int], drawn: random.Random) -> None:
        self._devices = devices
        self._drawn = drawn
        self._waiting: list[tuple[float, int, bytes]] = []
        self._cut: set[bytes] = set()
        self.carried = Carried()

    def run(self) -> None:
        """Carry packets until standard input ends."""
        poll = select.epoll()
        for device in (*self._devices.values(), sys.stdin.fileno()):
            poll.register(device, select.EPOLLIN)
        while True:
            for ready, _ in poll.poll(self._pause()):
                if ready != sys.stdin.fileno():
                    self._take(ready)
                elif not self._obey():
                    return
            self._deliver()

    def _pause(self) -> float:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else 1.0

    def _take(self, device: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = os.read(device, _LARGEST)
                if packet[0] >> 4 == 4 and packet[16:20] in self._devices:
                    self._accept(packet)

    def _accept(self, packet: bytes) -> None:
        carried = self.carried
        carried.packets += 1
        if self._drawn.random() < LOSS:
            carried.lost += 1
        else:
            heapq.heappush(self._waiting, (time.monotonic() + DELAY, carried.packets, packet))

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            due, _, packet = heapq.heappop(self._waiting)
            self.carried.late += now - due > _LATE
            self.carried.latest = max(self.carried.latest, now - due)
            if packet[12:16] in self._cut or packet[16:20] in self._cut:
                self.carried.cut += 1
                continue
            with contextlib.suppress(BlockingIOError):  # a full queue loses packets, as any line's does
                os.write(self._devices[packet[16:20]], packet)

    def _obey(self) -> bool:
        line = os.read(sys.stdin.fileno(), _LARGEST).decode()
        for word, address in (each.split() for each in line.splitlines()):
            change = self._cut.add if word == "cut" else self._cut.discard
            change(IPv4Address(address).packed)
        return bool(line)


def plug(namespace: str, address: str, name: str) -> int:
    """Make a TUN device in a namespace and return our end of it."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    for words in (
        ["ip", "link", "set", "dev", name, "netns", namespace],
        ["ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", name],
        ["ip", "-n", namespace, "link", "set", "dev", name, "up"],
    ):
        subprocess.run(words, check=True)
    return device


def before_others() -> None:
    """Let this session have a processor before others; with autogroups nice(2) counts within one only."""
    os.nice(-10)
    group = Path("/proc/self/autogroup")  # sched(7)
    if group.exists():
        group.write_text("-10")


def main() -> None:
    """Do what the command line says."""
    seed, *ends = sys.argv[1:]
    devices = {}
    for number, (namespace, _, address) in enumerate(end.partition("=") for end in ends):
        devices[IPv4Address(address).packed] = plug(namespace, address, f"sgo{os.getpid()}x{number}")
    before_others()  # a line is no program: it must not wait for a processor that gateways use
    lines = Lines(devices, random.Random(seed))
    print("ready", flush=True)
    lines.run()
    print(json.dumps(asdict(lines.carried)), flush=True)


if __name__ == "__main__":
    main()
