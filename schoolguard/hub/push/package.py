"""A push on its way: one file with a head line, the role's new metadata, and the files that it lists.

    {"created":...,"files":[{"length":..,"path":..,"sha256":..}],"format":"schoolguard-push/1",...}<LF>
    the metadata, then each file, bytes as they are

One file is one upload, so there is no state between files that a broken line could leave half-done. It must
not judge metadata: they are bytes here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from schoolguard.hub.push.reasons import Reason
from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, read_canonical, rfc3339
from schoolguard.language import N_, Said

FORMAT = "schoolguard-push/1"
MOST_HEAD = 64 << 10
MOST_FILES = 100
MOST_METADATA = 4 << 20

_BLOCK = 1 << 20
_PATH = re.compile(r"(?:lists|orders)(?:/[a-z0-9][a-z0-9._-]{0,120}){2}\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")

_HEAD = N_("the push has no right head: {why}")
_OTHER = N_("the push is signed in by {partner} and says that it is of {found}")
_PATHS = N_("{path} is no path of a file of {partner}")
_LENGTH = N_("the head tells of {told} bytes; there are {found}")
_DIGEST = N_("{path}: the bytes are not those that the head tells of")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a push: its target name, length and SHA-256."""

    path: str
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a push holds; ``created`` in Unix seconds, ``metadata`` is a length."""

    partner: str
    created: int
    metadata: int
    files: tuple[Part, ...]

    def line(self) -> bytes:
        """Return the head line."""
        files = [{"length": each.length, "path": each.path, "sha256": each.sha256} for each in self.files]
        members = {
            "created": rfc3339(self.created),
            "files": files,
            "format": FORMAT,
            "metadata": self.metadata,
            "partner": self.partner,
        }
        return canonical(members) + b"\n"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A push whose bytes are as its head says: the metadata, and each file by its target name."""

    partner: str
    metadata: bytes
    files: dict[str, Path]
    parts: tuple[Part, ...]


class PackageRefused(Exception):
    """A push is not what its head says; ``reasons`` has every reason."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(f"{reason.code}: {reason.said}" for reason in reasons))
        self.reasons = tuple(reasons)


def pack(
    out: BinaryIO, partner: str, created: int, metadata: bytes, files: Sequence[tuple[str, Path]]
) -> str:
    """Write a push and return its SHA-256, which is its name; the same input gives the same bytes."""
    parts = tuple(_part(path, file) for path, file in files)
    whole = hashlib.sha256()

    def put(block: bytes) -> None:
        whole.update(block)
        out.write(block)

    put(Head(partner, created, len(metadata), parts).line())
    put(metadata)
    for _, file in files:
        with file.open("rb") as reader:
            while block := reader.read(_BLOCK):
                put(block)
    return whole.hexdigest()


def unpack(package: Path, partner: str, folder: Path) -> Unpacked:
    """Write the files of a push into ``folder``, named by their digests; may be done again after a kill.

    Raises ``PackageRefused`` with every reason, and ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = package.stat().st_size
    with package.open("rb") as reader:
        line = reader.readline(MOST_HEAD + 1)
        head = _head(line)
        reasons = list(_wrong(head, partner))
        told = len(line) + head.metadata + sum(part.length for part in head.files)
        if told != size:
            reasons.append(Reason("length", Said(_LENGTH, told=told, found=size)))
        if reasons:
            raise PackageRefused(reasons)
        metadata = reader.read(head.metadata)
        for part in head.files:
            if _copy(reader, folder / part.sha256, part.length) != part.sha256:
                reasons.append(Reason("digest", Said(_DIGEST, path=part.path), part.path))
    if reasons:
        raise PackageRefused(reasons)
    files = {part.path: folder / part.sha256 for part in head.files}
    return Unpacked(partner, metadata, files, head.files)


def _part(path: str, file: Path) -> Part:
    with file.open("rb") as reader:
        digest = hashlib.file_digest(reader, "sha256").hexdigest()
    return Part(path, file.stat().st_size, digest)


def _head(line: bytes) -> Head:
    try:
        if not line.endswith(b"\n"):
            raise NotCanonical("no line")
        members = read_canonical(line[:-1], MOST_HEAD)
        if members.get("format") != FORMAT:
            raise NotCanonical(f"the format is not {FORMAT}")
        if set(members) != {"created", "files", "format", "metadata", "partner"}:
            raise NotCanonical("other members than belong there")
        metadata, files = members["metadata"], members["files"]
        if not isinstance(members["partner"], str) or not isinstance(files, list):
            raise NotCanonical("the partner or the files are of another kind")
        if not _is_length(metadata, MOST_METADATA) or len(files) > MOST_FILES:
            raise NotCanonical("too much metadata or too many files")
        created = moment(str(members["created"]))
        return Head(members["partner"], created, metadata, tuple(map(_read_part, files)))
    except NotCanonical as error:
        raise PackageRefused([Reason("bad-head", Said(_HEAD, why=str(error)))]) from error


def _read_part(found: Any) -> Part:
    if not isinstance(found, dict) or set(found) != {"length", "path", "sha256"}:
        raise NotCanonical("a file is not described by length, path and sha256")
    length, path, digest = found["length"], found["path"], found["sha256"]
    if not _is_length(length, 1 << 40) or not isinstance(path, str) or not isinstance(digest, str):
        raise NotCanonical("a file is not described by length, path and sha256")
    if not _HEX.match(digest):
        raise NotCanonical("a sha256 is not in hexadecimal")
    return Part(path, length, digest)


def _is_length(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _wrong(head: Head, partner: str) -> list[Reason]:
    reasons = []
    if head.partner != partner:
        reasons.append(Reason("other-partner", Said(_OTHER, partner=partner, found=repr(head.partner[:60]))))
    seen: set[str] = set()
    for part in head.files:
        right = _PATH.match(part.path) and ".." not in part.path and part.path.split("/")[1] == partner
        if not right or part.path in seen:
            shown = repr(part.path[:120])
            reasons.append(Reason("path", Said(_PATHS, path=shown, partner=partner), part.path[:120]))
        seen.add(part.path)
    return reasons


def _copy(reader: BinaryIO, target: Path, length: int) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as writer:
        while length and (block := reader.read(min(_BLOCK, length))):
            digest.update(block)
            writer.write(block)
            length -= len(block)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()
