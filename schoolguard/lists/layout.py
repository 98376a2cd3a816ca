"""The snapshot file as bytes: sections, two JSON parts, a footer. It must not know what the sections mean.

::

    magic, 16 bytes | sections, each at a multiple of 16 | main JSON | notes JSON | footer

The main JSON holds a table of sections (offset, size, CRC-32) and what the lists determine; the digest,
SHA-256 of everything up to its end, names the file. The notes hold what depends on the moment and are outside
the digest. CRCs are against damage (a bad card, a cut copy), not against forgery.

The last byte of the magic is the version: 1 is a whole snapshot, 2 a delta layer, whose names are changes to
the snapshot below it. A program that knows no deltas refuses one instead of taking it for a whole.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

VERSION = 1
"""A whole snapshot."""

DELTA = 2
"""A delta layer."""

_NAME = b"SchoolGuardSnap"
_MAGIC_SIZE = len(_NAME) + 1
_FOOTER = struct.Struct("<QQIQQI32s")
_TAIL = struct.Struct("<I16s")
_ALIGN = 16
_BLOCK = 1 << 20


class SnapshotBroken(Exception):
    """A file is no snapshot, cut, damaged, or of another version; the message says which, and what to do."""


class Writer:
    """Writes one snapshot to an open file, front to back."""

    def __init__(self, file: IO[bytes], version: int = VERSION) -> None:
        self._file = file
        self._magic = _magic(version)
        self._digest = hashlib.sha256()
        self._sections: dict[str, tuple[int, int, int]] = {}
        self._at = 0
        self._put(self._magic)

    def section(self, name: str, content: bytes) -> None:
        """Append one section."""
        self._put(bytes(-self._at % _ALIGN))
        self._sections[name] = (self._at, len(content), zlib.crc32(content))
        self._put(content)

    def finish(self, main: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
        """Write both JSON parts and the footer; return the digest."""
        body = _packed({**main, "byte_order": sys.byteorder, "sections": self._sections})
        at = self._at
        self._put(body)
        digest = self._digest.digest()
        self._file.write(_ending(self._magic, at, body, _packed(notes), digest))
        return digest.hex()

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._digest.update(content)
        self._at += len(content)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A snapshot file mapped read-only: the JSON parts, and a view of each section."""

    path: Path
    version: int
    digest: str
    main: Mapping[str, Any]
    notes: Mapping[str, Any]
    sections: Mapping[str, memoryview]


def open_mapped(path: Path) -> Mapped:
    """Map a snapshot file and check every byte of it once; raises ``SnapshotBroken``.

    The check reads through a buffer and not through the mapping, so that it does not make the pages count as
    the process's own.
    """
    try:
        with path.open("rb") as file:
            ending = _read_ending(file, path)
            main = _part(file, path, ending.main)
            notes = _part(file, path, ending.notes)
            if main.get("byte_order") != sys.byteorder:
                raise _broken(path, f"made on a {main.get('byte_order')}-endian machine")
            sections = _table(main, path, ending.main[0])
            for name, section in sections.items():
                _check(file, path, name, section)
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise SnapshotBroken(f"{path}: cannot be read: {error.strerror or error}") from error
    views = {name: view[at : at + size] for name, (at, size, _) in sections.items()}
    return Mapped(path, ending.magic[-1], ending.digest, main, notes, views)


def copy_with_notes(path: Path, file: IO[bytes], notes: Mapping[str, Any]) -> None:
    """Write the snapshot at ``path`` again with other notes; the digest stays."""
    with path.open("rb") as reader:
        ending = _read_ending(reader, path)
        at, size, _ = ending.main
        reader.seek(0)
        left = at
        while left:
            block = reader.read(min(_BLOCK, left))
            file.write(block)
            left -= len(block)
        body = reader.read(size)
    file.write(body)
    file.write(_ending(ending.magic, at, body, _packed(notes), bytes.fromhex(ending.digest)))


@dataclass(frozen=True, slots=True)
class _Ending:
    magic: bytes
    main: tuple[int, int, int]
    notes: tuple[int, int, int]
    digest: str


def _packed(part: Mapping[str, Any]) -> bytes:
    return json.dumps(part, sort_keys=True, separators=(",", ":")).encode()


def _magic(version: int) -> bytes:
    return _NAME + bytes([version])


def _ending(magic: bytes, at: int, body: bytes, notes: bytes, digest: bytes) -> bytes:
    footer = _FOOTER.pack(
        at, len(body), zlib.crc32(body), at + len(body), len(notes), zlib.crc32(notes), digest
    )
    return notes + footer + _TAIL.pack(zlib.crc32(footer), magic)


def _read_ending(file: IO[bytes], path: Path) -> _Ending:
    size = file.seek(0, 2)
    fixed = _FOOTER.size + _TAIL.size
    file.seek(0)
    magic = file.read(_MAGIC_SIZE)
    if len(magic) < _MAGIC_SIZE or magic[:-1] != _NAME:
        raise _broken(path, "not a snapshot")
    if magic[-1] not in (VERSION, DELTA):
        raise _broken(
            path, f"version {magic[-1]} of the format, this program reads versions {VERSION} and {DELTA}"
        )
    if size < _MAGIC_SIZE + fixed:
        raise _broken(path, "cut short")
    file.seek(size - fixed)
    footer = file.read(_FOOTER.size)
    crc, repeated = _TAIL.unpack(file.read(_TAIL.size))
    if repeated != magic or crc != zlib.crc32(footer):
        raise _broken(path, "cut short, or its end is damaged")
    main_at, main_size, main_crc, notes_at, notes_size, notes_crc, digest = _FOOTER.unpack(footer)
    if notes_at != main_at + main_size or notes_at + notes_size != size - fixed:
        raise _broken(path, "its parts do not add up to its size")
    return _Ending(magic, (main_at, main_size, main_crc), (notes_at, notes_size, notes_crc), digest.hex())


def _part(file: IO[bytes], path: Path, place: tuple[int, int, int]) -> dict[str, Any]:
    at, size, crc = place
    file.seek(at)
    content = file.read(size)
    if zlib.crc32(content) != crc:
        raise _broken(path, f"damaged between byte {at} and {at + size}")
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _broken(path, f"its description is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _broken(path, "its description is not an object")
    return found


def _table(main: Mapping[str, Any], path: Path, end: int) -> dict[str, tuple[int, int, int]]:
    try:
        table = {name: (int(at), int(size), int(crc)) for name, (at, size, crc) in main["sections"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(path, f"its table of sections is wrong: {error!r}") from error
    for name, (at, size, _) in table.items():
        if at < _MAGIC_SIZE or size < 0 or at + size > end:
            raise _broken(path, f"section {name} is outside the file")
    return table


def _check(file: IO[bytes], path: Path, name: str, section: tuple[int, int, int]) -> None:
    at, size, crc = section
    file.seek(at)
    found, left = 0, size
    while left:
        block = file.read(min(_BLOCK, left))
        if not block:
            break
        found = zlib.crc32(block, found)
        left -= len(block)
    if left or found != crc:
        raise _broken(path, f"section {name} is damaged")


def _broken(path: Path, found: str) -> SnapshotBroken:
    return SnapshotBroken(f"{path}: {found}; delete it and run: schoolguard lists compile")
