"""The publisher's folder: what is served, what waits to be signed, and reading both.

It must not change anything but its own folders' existence. ``repository/`` is what a web server serves;
``drafts/`` holds metadata that waits for signatures or for the next publishing; ``incoming/`` files on
their way. What is published is what the timestamp leads to, nothing else.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.names import ROOT, TIMESTAMP, served_metadata, served_target
from schoolguard.language import N_, Said

_ROOT_FILE = re.compile(r"([1-9][0-9]{0,8})\.root\.json\Z")
_BUSY = N_("{folder}: another publishing is at work there; wait until it ends")
_BROKEN = N_("{path}: no readable metadata")


T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


class RepositoryFailed(Said):
    """The publisher's folder is not as it must be, or is asked for what cannot be; says what to do."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A publisher's folder."""

    folder: Path

    @property
    def served(self) -> Path:
        """The folder of static files."""
        return self.folder / "repository"

    @property
    def drafts(self) -> Path:
        """The folder of metadata that is not published yet."""
        return self.folder / "drafts"

    @property
    def incoming(self) -> Path:
        """The folder of files that are not complete yet."""
        return self.folder / "incoming"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing anything; raises ``RepositoryFailed`` when someone does."""
        for folder in (self.served / "metadata", self.served / "targets", self.drafts, self.incoming):
            folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RepositoryFailed(_BUSY, folder=self.folder) from error
            yield

    def roots(self) -> list[int]:
        """Return the versions of the published roots, oldest first."""
        names = (_ROOT_FILE.match(path.name) for path in (self.served / "metadata").glob("*.root.json"))
        return sorted(int(match[1]) for match in names if match)

    def root_bytes(self, version: int) -> bytes:
        """Return a published root."""
        return (self.served / served_metadata(ROOT, version)).read_bytes()

    def root(self) -> Metadata[Root] | None:
        """Return the newest published root, None before the founding is complete."""
        versions = self.roots()
        return parsed(self.root_bytes(versions[-1]), Root, versions[-1]) if versions else None

    def timestamp_bytes(self) -> bytes | None:
        """Return the timestamp, None before the first publishing."""
        path = self.served / served_metadata(TIMESTAMP, None)
        return path.read_bytes() if path.is_file() else None

    def timestamp(self) -> Metadata[Timestamp] | None:
        """Return the timestamp, None before the first publishing."""
        content = self.timestamp_bytes()
        return parsed(content, Timestamp, TIMESTAMP) if content is not None else None

    def snapshot_bytes(self) -> bytes | None:
        """Return the published snapshot."""
        timestamp = self.timestamp()
        if timestamp is None:
            return None
        path = self.served / served_metadata("snapshot", timestamp.signed.snapshot_meta.version)
        return path.read_bytes()

    def snapshot(self) -> Metadata[Snapshot] | None:
        """Return the published snapshot."""
        content = self.snapshot_bytes()
        return parsed(content, Snapshot, "snapshot") if content is not None else None

    def published_bytes(self, role: str) -> bytes | None:
        """Return a role's published metadata: of targets, compiled or a partner."""
        snapshot = self.snapshot()
        file = snapshot.signed.meta.get(f"{role}.json") if snapshot is not None else None
        path = self.served / served_metadata(role, file.version) if file is not None else None
        return path.read_bytes() if path is not None and path.is_file() else None

    def published(self, role: str) -> Metadata[Targets] | None:
        """Return a role's published metadata: of targets, compiled or a partner."""
        content = self.published_bytes(role)
        return parsed(content, Targets, role) if content is not None else None

    def has_target(self, target: Target) -> bool:
        """Return whether a target's file is there, by name and length; it was checked when it came."""
        path = self.served / served_target(target.path, target.sha256)
        return path.is_file() and path.stat().st_size == target.length


def parsed(content: bytes, kind: type[T], what: object) -> Metadata[T]:
    """Return metadata of one kind; raises ``RepositoryFailed``."""
    try:
        document = Metadata[T].from_bytes(content)
    except DeserializationError as error:
        raise RepositoryFailed(_BROKEN, path=what) from error
    if not isinstance(document.signed, kind):
        raise RepositoryFailed(_BROKEN, path=what)
    return document


def serialized(document: Metadata[Any]) -> bytes:
    """Return metadata as the bytes that are served: sorted, without spaces."""
    return document.to_bytes(JSONSerializer(compact=True))
