"""The write-ahead log of a SQLite file, read without SQLite: which pages it holds, and whether it is whole.

SQLite passes over everything behind a frame that is damaged and says nothing; here that is seen. Source: the
database file format (sqlite.org/fileformat2.html), section 4. It writes nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from schoolguard.store.migrations import PAGE

_HEADER, _FRAME = 32, 24
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683
_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Wal:
    """Where the newest committed copy of each page lies in the log; ``pages`` is the file's length after it.

    ``damaged`` counts frames of transactions that were committed and cannot be believed; ``torn`` those at
    the end, of this round of the log, with no commit behind them: a power cut or damage, nobody can say.
    """

    offsets: dict[int, int] = field(default_factory=dict)
    pages: int = 0
    damaged: int = 0
    torn: int = 0


def read_wal(path: Path) -> Wal:
    """Return what a log holds; a missing or empty one holds nothing. Raises ``OSError``."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Wal()
    if len(content) < _HEADER + _FRAME + PAGE:
        return Wal()
    return _wal_of(content)


def _wal_of(content: bytes) -> Wal:
    magic, _, size, _, *salts = struct.unpack(">6I", content[:24])
    order = "<" if magic == _MAGIC_LITTLE else ">"
    header_right = (
        magic in (_MAGIC_LITTLE, _MAGIC_BIG)
        and size == PAGE
        and _sums(order, (0, 0), content[:24]) == struct.unpack(">2I", content[24:32])
    )
    if not header_right:  # the first frame belongs to the same round of the log
        salts = list(struct.unpack(">2I", content[_HEADER + 8 : _HEADER + 16]))
        order = "<"
    return _frames(content, tuple(salts), order, 0 if header_right else 1)


def _frames(content: bytes, salts: tuple[int, ...], order: str, damaged: int) -> Wal:
    """Judge each frame by the sums of the one before it, so that one damaged frame spoils no other."""
    offsets: dict[int, int] = {}
    open_: dict[int, int] = {}
    pages = unsure = torn = 0
    sums = struct.unpack(">2I", content[24:32])
    for at in range(_HEADER, len(content) - _FRAME - PAGE + 1, _FRAME + PAGE):
        number, commit, *told = struct.unpack(">6I", content[at : at + _FRAME])
        page = content[at + _FRAME : at + _FRAME + PAGE]
        right = tuple(told[:2]) == salts and sums_after(order, sums, content[at : at + 8], page) == tuple(
            told[2:]
        )
        sums = (told[2], told[3])
        if not right:
            unsure += 1
            torn += tuple(told[:2]) == salts
            continue
        open_[number] = at + _FRAME
        if commit:
            # A commit stands behind it, so it was whole when it was written.
            damaged, unsure, torn = damaged + unsure, 0, 0
            offsets.update(open_)
            open_.clear()
            pages = commit
    return Wal(offsets, pages, damaged, torn)


def sums_after(order: str, sums: tuple[int, ...], head: bytes, page: bytes) -> tuple[int, int]:
    """Return the two sums after a frame: over the first 8 bytes of its head, and its page."""
    return _sums(order, _sums(order, sums, head), page)


def _sums(order: str, sums: tuple[int, ...], content: bytes) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for left, right in zip(words[::2], words[1::2], strict=True):
        first = (first + left + second) & _MASK
        second = (second + right + first) & _MASK
    return first, second
