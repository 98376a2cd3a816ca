"""Server processes of a run: started on one core, measured through /proc, stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
_STOP_WITHIN = 10.0
_TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A step of the benchmark did not come about; the message says which and what was seen."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor time in seconds."""

    user: float
    kernel: float

    def __sub__(self, earlier: Cpu) -> Cpu:
        """Return what was used since ``earlier``."""
        return Cpu(self.user - earlier.user, self.kernel - earlier.kernel)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its name in the table, its port on 127.0.0.1, its first process, its log."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def cpu(self) -> Cpu:
        """Return what all its processes have used."""
        ticks = [_times(pid) for pid in tree(self.process.pid)]
        return Cpu(sum(t[0] for t in ticks) / _TICK, sum(t[1] for t in ticks) / _TICK)

    def pss(self) -> int:
        """Return the proportional set size of all its processes together, in bytes."""
        return sum(_pss(pid) for pid in tree(self.process.pid))


def busy(core: int) -> float:
    """Return how long a core has worked for anybody since the machine's start, in seconds (proc(5), stat)."""
    line = next(x for x in Path("/proc/stat").read_text().splitlines() if x.startswith(f"cpu{core} "))
    user, nice, system, _, _, irq, softirq, *_ = map(int, line.split()[1:])
    return (user + nice + system + irq + softirq) / _TICK


def program(name: str, package: str) -> str:
    """Return the path of a command; raises ``Failed`` naming the package that brings it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise Failed(f"{name} is missing. Type: sudo apt-get install --no-install-recommends {package}")
    return found


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs ``command`` on one core only."""
    return [program("taskset", "util-linux"), "--cpu-list", str(core), *command]


def free_port() -> int:
    """Return a port that is free on 127.0.0.1 for UDP and TCP."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                return port
    raise Failed("no port of 127.0.0.1 is free for both UDP and TCP")


@contextlib.contextmanager
def running(
    name: str, port: int, command: Sequence[str], folder: Path, core: int = SERVER_CORE
) -> Iterator[Server]:
    """Run ``command`` on ``core``; at the end stop it and every process that it left behind."""
    log = folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            on_core(core, command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Server(name, port, process, log)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_WITHIN)
    # Its own session, so the group is only what this run started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def must_live(server: Server) -> None:
    """Raise ``Failed`` with the end of the log when the server has ended."""
    if server.process.poll() is not None:
        end = "\n".join(server.log.read_text(errors="replace").splitlines()[-15:])
        raise Failed(f"{server.name} ended with code {server.process.returncode}:\n{end}")


def tree(pid: int) -> list[int]:
    """Return the process and all below it that live now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            children.setdefault(_parent(int(entry.name)), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the command's name, which may hold blanks (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _times(pid: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        fields = _stat(pid)
        return int(fields[11]), int(fields[12])
    return 0, 0


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        if match := re.search(r"(?m)^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text()):
            return int(match[1]) * 1024
    return 0
