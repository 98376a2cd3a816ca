"""Real servers on loopback for tests: Unbound, Knot, and the gateway itself as a process of its own.

Each is a context manager that returns when the server answers, and that ends only what it started. Waiting
is polling with a deadline; nothing sleeps for a fixed time.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from schoolguard.node.commands import ask_gateway
from tests.ask import Asker
from tests.site import Site

DEADLINE = 30.0
"""Seconds after which a wait is a failure; the machine may be busy."""

_ZONES = Path(__file__).with_name("zones")


class NeverHappened(AssertionError):
    """What a test waited for did not come about in time."""


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Return the first true value of ``condition``; raises ``NeverHappened``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise NeverHappened(f"{what} within {seconds:.0f} s")


_FIRST, _LAST = 10_000, 32_000
"""Below the range that the kernel gives to clients: a port that is free stays so until a server takes it."""

_ports: Iterator[int] = iter(())


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free on loopback for UDP and TCP, IPv4 and IPv6, and not given out before.

    Test processes that run side by side each have a part of the ports.
    """
    global _ports
    for _ in range(2_000):
        port = next(_ports, None)
        if port is None:
            _ports, port = iter(_own_ports()), None
            continue
        with contextlib.ExitStack() as stack:
            try:
                for family, address in ((socket.AF_INET, host), (socket.AF_INET6, "::1")):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        stack.enter_context(socket.socket(family, kind)).bind((address, port))
            except OSError:
                continue
            return port
    raise NeverHappened("no port of loopback is free")


def _own_ports() -> list[int]:
    """Return the ports of this test process, in an order of its own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    own = list(range(_FIRST + number, _LAST, count))
    random.shuffle(own)
    return own


def program(name: str) -> str:
    """Return the path of a Debian program that ``make test`` installs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert found is not None, f"{name} is missing; `make packages` installs it"
    return found


def console_script() -> str:
    """Return the path of this environment's ``schoolguard`` command."""
    return str(Path(sys.executable).with_name("schoolguard"))


