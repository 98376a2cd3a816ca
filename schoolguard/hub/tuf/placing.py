"""Brings target files into the repository: copied, checked, then renamed to their place.

It must not take a file that no metadata lists. A file is named by its digest, so a new one never overwrites
one that a gateway may be fetching.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.names import is_target_name, served_target
from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder

_BLOCK = 1 << 20
_OTHER = N_("{name}: {length} bytes with SHA-256 {sha256} were to come; another file came")


def place_target(repository: Repository, target: Target, source: Path) -> None:
    """Copy a target's file to its place; raises ``RepositoryFailed`` when it is another, and ``OSError``."""
    if not is_target_name(target.path):
        raise RepositoryFailed(N_("{name!r} may not be a file's name"), name=target.path)
    if repository.has_target(target):
        return
    place = repository.served / served_target(target.path, target.sha256)
    partial = repository.incoming / f"{target.sha256}.{os.getpid()}"
    try:
        with source.open("rb") as reader, partial.open("wb") as writer:
            found = _copy(reader, writer, target.length)
        if found != target.sha256:
            raise RepositoryFailed(_OTHER, name=target.path, length=target.length, sha256=target.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(place.parent)


def _copy(reader: BinaryIO, writer: BinaryIO, length: int) -> str:
    digest, left = hashlib.sha256(), length
    while block := reader.read(min(_BLOCK, left + 1)):
        if len(block) > left:
            return ""  # longer than it may be: whatever its digest, it is another file
        left -= len(block)
        digest.update(block)
        writer.write(block)
    writer.flush()
    os.fsync(writer.fileno())
    return digest.hexdigest() if not left else ""
