"""A list file as batches of lines: decompression, line ends, bounds on line and file. Nothing of formats.

Lines are Latin-1 decoded, so that any byte fits and a batch costs one decode; ``text`` gives the real text
of a line that is not ASCII. It must not hold more than one chunk and one line in memory.
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from schoolguard.lists.formats.refused import ListRefused

CHUNK = 1 << 18
MAX_LINE = 4096
"""Bytes of one line; no format has a sensible line that is longer. A longer one is cut to one byte more."""

MAX_BYTES = 1 << 30
"""Bytes of one decompressed list: ten times the largest public list (4.6 million names), against bombs."""

_BOM = b"\xef\xbb\xbf"
_ACCEPTED = "a text file, plain or compressed as .xz or .gz"


def batches(path: str) -> Iterator[list[str]]:
    """Yield the lines of a file in batches, without line ends (LF, CRLF and lone CR all end a line).

    Raises ``ListRefused``: ``unreadable``, ``damaged`` (archive cut or corrupt), ``too-large``, ``not-text``
    (a zero byte).
    """
    rest = b""
    size = 0
    for chunk in _chunks(path):
        size += len(chunk)
        if size > MAX_BYTES:
            raise ListRefused("too-large", path, f"more than {MAX_BYTES} bytes", f"at most {MAX_BYTES}")
        if b"\0" in chunk:
            raise ListRefused("not-text", path, "a zero byte (binary or damaged)", _ACCEPTED)
        held = b""
        block = rest + chunk
        if block.endswith(b"\r"):
            block, held = block[:-1], b"\r"
        lines = _split(block)
        rest = lines.pop()[: MAX_LINE + 1].encode("latin-1") + held
        yield lines
    if rest:
        yield _split(rest.removesuffix(b"\r"))


def head(path: str, size: int) -> bytes:
    """Return the first ``size`` bytes of a file, decompressed; raises what ``batches`` raises."""
    taken = b""
    for chunk in _chunks(path):
        taken += chunk
        if len(taken) >= size:
            break
    return taken[:size]


def text(line: str) -> str:
    """Return the real text of a Latin-1 decoded line: UTF-8 where the bytes are, else Latin-1."""
    if line.isascii():
        return line
    try:
        return line.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return line


def _split(block: bytes) -> list[str]:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return block.decode("latin-1").split("\n")


def _chunks(path: str) -> Iterator[bytes]:
    try:
        with _open(Path(path)) as stream:
            yield stream.read(CHUNK).removeprefix(_BOM)
            while chunk := stream.read(CHUNK):
                yield chunk
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise ListRefused("damaged", path, f"a damaged archive ({error})", _ACCEPTED) from error
    except OSError as error:
        raise ListRefused("unreadable", path, error.strerror or str(error), "a readable file") from error


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".xz":
        return lzma.open(path)
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")