@contextlib.contextmanager
def process(command: Sequence[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a session of its own, its output in ``log``; at the end nothing of it is left."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **options,
        )
    try:
        yield started
    finally:
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _answering(started: subprocess.Popen[bytes], port: int, name: str, log: Path) -> None:
    asker = Asker(port=port, timeout=0.2)

    def answers() -> bool:
        assert started.poll() is None, log.read_text(errors="replace")[-3000:]
        reply = asker.try_once(name, "SOA")
        return reply is not None and bool(reply.answers)

    wait_until(answers, f"an answer on port {port}")


def _origin(zone: Path) -> str:
    return "." if zone.stem == "root" else zone.stem


@contextlib.contextmanager
def knot(folder: Path, port: int | None = None) -> Iterator[int]:
    """Run Knot with the zones of ``tests/zones``, ``signed.example`` signed; return its port."""
    (folder / "db").mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    zones = "".join(
        f"  - domain: {_origin(path)}\n    file: {path}\n"
        + ("    dnssec-signing: on\n    dnssec-policy: quick\n" if path.stem.startswith("signed") else "")
        for path in sorted(_ZONES.glob("*.zone"))
    )
    config = folder / "knot.conf"
    config.write_text(
        f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n    udp-max-payload: 1232\n"
        f"database:\n    storage: {folder}/db\n"
        "policy:\n  - id: quick\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
        f"template:\n  - id: default\n    storage: {folder}\n    zonefile-sync: -1\n"
        "    zonefile-load: difference-no-serial\n    journal-content: all\n"
        f"zone:\n{zones}"
        "log:\n  - target: stderr\n    any: warning\n"
    )
    log = folder / "knot.log"
    with process([program("knotd"), "-c", str(config)], log) as started:
        _answering(started, port, "hoc.example", log)
        _answering(started, port, "signed.example", log)
        yield port


@contextlib.contextmanager
def unbound(folder: Path, authority: int, port: int | None = None, extra: str = "") -> Iterator[int]:
    """Run Unbound as a resolver for the zones of Knot on port ``authority``; return its port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    stubs = "".join(
        f'stub-zone:\n    name: "{_origin(path)}"\n    stub-addr: 127.0.0.1@{authority}\n'
        for path in sorted(_ZONES.glob("*.zone"))
    )
    config = folder / "unbound.conf"
    config.write_text(
        f"server:\n    interface: 127.0.0.1\n    port: {port}\n    username: ''\n    chroot: ''\n"
        f"    directory: '{folder}'\n    pidfile: '{folder}/pid'\n    logfile: ''\n    use-syslog: no\n"
        "    do-not-query-localhost: no\n    module-config: iterator\n    do-daemonize: no\n"
        "    access-control: 127.0.0.0/8 allow\n    num-threads: 1\n    minimal-responses: no\n"
        "    local-zone: local-only.example static\n"
        "    local-data: 'tinh.local-only.example 300 A 192.0.2.77'\n"
        f"{extra}remote-control:\n    control-enable: no\n{stubs}"
    )
    log = folder / "unbound.log"
    with process([program("unbound"), "-d", "-c", str(config)], log) as started:
        _answering(started, port, "hoc.example", log)
        yield port


@dataclass
class Gateway:
    """A running gateway; ``site`` is its configuration folder, ``log`` what it printed."""

    site: Site
    process: subprocess.Popen[bytes]
    log: Path
    former: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.site.port

    def asker(self, source: str = "127.0.1.1", **options: Any) -> Asker:
        """Return a client with this address."""
        return Asker(port=self.port, source=source, **options)

    def command(self, name: str) -> dict[str, Any]:
        """Send a command to the control socket and return the answer."""
        return ask_gateway(self.site.state / "control.sock", name)

    def reload(self) -> dict[str, Any]:
        """Reload, which must succeed."""
        answer = self.command("reload")
        assert answer["ok"], answer
        return answer

    def workers(self) -> list[int]:
        """Return the process IDs of the workers of the control process, sorted."""
        return [pid for pid in children(self.process.pid) if "schoolguard.serve.worker" in command_line(pid)]

    def http(self, path: str) -> tuple[int, str]:
        """Return status and body of a status page."""
        url = f"http://127.0.0.1:{self.site.metrics}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except http.client.HTTPException as error:
            # While nobody listens on a port of loopback, a connection to it may meet itself.
            raise ConnectionError(str(error)) from error

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return every sample of /metrics by name and labels."""
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.http("/metrics")[1])
            for sample in family.samples
        }

    def metric(self, metric_name: str, **labels: str) -> float:
        """Return the sum of a series over the samples that have these labels."""
        wanted = labels.items()
        return sum(v for (n, have), v in self.metrics().items() if n == metric_name and wanted <= have)

    def event(self, event: str) -> float:
        """Return how often an event was counted."""
        return self.metric("schoolguard_dns_events_total", event=event)

    def records(self) -> list[dict[str, Any]]:
        """Return what it logged; a line that is no JSON object fails the test."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def errors(self) -> list[dict[str, Any]]:
        """Return the logged records of level error and above."""
        return [record for record in self.records() if record["level"] in ("error", "critical")]

    def wait_ready(self) -> None:
        """Wait until the policy is in force and the control socket answers."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            return "ready" in self.http_or_none("/healthz") and (self.site.state / "control.sock").exists()

        wait_until(ready, "a ready gateway")
        wait_until(lambda: self.http("/healthz")[0] == 200, "a healthy gateway")
        wait_until(self.accepts_commands, "the control socket")

    def http_or_none(self, path: str) -> str:
        """Return a status page's body, or nothing while it is not served."""
        try:
            return self.http(path)[1]
        except OSError:
            return ""

    def accepts_commands(self) -> bool:
        """Return whether the control socket answers."""
        with socket.socket(socket.AF_UNIX) as sock:
            return sock.connect_ex(str(self.site.state / "control.sock")) == 0

    def ended(self, seconds: float = DEADLINE) -> int:
        """Return the exit code, waiting for the end."""
        wait_until(lambda: self.process.poll() is not None, "the end of the gateway", seconds)
        return self.process.returncode


@contextlib.contextmanager
def serving(site: Site, *arguments: str, ready: bool = True, **options: Any) -> Iterator[Gateway]:
    """Run ``schoolguard serve`` on a site; with ``ready``, wait until it answers by policy."""
    log = site.folder / f"gateway-{time.monotonic_ns()}.log"
    command = [console_script(), "serve", "--config", str(site.config), "--language", "en", *arguments]
    with process(command, log, **options) as started:
        gateway = Gateway(site, started, log)
        if ready:
            gateway.wait_ready()
        yield gateway


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the ``schoolguard`` command to its end."""
    return subprocess.run(
        [console_script(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def children(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return sorted(found)


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def alive(pid: int) -> bool:
    """Return whether a process runs (a dead one that nobody waited for does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def resident(pid: int) -> int:
    """Return the resident set size of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak(pid: int) -> int:
    """Return the largest resident set size that a process ever had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
