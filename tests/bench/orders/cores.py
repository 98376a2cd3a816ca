"""How busy the processor cores are, and how much of it this run is to blame for (proc(5), stat)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tests.bench.processes import tree

_TICK = os.sysconf("SC_CLK_TCK")


def busy() -> float:
    """Return how long all cores have worked for anybody since the machine's start, in seconds."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / _TICK


def own() -> float:
    """Return how long they have worked for this process, those below it and those that have ended, in
    seconds."""
    return sum(map(_with_ended, tree(os.getpid()))) / _TICK


def _with_ended(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15]))
    return 0
