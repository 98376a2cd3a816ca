"""Copies the present state of a repository to a folder or stick, complete and without what is only kept for
a while.

It must not copy anything that waits. The timestamp is written last: a stick that is pulled out too early
holds its old state or nothing, never a mixture.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from schoolguard.hub.tuf.collecting import referenced
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.names import TIMESTAMP, served_metadata
from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder

_NOTHING = N_("nothing is published yet")


def copy_current(repository: Repository, to: Path) -> int:
    """Copy what is published to ``to``; returns the bytes copied. Raises ``RepositoryFailed``,
    ``OSError``."""
    last = served_metadata(TIMESTAMP, None)
    with repository.locked():
        if repository.timestamp() is None:
            raise RepositoryFailed(_NOTHING)
        names = [name for name in dict.fromkeys(referenced(repository)) if name != last]
        return sum(_copy(repository.served / name, to / name) for name in [*sorted(names), last])


def _copy(source: Path, to: Path) -> int:
    size = source.stat().st_size
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.parts[-2] != "metadata" and to.is_file() and to.stat().st_size == size:
        return 0  # named by its digest, and checked by whoever takes it
    partial = to.with_name("partial-" + to.name)
    with source.open("rb") as reader, partial.open("wb") as writer:
        shutil.copyfileobj(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())
    partial.replace(to)
    sync_folder(to.parent)
    return size
