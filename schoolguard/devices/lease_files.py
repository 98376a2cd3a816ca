"""Lease files on disk: whether one changed, and its content. It understands nothing of them.

A file is looked at (``stat``) each second instead of being watched with inotify. That sees a file that a
server replaces by a rename, one that is missing at first and one on a network file system, needs no watch on
folders and cannot overflow, and costs some microseconds. It is at most a second late, which nobody notices:
a device that asks anything is in the neighbour table already.

Two writes within one tick of the file system's clock can leave size and time as they were, so a file is read
once more at the look after one that found it changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from schoolguard.devices.leases import Leases, companions, read_leases
from schoolguard.devices.model import LeaseFile

MAX_BYTES: Final = 64 << 20
"""A larger file is refused; 20,000 leases of ISC dhcpd take 8 MB, and servers clean up each hour."""


class Unreadable(Exception):
    """A lease file that cannot be used now; the text says why, for a log."""


class _Stamp(NamedTuple):
    inode: int
    size: int
    changed: int


class LeaseReader:
    """Reads one lease file, with what its server keeps beside it, whenever it changed."""

    def __init__(self, source: LeaseFile) -> None:
        self.source = source
        self._paths = (*companions(source), source.file)
        self._stamps: tuple[_Stamp | None, ...] = ()
        self._looks = 0

    def look(self) -> Leases | None:
        """Return the leases, or ``None`` while nothing is new; raises ``Unreadable``.

        An empty file in place of one with leases is believed at the second look: it may be in mid-write.
        """
        stamps = tuple(_stamp(path) for path in self._paths)
        if stamps != self._stamps:
            self._stamps, self._looks = stamps, 0
        if self._looks > 1:
            return None
        if stamps[-1] is None:
            raise Unreadable(_reason(self.source.file))
        content = b"\n".join(_content(p) for p, stamp in zip(self._paths, stamps, strict=True) if stamp)
        self._looks += 1
        if not content.strip() and self._looks == 1:
            return None
        leases = read_leases(content, self.source.format)
        if leases.skipped and not leases.by_address and len(content.splitlines()) > 1:
            raise Unreadable("nothing in it is a lease in the format expected")
        return leases


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def _reason(path: Path) -> str:
    try:
        path.stat()
    except OSError as error:
        return error.strerror or str(error)
    return "it came and went"


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would keep whoever opens it
        raise Unreadable("it is no regular file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from None
    if len(content) > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MB")
    return content
