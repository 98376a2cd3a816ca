"""5,000 gateways held open at one publisher process: memory of each, and how long a change takes to all.

``python -m tests.hub.server.held_open [--gateways 5000] [--tls]`` runs the server and the load in
processes of their own, over real sockets on loopback, and prints the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices, watch
from schoolguard.hub.server.site import PublisherServer
from schoolguard.hub.server.tls import use_small_buffers
from tests.intake.subscriptions.https import Authority, authority

SOURCES = 20
ROUNDS = 5


def write_timestamp(repository: Path, version: int) -> None:
    """Publish a timestamp as the publisher does: beside, then renamed."""
    folder = repository / "metadata"
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "partial"
    partial.write_text(json.dumps({"signed": {"version": version, "_type": "timestamp"}, "signatures": []}))
    partial.replace(folder / "timestamp.json")


async def serve(repository: Path, trusted: Authority | None) -> None:
    """Serve a repository until standard input ends; the port is the first line of output."""
    use_small_buffers()
    limits = ServerLimits()
    notices = Notices(limits, random.random)
    pair = (trusted.certificate, trusted.key) if trusted else (None, None)
    files = StaticFiles(repository, limits)
    async with PublisherServer(Listening("127.0.0.1", 0, *pair), files, notices) as server:
        task = asyncio.create_task(watch(repository / "metadata" / "timestamp.json", notices))
        print(server.port, flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps({"held": notices.held, "open": server.open, "asked": line.strip()}), flush=True)
        task.cancel()


async def gateway(
    number: int, port: int, tls: ssl.SSLContext | None, heard: asyncio.Queue[tuple[int, float]]
) -> None:
    """Hold a request open again and again on one connection, as a gateway does."""
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname=name, local_addr=(f"127.0.1.{number % SOURCES + 1}", 0)
    )
    version = 1
    while True:
        writer.write(f"GET /notices?since={version} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        told = json.loads(await reader.readexactly(length))["version"]
        if told > version:
            heard.put_nowait((number, time.monotonic()))
            version = told


class Server:
    """The publisher's process, and what the system says of it."""

    def __init__(self, folder: Path, tls: bool) -> None:
        arguments = [sys.executable, "-m", __spec__.name if __spec__ else "tests.hub.server.held_open"]
        self.process = subprocess.Popen(
            [*arguments, "--serve", str(folder), *(["--tls"] if tls else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def held(self) -> int:
        assert self.process.stdin
        self.process.stdin.write("held\n")
        self.process.stdin.flush()
        return int(json.loads(self._line())["held"])

    def kib(self) -> int:
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(text.partition("\nPss:")[2].split()[0])

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(count: int, tls: bool, quiet: float) -> dict[str, object]:
    """Hold ``count`` requests open, publish a few versions, and return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trusted = authority(folder)
        write_timestamp(folder / "repository", 1)
        server = Server(folder, tls)
        try:
            return await _rounds(server, folder, trusted.client() if tls else None, count, quiet)
        finally:
            assert server.process.stdin
            server.process.stdin.close()
            server.process.wait(20)


async def _rounds(
    server: Server, folder: Path, tls: ssl.SSLContext | None, count: int, quiet: float
) -> dict[str, object]:
    before, began = server.kib(), time.monotonic()
    heard: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    gateways = []
    for number in range(count):
        gateways.append(asyncio.create_task(gateway(number, server.port, tls, heard)))
        if number % 100 == 99:
            await asyncio.sleep(0.05)
    await _all_held(server, count, gateways)
    connected = time.monotonic() - began
    memory = server.kib() - before
    cpu, began = server.cpu(), time.monotonic()
    await asyncio.sleep(quiet)
    share = (server.cpu() - cpu) / (time.monotonic() - began)
    rounds = []
    for version in range(2, 2 + ROUNDS):
        await _all_held(server, count, gateways)
        published = time.monotonic()
        write_timestamp(folder / "repository", version)
        times = sorted([(await heard.get())[1] - published for _ in range(count)])
        rounds.append(
            [round(times[int(count * part)], 3) for part in (0.5, 0.95, 0.99)] + [round(times[-1], 3)]
        )
    for task in gateways:
        task.cancel()
    await asyncio.gather(*gateways, return_exceptions=True)
    return {
        "gateways": count,
        "tls": tls is not None,
        "connected in s": round(connected, 1),
        "KiB a gateway": round(memory / count, 1),
        "server in all, MiB": round((before + memory) / 1024, 1),
        f"CPU share over {quiet:g} quiet s": round(share, 3),
        "s to p50, p95, p99, all": rounds,
    }


async def _all_held(server: Server, count: int, gateways: list[asyncio.Task[None]]) -> None:
    while await asyncio.to_thread(server.held) < count:
        failed = [task for task in gateways if task.done()]
        if failed:
            failed[0].result()
        await asyncio.sleep(0.1)


def main() -> None:
    """Serve or measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--gateways", type=int, default=5_000)
    parser.add_argument("--quiet", type=float, default=20.0)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < options.gateways + 200:
        raise SystemExit(f"only {hard} open files are allowed; raise the limit (ulimit -Hn)")
    if options.serve:
        folder = options.serve
        trusted = Authority(folder / "certificate.pem", folder / "key.pem") if options.tls else None
        asyncio.run(serve(folder / "repository", trusted))
        return
    print(json.dumps(asyncio.run(measure(options.gateways, options.tls, options.quiet)), indent=1))


if __name__ == "__main__":
    main()
