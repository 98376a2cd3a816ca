"""The gateway's memory of what it believed: root chain, metadata of the last good state, fetched files.

It must not judge anything but digests. Metadata and files are named by their SHA-256; what is in force is
named by ``trusted.json``, changed by one rename: a kill, a full disk or a power cut leaves the old state or
the new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schoolguard.intake.trust.errors import StoreFailed
from schoolguard.intake.trust.names import is_role_name
from schoolguard.language import N_
from schoolguard.lists.archive import write_synced

FORMAT = "schoolguard-trust/1"

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FAILED = N_("{folder}: {why}")
_BUSY = N_("{path}: another refresh is at work there")


@dataclass(frozen=True, slots=True)
class Saved:
    """The metadata of the last good state, by role.

    ``damaged``: something of it could not be read or was changed on the disk, and is fetched again. An older
    state could then be shown for as long as its timestamp is valid, a day.
    """

    state: Mapping[str, bytes]
    damaged: bool


class Store:
    """A folder: ``roots/``, ``metadata/``, ``partial/``, ``targets/``, ``trusted.json``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = folder / "trusted.json"
        self._roots = folder / "roots"
        self._metadata = folder / "metadata"
        self._partial = folder / "partial"
        self._targets = folder / "targets"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other refreshes out; errors of the disk become ``StoreFailed``; a death lets go of it."""
        with self.writing(), exclusive(self.folder / ".lock"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make the folders, and turn errors of the disk into ``StoreFailed``."""
        try:
            for folder in (self._roots, self._metadata, self._partial, self._targets):
                folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise StoreFailed(_FAILED, folder=self.folder, why=error.strerror or str(error)) from error

    def pinned(self) -> bytes | None:
        """Return the root that the installer confirmed by its fingerprint, if there is one."""
        path = self._roots / "pinned.json"
        return path.read_bytes() if path.is_file() else None

    def pin(self, root: bytes) -> None:
        """Keep a root as the first one believed."""
        with self.locked():
            write_synced(self._roots / "pinned.json", root)

    def root(self, version: int) -> bytes | None:
        """Return a root that was believed before, if it is still there."""
        path = self._roots / f"{version}.root.json"
        return path.read_bytes() if path.is_file() else None

    def add_root(self, version: int, content: bytes) -> None:
        """Keep a root; at once, for a key that it revoked must stay revoked whatever comes next."""
        write_synced(self._roots / f"{version}.root.json", content)

    def saved(self) -> Saved:
        """Return the last good state, without what is damaged."""
        digests = self._digests()
        found = {role: self._read(digest) for role, digest in digests.items()}
        state = {role: content for role, content in found.items() if content is not None}
        damaged = len(state) < len(digests) or (self._record.exists() and not digests)
        return Saved(state, damaged)

    def changed(self) -> float:
        """Return when the last good state was written, in Unix seconds, 0 for never."""
        return self._record.stat().st_mtime if self._record.is_file() else 0.0

    def commit(self, state: Mapping[str, bytes]) -> None:
        """Make ``state``, metadata by role, the last good one."""
        digests = {role: hashlib.sha256(content).hexdigest() for role, content in state.items()}
        if digests == self._digests() and not self.saved().damaged:
            return
        for role, digest in digests.items():
            if self._read(digest) is None:
                write_synced(self._metadata / digest, state[role])
        text = json.dumps({"format": FORMAT, "roles": digests}, sort_keys=True, separators=(",", ":"))
        write_synced(self._record, text.encode())
        _keep(self._metadata, set(digests.values()))

    def partial(self, sha256: str) -> Path:
        """Return where the first part of a file stands while it is fetched."""
        return self._partial / sha256

    def target(self, sha256: str) -> Path:
        """Return where a fetched file stands."""
        return self._targets / sha256

    def prune(self, wanted: Collection[str]) -> None:
        """Delete the fetched files and parts whose SHA-256 is not in ``wanted``."""
        with self.locked():
            _keep(self._partial, wanted)
            _keep(self._targets, wanted)

    def _read(self, digest: str) -> bytes | None:
        path = self._metadata / digest
        content = path.read_bytes() if path.is_file() else None
        return content if content is not None and hashlib.sha256(content).hexdigest() == digest else None

    def _digests(self) -> dict[str, str]:
        try:
            record = json.loads(self._record.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        roles = record.get("roles") if isinstance(record, dict) and record.get("format") == FORMAT else None
        if not isinstance(roles, dict):
            return {}
        return {r: d for r, d in roles.items() if is_role_name(r) and isinstance(d, str) and _SHA256.match(d)}


@contextmanager
def exclusive(path: Path) -> Iterator[BinaryIO]:
    """Open a file for appending that nobody else has open so; raises ``StoreFailed``."""
    with path.open("ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreFailed(_BUSY, path=path) from error
        yield file


def _keep(folder: Path, wanted: Collection[str]) -> None:
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
