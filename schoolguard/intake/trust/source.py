"""Where a repository is read from: the one interface of web servers, folders and sticks.

A source is never believed, so it must not check anything but sizes and pace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from schoolguard.intake.trust.errors import SourceFailed
from schoolguard.language import N_

Write = Callable[[bytes], object]
"""Takes the next bytes of a file; what it raises ends the reading."""

TOO_LONG = N_("{path}: more than the {limit} bytes that it may have")


class Source(Protocol):
    """A repository's static files."""

    @property
    def carried(self) -> bool:
        """Whether it is a copy that somebody carries, which may be days old."""

    async def copy(self, path: str, write: Write, *, limit: int, start: int = 0) -> None:
        """Hand the bytes of ``path`` from ``start`` on to ``write``; ``limit`` is the whole file's largest
        length.

        Raises ``Absent`` and ``SourceFailed``; bytes may have been written before that.
        """


async def read(source: Source, path: str, limit: int) -> bytes:
    """Return a small file; raises ``Absent`` and ``SourceFailed``, which it does for a file over ``limit``
    bytes."""
    whole = bytearray()
    await source.copy(path, whole.extend, limit=limit)
    return bytes(whole)


class Bounded:
    """Passes on what it is handed and raises ``SourceFailed`` before the byte that is one too many."""

    def __init__(self, path: str, write: Write, *, limit: int, start: int) -> None:
        self._path = path
        self._write = write
        self._limit = limit
        self._skip = 0
        self._position = start
        self.received = 0

    def skip(self) -> None:
        """Take the file from its beginning although it was asked for from ``start``: drop what is known."""
        self._skip, self._position = self._position, 0

    def take(self, block: bytes) -> None:
        """Pass on the next bytes of the file."""
        if self._position + len(block) > self._limit:
            raise SourceFailed(TOO_LONG, path=self._path, limit=self._limit)
        self._position += len(block)
        self.received += len(block)
        dropped = min(self._skip, len(block))
        self._skip -= dropped
        if dropped < len(block):
            self._write(block[dropped:])
