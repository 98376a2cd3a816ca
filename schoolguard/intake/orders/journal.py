"""The journal of orders on the disk: lines that are appended and never changed, each with the hash of the one
before.

One entry is one write and one fsync; only then does it count. What a kill or a power cut left of a line is
cut off. It must not know what an entry means.

A line that was changed, removed or moved is found when the journal is opened. The journal is then put aside
whole, for whoever looks into it, and a new one begins with the entries that are whole in themselves; those
behind the break are marked as ``unproven``, and the reader decides what he believes of them. An end that was
cut off at a line cannot be seen here; the repository still lists what is missing.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from schoolguard.intake.orders.canonical import NotCanonical
from schoolguard.intake.orders.entry import FIRST, MOST_LINE, UNPROVEN, Entry, read_line
from schoolguard.language import N_, Said

_log = logging.getLogger("schoolguard.orders")


class CannotKeep(Said):
    """The journal cannot be read or written; nothing was changed."""


@dataclass(slots=True)
class Opened:
    """What a journal held when it was opened; ``broken`` says where it had been changed, if it had."""

    entries: list[Entry] = field(default_factory=list)
    broken: Said | None = None


class Journal:
    """The journal at ``path``; one process has it open. Raises ``CannotKeep``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = FIRST
        self._number = self._size = 0
        self._stuck: CannotKeep | None = None
        try:
            self._fd = self._open()
            self._opened = self._read()
        except OSError as error:
            raise cannot(path, error) from error

    def take_opened(self) -> Opened:
        """Return what it held when it was opened, and forget it."""
        opened, self._opened = self._opened, Opened()
        return opened

    def append(self, time: float, kind: str, fields: Mapping[str, Any]) -> Entry:
        """Return an entry when it is on the disk; raises ``CannotKeep``, and then nothing was changed."""
        return self.append_all(time, [(kind, fields)])[0]

    def append_all(self, time: float, several: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Entry]:
        """Return entries, given by kind and fields, when all are on the disk, as ``append`` does."""
        if self._stuck is not None:
            raise self._stuck
        entries, content = [], bytearray()
        number, last = self._number, self._last
        for kind, fields in several:
            entry = Entry(number + 1, int(time), kind, fields, last)
            try:
                line, digest = entry.sealed()
            except NotCanonical as error:
                raise CannotKeep(N_("this cannot be written down: {problem}"), problem=str(error)) from error
            content += line
            entries.append(entry)
            number, last = entry.number, digest
        try:
            _write_all(self._fd, content)
            os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self._size)
            raise cannot(self.path, error) from error
        self._number, self._last, self._size = number, last, self._size + len(content)
        return entries

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _open(self) -> int:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go when the process dies
        except OSError:
            os.close(fd)
            raise
        _sync_folder(self.path.parent)
        return fd

    def _read(self) -> Opened:
        size = os.fstat(self._fd).st_size
        opened = self._taken(size)
        if self._size < size:
            _log.warning("an unfinished entry was cut off", extra={"bytes": size - self._size})
            os.ftruncate(self._fd, self._size)
            os.fsync(self._fd)
        if opened.broken is not None:
            self._try_to_begin_anew(opened)
        return opened

    def _taken(self, size: int) -> Opened:
        """Return what the file's first ``size`` bytes hold."""
        opened = Opened()
        for line in _lines(self.path):
            if self._size + len(line) >= size and (not line.endswith(b"\n") or b"\0" in line):
                break  # an append that did not finish; zeros are what a power cut leaves
            try:
                self._take(*read_line(line), len(line), opened)
            except NotCanonical as error:
                self._break(opened, str(error))
                self._size += len(line)
        return opened

    def _take(self, entry: Entry, digest: str, size: int, opened: Opened) -> None:
        if opened.broken is None and (entry.number, entry.previous) != (self._number + 1, self._last):
            self._break(opened, "it does not follow the line before it")
        if opened.broken is not None:
            entry = replace(entry, fields={**entry.fields, UNPROVEN: True})
        opened.entries.append(entry)
        self._number, self._last, self._size = entry.number, digest, self._size + size

    def _break(self, opened: Opened, why: str) -> None:
        if opened.broken is None:
            msgid = N_("{path}, line {line}: the journal of orders was changed: {why}")
            opened.broken = Said(msgid, path=self.path, line=len(opened.entries) + 1, why=why)
            _log.error("the journal of orders was changed", extra={"reason": str(opened.broken)})

    def _try_to_begin_anew(self, opened: Opened) -> None:
        try:
            self._begin_anew(opened)
        except (CannotKeep, OSError) as error:
            # What is in force stays so from memory; the next start tries again.
            self._stuck = error if isinstance(error, CannotKeep) else cannot(self.path, error)
            _log.error("no new journal can be begun", extra={"problem": str(error)})

    def _begin_anew(self, opened: Opened) -> None:
        """Write the whole entries as a new journal, and only then put it in the old one's place."""
        partial = self.path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        anew = Journal(partial)
        opened.entries = [anew.append(each.time, each.kind, each.fields) for each in opened.entries]
        os.link(self.path, _free(self.path.with_suffix(".broken")))
        partial.replace(self.path)
        _sync_folder(self.path.parent)
        os.close(self._fd)
        self._fd, self._number, self._last, self._size = anew._fd, anew._number, anew._last, anew._size


class SavedJournal(Journal):
    """A journal as it stands on the disk, for who only looks; another process may have it open and append."""

    def __init__(self, path: Path) -> None:
        """Read the journal at ``path``, none is an empty one; raises ``CannotKeep``."""
        self.path = path
        self._last = FIRST
        self._number = self._size = 0
        self._stuck = CannotKeep(N_("{path}: it is only read here"), path=path)
        try:
            self._opened = self._taken(path.stat().st_size) if path.exists() else Opened()
        except OSError as error:
            raise cannot(path, error) from error

    def close(self) -> None:
        """Nothing is open."""


def cannot(path: Path, error: OSError) -> CannotKeep:
    """Return the error for what the system refused."""
    if isinstance(error, BlockingIOError):
        return CannotKeep(N_("{path}: another process has it open"), path=path)
    return CannotKeep(
        N_("{path}: {problem}; nothing was changed"), path=path, problem=error.strerror or str(error)
    )


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(MOST_LINE + 1):
            yield line


def _write_all(fd: int, content: bytes | bytearray) -> None:
    """Write at once; the rest after a short write, which a full disk then refuses with its reason."""
    done = os.write(fd, content)
    while done < len(content):
        done += os.write(fd, content[done:])


def _free(path: Path) -> Path:
    names: Sequence[Path] = [path, *(path.with_name(f"{path.name}-{count}") for count in range(2, 1000))]
    return next(name for name in names if not name.exists())


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
