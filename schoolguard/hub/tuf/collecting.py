"""Deletes what no gateway can ask for any more: files and metadata that nothing has led to for a while.

It must not delete a root, ever, nor anything that was led to within the grace: a mirror or a gateway may
hold the snapshot of a week ago. When something was first seen unreferenced is kept in a file of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from schoolguard.hub.tuf.drafts import draft, waiting
from schoolguard.hub.tuf.lifetimes import LIFETIMES
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.trust.contents import targets_of
from schoolguard.intake.trust.names import (
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    served_metadata,
    served_target,
)
from schoolguard.lists.archive import write_synced

GRACE = float(LIFETIMES[SNAPSHOT])
"""Seconds: as long as a snapshot holds, for no gateway can believe an older one."""


def collect(repository: Repository, now: float, grace: float = GRACE) -> list[str]:
    """Delete what has been unreferenced for ``grace`` seconds; returns the paths, relative to what is
    served."""
    with repository.locked():
        wanted = {*referenced(repository), *_wanted_by_drafts(repository)}
        present = {path.relative_to(repository.served).as_posix() for path in _files(repository.served)}
        since = {path: min(_since(repository).get(path, now), now) for path in present - wanted}
        gone = sorted(path for path, first in since.items() if now - first >= grace)
        for path in gone:
            (repository.served / path).unlink()
        kept = {path: first for path, first in since.items() if path not in gone}
        write_synced(_record(repository), json.dumps(kept, sort_keys=True).encode())
        for left in repository.incoming.iterdir():
            left.unlink()
    return gone


def referenced(repository: Repository) -> Iterator[str]:
    """Yield what the present state leads to, relative to what is served."""
    yield from (served_metadata(ROOT, version) for version in repository.roots())
    yield served_metadata(TIMESTAMP, None)
    timestamp, snapshot = repository.timestamp(), repository.snapshot()
    if timestamp is None or snapshot is None:
        return
    yield served_metadata(SNAPSHOT, timestamp.signed.snapshot_meta.version)
    for file, meta in snapshot.signed.meta.items():
        yield served_metadata(file.removesuffix(".json"), meta.version)
    top = repository.published(TARGETS)
    roles = top.signed.delegations.roles or {} if top is not None and top.signed.delegations else {}
    for role in roles:
        yield from _targets(role, repository.published(role))


def _wanted_by_drafts(repository: Repository) -> Iterator[str]:
    for role in waiting(repository):
        if role != ROOT:
            yield from _targets(role, draft(repository, role))


def _targets(role: str, document: Metadata[Targets] | None) -> Iterator[str]:
    if document is not None:
        found = targets_of(role, document.signed).values()
        yield from (served_target(target.path, target.sha256) for target in found)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _record(repository: Repository) -> Path:
    return repository.folder / "unreferenced.json"


def _since(repository: Repository) -> dict[str, float]:
    try:
        found = json.loads(_record(repository).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}  # not known since when: the grace begins again
    times = found.items() if isinstance(found, dict) else ()
    return {path: float(first) for path, first in times if isinstance(first, int | float)}
