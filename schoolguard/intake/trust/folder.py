"""A repository in a local folder: a mounted stick, a share, the publisher's own.

It opens regular files only: a named pipe or a device on a stick must not make a gateway wait for ever.
"""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from schoolguard.intake.trust.errors import Absent, SourceFailed
from schoolguard.intake.trust.source import Bounded, Write
from schoolguard.language import N_

_BLOCK = 256 << 10
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_UNREADABLE = N_("{path}: cannot be read: {why}")
_NOT_A_FILE = N_("{path}: not a regular file")


@dataclass(frozen=True, slots=True)
class FolderSource:
    """The repository whose ``metadata`` and ``targets`` stand in ``folder``."""

    folder: Path
    carried: bool = True

    async def copy(self, path: str, write: Write, *, limit: int, start: int = 0) -> None:
        """Hand on a file's bytes; a block at a time, so that the loop goes on between two."""
        bounded = Bounded(path, write, limit=limit, start=start)
        handle = self._open(path)
        try:
            os.lseek(handle, start, os.SEEK_SET)
            while block := _read(handle, path):
                bounded.take(block)
                await asyncio.sleep(0)
        finally:
            os.close(handle)

    def _open(self, path: str) -> int:
        try:
            handle = os.open(self.folder / path, _FLAGS)
        except FileNotFoundError as error:
            raise Absent(_UNREADABLE, path=path, why=error.strerror) from error
        except OSError as error:
            raise SourceFailed(_UNREADABLE, path=path, why=error.strerror) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise SourceFailed(_NOT_A_FILE, path=path)
        return handle


def _read(handle: int, path: str) -> bytes:
    try:
        return os.read(handle, _BLOCK)
    except OSError as error:
        raise SourceFailed(_UNREADABLE, path=path, why=error.strerror) from error
