"""The series of the gateway's own processes, read from /proc (proc(5)): CPU, memory, open files.

Only processes that the gateway started are looked at; one that has just ended is left out. CPU time never
falls: a successor goes on where its worker was last seen, so what that one used after is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import Metric

from schoolguard.node.metrics_rising import Rising
from schoolguard.node.metrics_series import counter, gauge

CPU = counter("process_cpu_seconds_total", "User and system CPU time of a process.", "process")
RESIDENT = gauge("process_resident_memory_bytes", "Resident memory of a process.", "process")
FILES = gauge("process_open_fds", "Open file descriptors of a process.", "process")
MOST_FILES = gauge("process_max_fds", "File descriptors that a process may open.", "process")
STARTED = gauge("process_start_time_seconds", "When a process was started, since 1970.", "process")
ALL = (CPU, RESIDENT, FILES, MOST_FILES, STARTED)

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """What a process uses; ``cpu`` and ``started`` are in seconds, ``resident`` in bytes."""

    cpu: float
    resident: int
    files: int
    most_files: int
    started: float


def process(pid: int) -> Process:
    """Return what a process uses; raises ``OSError`` when it is gone, or another user's."""
    folder = Path("/proc") / str(pid)
    # The name stands in parentheses and may hold anything; what follows are fields 3 and on.
    fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    user, system, started = int(fields[11]), int(fields[12]), int(fields[19])
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return Process(
        (user + system) / _TICKS,
        int((folder / "statm").read_bytes().split()[1]) * _PAGE,
        len(os.listdir(folder / "fd")),  # noqa: PTH208 - names are enough, and a tenth of the price
        _most_files(folder),
        round(booted + started / _TICKS),
    )


def _most_files(folder: Path) -> int:
    for line in (folder / "limits").read_text().splitlines():
        if line.startswith("Max open files"):
            soft = line.split()[3]
            return int(soft) if soft.isdigit() else 0
    return 0


def processes(pids: Mapping[str, int], cpu: Rising) -> Iterator[Metric]:
    """Yield every series of this module for processes by name; ``cpu`` keeps what was used so far."""
    found: dict[str, Process] = {}
    for name, pid in sorted(pids.items()):
        try:
            found[name] = process(pid)
        except OSError:
            continue
    for name, each in found.items():
        cpu.take(name, each.cpu, pids[name])
    yield CPU.family(((name,), seconds) for name, seconds in sorted(cpu.all({}).items()))
    yield RESIDENT.family(((name,), each.resident) for name, each in found.items())
    yield FILES.family(((name,), each.files) for name, each in found.items())
    yield MOST_FILES.family(((name,), each.most_files) for name, each in found.items())
    yield STARTED.family(((name,), each.started) for name, each in found.items())
