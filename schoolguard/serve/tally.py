"""How many queries a worker answered, and how many it knows to be stored, in a file that outlives it.

A worker adds to a mapped place of memory; the kernel keeps it whatever ends the process, and a lock on the
file tells that it is still alive. It must not say what was answered: it is two numbers.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from pathlib import Path
from typing import NamedTuple

_PLACES = struct.Struct("=QQ")


class Left(NamedTuple):
    """What a dead worker left: queries answered, and those that it knew to be stored."""

    answered: int
    stored: int


class Tally:
    """The file of one worker: ``answered`` is a place for ``Counts.answered``, ``stored`` the other one."""

    def __init__(self, path: Path) -> None:
        """Make the file and hold it; raises ``OSError``, for a full disk too."""
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unlocked = path.with_suffix(".new")
        self._file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # Taken beforehand: writing to a page that has no place on the disk would end the process.
            os.posix_fallocate(self._file, 0, _PLACES.size)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._pages = mmap.mmap(self._file, _PLACES.size)
            unlocked.rename(path)  # whoever sees it under its name finds it held
        except OSError:
            os.close(self._file)
            unlocked.unlink(missing_ok=True)
            raise
        places = memoryview(self._pages).cast("Q")
        self.answered, self.stored = places[:1], places[1:]


def left_by_the_dead(path: Path) -> Left | None:
    """Return what the worker of a tally file left, ``None`` while it lives and when there is no such file."""
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            return Left(*_PLACES.unpack(file.read(_PLACES.size)))
    except FileNotFoundError:
        return None
