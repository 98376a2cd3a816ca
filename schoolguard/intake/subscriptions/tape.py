"""Takes one file out of a tar archive that is read once, forwards. Nothing is ever written under its names.

Own code, since the library's reader keeps extended headers of any length in memory. Only what lists need:
POSIX ustar and GNU headers (IEEE 1003.1, pax): regular files by their short names.
"""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.intake.subscriptions.model import FetchRefused
from schoolguard.language import N_

_BLOCK = 512
_MOST_MEMBERS = 10_000
_REGULAR = (b"0", b"\0", b"7")

_DAMAGED = N_("the archive is damaged: {why}")
_MISSING = N_("the archive holds no file {member}; it holds: {names}")


def is_tape(head: bytes) -> bool:
    """Return whether bytes begin a tar archive."""
    return head[257:262] == b"ustar"


def member_of(blocks: Iterator[bytes], member: str) -> Iterator[bytes]:
    """Yield the bytes of the first regular file whose path, or last segment, is ``member``.

    Raises ``FetchRefused``: ``no-member``, ``damaged``.
    """
    tape = _Tape(blocks)
    seen: list[str] = []
    for _ in range(_MOST_MEMBERS):
        header = tape.exactly(_BLOCK)
        if not header.strip(b"\0"):
            break
        name, size = _name(header), _size(header)
        if header[156:157] in _REGULAR:
            if member in (name.removeprefix("./"), name.rpartition("/")[2]):
                yield from tape.some(size)
                return
            seen.append(name)
        for _skipped in tape.some(size + -size % _BLOCK):
            pass
    shown = ", ".join(seen[:5]) or "-"
    raise FetchRefused("no-member", _MISSING, member=member, names=shown)


class _Tape:
    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def exactly(self, size: int) -> bytes:
        return b"".join(self.some(size))

    def some(self, size: int) -> Iterator[bytes]:
        while size:
            block = self._rest or next(self._blocks, b"")
            if not block:
                raise FetchRefused("damaged", _DAMAGED, why="it ends in the middle of a file")
            taken, self._rest = block[:size], block[size:]
            size -= len(taken)
            yield taken


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    whole = prefix + b"/" + name if prefix else name
    return whole.decode("utf-8", "replace")


def _size(header: bytes) -> int:
    checksum = _octal(header[148:156])
    if checksum != sum(header[:148]) + sum(header[156:512]) + 8 * 32:
        raise FetchRefused("damaged", _DAMAGED, why="a header's checksum is wrong")
    return _octal(header[124:136])


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    if not text or any(digit not in b"01234567" for digit in text):
        raise FetchRefused("damaged", _DAMAGED, why="a number in a header is none")
    return int(text, 8)
