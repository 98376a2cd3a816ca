"""Keeps what a process holds in memory (addresses, keys, names) out of files when it crashes.

Source: core(5), setrlimit(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
from pathlib import Path

_FILTER = Path("/proc/self/coredump_filter")
_PR_SET_DUMPABLE = 4


def never_dump() -> None:
    """Let no core dump of this process, or of one that it starts, hold any of its memory.

    The limit alone would not do: a program that collects dumps is given them whatever the limit. Without
    mappings in it, a dump is registers and the command line. Raises ``OSError``.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _FILTER.write_text("0")
    except OSError:
        _forbid()


def _forbid() -> None:
    """Let this process not be dumped at all, where /proc is closed to it.

    That hides its open files from the control process as well, so it is not the first choice.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
