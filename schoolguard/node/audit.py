"""The audit log, ``state/audit.log``: who opened what for whom, and why. Entries are appended, never changed.

One entry is one write and one fsync, then the head's; only then is it told. A full disk takes the entry back
whole. Two processes never interleave (flock). It must not say what an entry means, nor prove the chain:
``audit_chain`` does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schoolguard.node.audit_chain import CannotAudit, Chain, ChainBroken, cannot, chain_of, check_end, verify
from schoolguard.node.audit_entry import Entry
from schoolguard.node.audit_head import Head, write_head

__all__ = ["AuditLog", "CannotAudit", "ChainBroken", "audit_path", "verify"]

TORN = "audit-torn"
"""Action of the entry that tells that an unfinished line was moved aside, and into which file."""


def audit_path(state: Path) -> Path:
    """Return where the audit log of a gateway stands."""
    return state / "audit.log"


class AuditLog:
    """The log of one gateway, opened for each entry: another process may have appended meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, action: str, by: str, time: float, fields: Mapping[str, Any]) -> Entry:
        """Write an entry and return it when it is on the disk.

        ``time`` is Unix seconds. ``fields`` hold what JSON has but floats. Raises ``CannotAudit`` (then
        nothing was changed), ``ChainBroken`` when the end of the log is not what was written, and
        ``NotAnEntry``.
        """
        try:
            with _locked(self.path) as fd:
                head = self._settled(fd, time)
                return self._write(fd, head, action, by, time, fields)[0]
        except OSError as error:
            raise cannot(self.path, error) from error

    def _settled(self, fd: int, time: float) -> Head:
        """Return the head when nothing stands behind it any more."""
        chain = chain_of(self.path, fd)
        check_end(chain, fd)
        if (unfinished := chain.unfinished()) is not None:
            write_head(self.path, unfinished[1])
            return unfinished[1]
        if chain.torn:
            fields = {"file": self._set_aside(fd, chain), "bytes": os.fstat(fd).st_size - chain.head.size}
            os.ftruncate(fd, chain.head.size)
            return self._write(fd, chain.head, TORN, "schoolguard", time, fields)[1]
        if not chain.head.number:
            write_head(
                self.path, chain.head
            )  # before the first entry: entries without a head are a broken log
            _sync_folder(self.path.parent)
        return chain.head

    def _set_aside(self, fd: int, chain: Chain) -> str:
        """Copy the torn bytes into a file of their own and return its name."""
        size = os.fstat(fd).st_size - chain.head.size
        path = _free(self.path.with_name(f"{self.path.name}.torn-{chain.head.number + 1}"))
        beside = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write_all(beside, os.pread(fd, size, chain.head.size))
            os.fsync(beside)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(beside)
        return path.name

    def _write(
        self, fd: int, head: Head, action: str, by: str, time: float, fields: Mapping[str, Any]
    ) -> tuple[Entry, Head]:
        entry = Entry(head.number + 1, int(time), action, by, fields, head.hash).sealed()
        line = entry.line()
        after = Head(entry.number, entry.hash, head.size + len(line))
        try:
            _write_all(fd, line)
            os.fsync(fd)
            write_head(self.path, after)
        except OSError:
            os.ftruncate(fd, head.size)
            write_head(self.path, head)
            raise
        return entry, after


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # let go when the process dies
        yield fd
    finally:
        os.close(fd)


def _write_all(fd: int, content: bytes) -> None:
    """Write at once; the rest after a short write, which a full disk then refuses with its reason."""
    done = os.write(fd, content)
    while done < len(content):
        done += os.write(fd, content[done:])


def _free(path: Path) -> Path:
    names = (path.with_name(f"{path.name}-{count}") for count in range(2, 1000))
    return path if not path.exists() else next(name for name in names if not name.exists())


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
