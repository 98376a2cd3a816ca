"""The last good copy of every list: files named by their SHA-256, and an index of which list has which.

It must not judge a list (``limits`` does). A list is first *staged*: copied, with the digest of what was
copied, so that what is judged, compiled and kept is one and the same. Every file is written beside, synced
and renamed: a kill or a power cut leaves the old copy or the new one. Copies, not hard links, since a
download that overwrites the list in place would overwrite a link's contents too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_BLOCK = 1 << 20
_PARTIAL = "partial-"
_PLAIN, _COMPRESSED = ".list", (".xz", ".gz")
_COPY = re.compile(r"[0-9a-f]{64}\.(?:list|xz|gz)\Z")


class SourceUnreadable(Exception):
    """A list's file cannot be read; ``reason`` is ``missing`` or ``unreadable``."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror or error}")
        self.reason = "missing" if isinstance(error, FileNotFoundError) else "unreadable"


class ArchiveBroken(Exception):
    """The index of the last good copies cannot be read; says what to do."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The last good copy of one list: file (empty: none), entries, and since when the list is refused.

    ``file`` is the SHA-256 in hexadecimal with the list's suffix, which tells whether it is compressed.
    ``refused_since`` is in seconds since 1970, 0 when the list itself is in force.
    """

    file: str = ""
    entries: int = 0
    refused_since: int = 0


@dataclass(frozen=True, slots=True)
class Staged:
    """A list's present content: where it stands, its SHA-256 in hexadecimal, its name once kept."""

    path: Path
    digest: str
    file: str


class Archive:
    """The folder of last good copies; only a compile, one at a time, may do more than look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = _read_index(folder / "index.json")

    def copy_of(self, list_id: str) -> Copy:
        """Return what is known of a list's last good copy."""
        return self._index.get(list_id, Copy())

    def path_of(self, copy: Copy) -> Path:
        """Return where a copy stands."""
        return self.folder / copy.file

    def has(self, copy: Copy) -> bool:
        """Return whether there is such a copy, its content intact."""
        return bool(copy.file) and self._intact(copy.file)

    def clear(self) -> None:
        """Delete what a killed compile left behind."""
        for left in self.folder.glob(_PARTIAL + "*"):
            left.unlink()

    def stage(self, source: Path, list_id: str) -> Staged:
        """Return the list's content as a file that nobody else writes: the copy kept, or a new one.

        Raises ``SourceUnreadable``, and ``OSError`` when the copy cannot be written.
        """
        try:
            digest = digest_of(source)
        except OSError as error:
            raise SourceUnreadable(source, error) from error
        suffix = source.suffix if source.suffix in _COMPRESSED else _PLAIN
        if self._intact(digest + suffix):
            return Staged(self.folder / (digest + suffix), digest, digest + suffix)
        partial = self.folder / f"{_PARTIAL}{hashlib.sha256(list_id.encode()).hexdigest()[:16]}{suffix}"
        digest = _copy(source, partial)
        return Staged(partial, digest, digest + suffix)

    def keep(self, list_id: str, staged: Staged, entries: int) -> None:
        """Make ``staged`` the list's last good copy; takes effect with ``save``."""
        kept = self.folder / staged.file
        if staged.path != kept:
            staged.path.replace(kept)
        self._index[list_id] = Copy(staged.file, entries)

    def refuse(self, list_id: str, now: int) -> Copy:
        """Note that the list is refused, since ``now`` unless it was before, and return its good copy."""
        copy = self.copy_of(list_id)
        copy = replace(copy, refused_since=copy.refused_since or now)
        self._index[list_id] = copy
        return copy

    def save(self, used: Iterable[str]) -> None:
        """Write the index with the lists ``used`` and drop the copies that no list names any more."""
        self._index = {list_id: self.copy_of(list_id) for list_id in sorted(used)}
        text = json.dumps({list_id: asdict(copy) for list_id, copy in self._index.items()}, indent=1)
        write_synced(self.folder / "index.json", text.encode())
        named = {copy.file for copy in self._index.values()}
        for path in self.folder.iterdir():
            if path.name.startswith(_PARTIAL) or (_COPY.match(path.name) and path.name not in named):
                path.unlink()

    def _intact(self, name: str) -> bool:
        path = self.folder / name
        return path.is_file() and digest_of(path) == name.partition(".")[0]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal, without holding it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_synced(path: Path, content: bytes) -> None:
    """Write a small file so that a reader or a power cut sees the old content or the new, whole."""
    partial = path.with_name(_PARTIAL + path.name)
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def _read_index(path: Path) -> dict[str, Copy]:
    try:
        found: Mapping[str, Mapping[str, object]] = json.loads(path.read_text())
        return {list_id: _copy_from(row) for list_id, row in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ArchiveBroken(
            f"{path}: not an index of last good copies ({error}); delete it: the lists present will be "
            "judged as new, and those that are refused have no last good copy until they are good again"
        ) from error


def _copy_from(row: Mapping[str, object]) -> Copy:
    file, entries, since = row["file"], row["entries"], row["refused_since"]
    if not (isinstance(file, str) and isinstance(entries, int) and isinstance(since, int)):
        raise TypeError("file, entries and refused_since must be a text and two numbers")
    if file and not _COPY.match(file):
        raise ValueError(f"{file!r} names no copy")
    return Copy(file, entries, since)
