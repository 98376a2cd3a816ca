"""Reading the audit log and proving it whole: no byte changed, no line removed, inserted, moved or cut off.

What it cannot prove: whoever may write both files (root) can make a new chain and a new head from the entry
he changed on. He cannot make it end in the hash it ended in, so a hash that was noted elsewhere, on paper or
at the province once gateways report to it, shows him. It changes nothing; ``audit`` appends.

Bytes behind the end that the head knows come from an append that did not finish. The whole next entry is
taken as one (it was written, only nobody was told); a part of a line, or the zeros that a power cut leaves,
is torn.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schoolguard.language import N_, Said
from schoolguard.node.audit_entry import MAX_LINE, Entry, NotAnEntry, read_entry
from schoolguard.node.audit_head import Head, HeadUnreadable, head_path, read_head

_BROKEN = N_("{path}, line {line}: the audit log was changed: {why}")

_NO_ENTRY = N_("this is no entry as it was written")
_CHANGED = N_("its hash does not fit its content")
_NUMBER = N_("entry {found} stands where {expected} belongs")
_FOLLOWS = N_("it does not follow the entry before it")
_CUT = N_("the log ends here; {head} knows {number} entries")
_HEAD = N_("{head} tells of another entry")
_NO_HEAD = N_("{head} is missing or unreadable")
_BEYOND = N_("{head} does not know what follows")


class ChainBroken(Said):
    """The log is not what was written; ``line`` is the first line that shows it, ``why`` says how."""

    @property
    def line(self) -> int:
        """The line, from 1."""
        return int(str(self.values["line"]))

    @property
    def why(self) -> str:
        """The reason in English."""
        return str(self.values["why"])


class CannotAudit(Said):
    """The log cannot be read or written; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A whole chain: its length, the hash of its last entry, and the bytes of a torn line behind it."""

    entries: int
    hash: str
    torn: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """A log as it stood between two appends: its head, and the bytes ``behind`` what the head knows."""

    path: Path
    head: Head
    behind: bytes = b""

    @property
    def torn(self) -> bytes:
        """What is left of an append that did not finish; it belongs to no entry."""
        return self.behind if b"\n" not in self.behind or b"\0" in self.behind else b""

    def unfinished(self) -> tuple[Entry, Head] | None:
        """Return the entry that was written before its head was, and that head; raises ``ChainBroken``."""
        if not self.behind or self.torn:
            return None
        try:
            return _next(self.path, self.head, self.behind)
        except ChainBroken as error:
            raise broken(self.path, self.head.number + 1, Said(_BEYOND, head=head_path(self.path))) from error

    def entries(self) -> Iterator[Entry]:
        """Yield the entries as far as they are proven; raises ``ChainBroken`` and ``CannotAudit`` there."""
        last = Head()
        for line in self._lines():
            entry, last = _next(self.path, last, line)
            yield entry
        if last.size < self.head.size:
            raise cut_off(self.path, last.number + 1, self.head)
        if last != self.head:
            raise broken(self.path, last.number, Said(_HEAD, head=head_path(self.path)))
        if (unfinished := self.unfinished()) is not None:
            yield unfinished[0]

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines up to the end that the head knows; raises ``CannotAudit``."""
        left = self.head.size
        try:
            with self.path.open("rb") as file:
                while left > 0 and (line := file.readline(MAX_LINE + 1)):
                    left -= len(line)
                    yield line
        except FileNotFoundError:
            return
        except OSError as error:
            raise cannot(self.path, error) from error


def broken(path: Path, line: int, why: Said) -> ChainBroken:
    """Return the error for a line of a log."""
    return ChainBroken(_BROKEN, path=path, line=line, why=why)


def cut_off(path: Path, line: int, head: Head) -> ChainBroken:
    """Return the error for a log that is shorter than its head says."""
    return broken(path, line, Said(_CUT, head=head_path(path), number=head.number))


def cannot(path: Path, error: OSError) -> CannotAudit:
    """Return the error for what the system refused."""
    return CannotAudit(
        N_("{path}: {problem}; nothing was changed"), path=path, problem=error.strerror or error
    )


def verify(path: Path) -> Verified:
    """Return the length and the last hash of a whole log; raises ``ChainBroken`` and ``CannotAudit``.

    A log that does not exist yet has no entry.
    """
    chain = read_chain(path)
    count, digest = chain.head.number, chain.head.hash
    for entry in chain.entries():
        count, digest = entry.number, entry.hash
    return Verified(count, digest, len(chain.torn))


def read_chain(path: Path) -> Chain:
    """Return a log as it stands; nobody appends meanwhile. Raises ``ChainBroken`` and ``CannotAudit``."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Chain(path, head_of(path, 0))
    except OSError as error:
        raise cannot(path, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        return chain_of(path, fd)
    except OSError as error:
        raise cannot(path, error) from error
    finally:
        os.close(fd)


def chain_of(path: Path, fd: int) -> Chain:
    """Return the log that is open as ``fd`` and locked; raises ``ChainBroken`` and ``OSError``."""
    head = head_of(path, os.fstat(fd).st_size)
    return Chain(path, head, os.pread(fd, MAX_LINE + 1, head.size))


def check_end(chain: Chain, fd: int) -> None:
    """Look at the last entry only, as an append does; raises ``ChainBroken`` and ``OSError``."""
    path, head = chain.path, chain.head
    if os.fstat(fd).st_size < head.size:
        raise cut_off(path, head.number, head)
    if not head.number:
        return
    start = max(0, head.size - MAX_LINE)
    lines = os.pread(fd, head.size - start, start)
    try:
        entry = read_entry(lines[lines.rfind(b"\n", 0, -1) + 1 :])
    except NotAnEntry as error:
        raise broken(path, head.number, Said(_NO_ENTRY)) from error
    if not entry.fits or (entry.number, entry.hash) != (head.number, head.hash):
        raise broken(path, head.number, Said(_HEAD, head=head_path(path)))


def head_of(path: Path, size: int) -> Head:
    """Return the head of a log of ``size`` bytes; raises ``ChainBroken`` and ``OSError``."""
    try:
        head = read_head(path)
    except HeadUnreadable as error:
        raise broken(path, 1, Said(_NO_HEAD, head=head_path(path))) from error
    if head is None and size:
        raise broken(path, 1, Said(_NO_HEAD, head=head_path(path)))
    return head or Head()


def _next(path: Path, last: Head, line: bytes) -> tuple[Entry, Head]:
    """Return the entry of a line and the head after it; raises ``ChainBroken`` when it is not the next."""
    expected = last.number + 1
    try:
        entry = read_entry(line)
    except NotAnEntry as error:
        raise broken(path, expected, Said(_NO_ENTRY)) from error
    if not entry.fits:
        raise broken(path, expected, Said(_CHANGED))
    if entry.number != expected:
        raise broken(path, expected, Said(_NUMBER, found=entry.number, expected=expected))
    if entry.previous != last.hash:
        raise broken(path, expected, Said(_FOLLOWS))
    return entry, Head(expected, entry.hash, last.size + len(line))
