"""Writes what a gateway believes to a folder or stick, as a repository that another gateway can read.

It must not vouch for anything: the other gateway checks every signature itself. The timestamp is written
last, so that a stick that is pulled out too early holds its old state or none.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from schoolguard.intake.trust.contents import targets_of
from schoolguard.intake.trust.errors import StoreFailed
from schoolguard.intake.trust.limits import MAX_ROOTS
from schoolguard.intake.trust.names import ROOT, TIMESTAMP, TOP_LEVEL, served_metadata, served_target
from schoolguard.intake.trust.store import Store
from schoolguard.language import N_
from schoolguard.lists.archive import write_synced

_NOTHING = N_("{folder}: nothing was fetched yet")
_FAILED = N_("{path}: {why}")


def export(store: Store, first: bytes, folder: Path) -> int:
    """Write the last good state and the files that were fetched to ``folder``; returns the number of files.

    ``first`` is the pinned root; the roots after it are written too. Raises ``StoreFailed``.
    """
    state = store.saved().state
    if TIMESTAMP not in state:
        raise StoreFailed(_NOTHING, folder=store.folder)
    try:
        return _files(store, state, folder) + _metadata(store, first, state, folder)
    except OSError as error:
        raise StoreFailed(_FAILED, path=error.filename or folder, why=error.strerror) from error


def _files(store: Store, state: Mapping[str, bytes], folder: Path) -> int:
    count = 0
    for role in state.keys() - set(TOP_LEVEL):
        for target in targets_of(role, Metadata[Targets].from_bytes(state[role]).signed).values():
            source, place = store.target(target.sha256), folder / served_target(target.path, target.sha256)
            if source.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
                count += 1
    return count


def _metadata(store: Store, first: bytes, state: Mapping[str, bytes], folder: Path) -> int:
    (folder / "metadata").mkdir(parents=True, exist_ok=True)
    written = {served_metadata(ROOT, _version(first)): first}
    for version in range(_version(first) + 1, _version(first) + MAX_ROOTS):
        content = store.root(version)
        if content is None:
            break
        written[served_metadata(ROOT, version)] = content
    for role, content in state.items():
        if role != TIMESTAMP:
            written[served_metadata(role, _version(content))] = content
    written[served_metadata(TIMESTAMP, None)] = state[TIMESTAMP]
    for name, content in written.items():
        write_synced(folder / name, content)
    return len(written)


def _version(content: bytes) -> int:
    return int(Metadata.from_bytes(content).signed.version)
