"""The receiver of summaries on one core, and a school's day on the line: ``python -m tests.bench.feed``.

Beside other work run it under ``chrt -f 1``, or the figures are of the neighbours.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.feed import load, wire
from tests.bench.feed.schools import SCHOOLS, deliveries, enrol_all
from tests.bench.processes import Cpu
from tests.intake.subscriptions.https import Authority, authority
from tests.servers import free_port

RATE = SCHOOLS / 300


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="of load, for each of TLS and plain")
    parser.add_argument("--rate", type=float, default=RATE, help="deliveries a second")
    parser.add_argument("--schools", type=int, default=SCHOOLS)
    parser.add_argument("--folder", type=Path, help="where the file lies; default a new one in /tmp")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        enrol_all(folder, asked.schools)
        count = int(asked.rate * asked.seconds)
        bodies = list(deliveries(2 * count, asked.schools))
        made = authority(folder)
        print(f"{asked.schools} schools, {asked.rate:.0f} deliveries a second for {asked.seconds} s")
        print("| | p50 ms | p99 ms | p99.9 ms | longest ms | core % |\n| --- | --- | --- | --- | --- | --- |")
        for title, over, part in (("plain", None, bodies[:count]), ("TLS", made, bodies[count:])):
            print(_loaded(title, folder, part, asked.rate, over), flush=True)
        print("\n| a day of a school (KiB) | bodies | up | down | connections |")
        print("| --- | --- | --- | --- | --- |")
        first = 1_000
        with _receiver(folder, made) as (port, _):
            for title, together in (
                ("TLS, each period alone", 1),
                ("TLS, every hour", 12),
                ("TLS, daily", 145),
            ):
                print(wire.row(title, asyncio.run(wire.day(port, 7, first, together, made))), flush=True)
                first += 1_000
        with _receiver(folder, None) as (port, _):
            print(wire.row("plain, each period alone", asyncio.run(wire.day(port, 7, first, 1, None))))


def _loaded(title: str, folder: Path, bodies: list[bytes], rate: float, over: Authority | None) -> str:
    with _receiver(folder, over) as (port, pid):
        before, began = _cpu(pid), time.monotonic()
        took = sorted(asyncio.run(load.offer(port, bodies, rate, over.client() if over else None)))
        used, lasted = _cpu(pid) - before, time.monotonic() - began
    at = [took[min(int(len(took) * share), len(took) - 1)] * 1_000 for share in (0.5, 0.99, 0.999, 1.0)]
    figures = " | ".join(f"{value:.1f}" for value in at)
    return f"| {title} | {figures} | {100 * (used.user + used.kernel) / lasted:.0f} |"


@contextmanager
def _receiver(folder: Path, over: Authority | None) -> Iterator[tuple[int, int]]:
    """Run a receiver; yield its port and process."""
    port = free_port()
    files = [str(over.certificate), str(over.key)] if over else []
    words = [sys.executable, "-m", "tests.bench.feed.serving", str(folder), str(port), *files]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the receiver did not start")
        try:
            yield port, process.pid
        finally:
            process.kill()


def _cpu(pid: int) -> Cpu:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Cpu(int(fields[11]) / 100, int(fields[12]) / 100)


if __name__ == "__main__":
    main()
