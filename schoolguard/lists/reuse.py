"""Whether the previous snapshot was made of just the lists at hand, so that nothing need be compiled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from schoolguard import __version__
from schoolguard.lists.archive import Archive, SourceUnreadable, Staged
from schoolguard.lists.layout import VERSION, Mapped, SnapshotBroken, open_mapped
from schoolguard.lists.model import ListSource


def fingerprint(sources: Sequence[ListSource], digests: Sequence[str]) -> str:
    """Return a digest of all that determines a snapshot: program, settings, and the contents in force."""
    settings = [
        [s.id, s.kind.value, s.bit, s.format, s.exceptions.value, s.max_entries, digest]
        for s, digest in zip(sources, digests, strict=True)
    ]
    return hashlib.sha256(json.dumps([__version__, VERSION, settings]).encode()).hexdigest()


def unchanged(
    previous: Path | None,
    sources: Sequence[ListSource],
    present: Sequence[Staged | SourceUnreadable],
    archive: Archive,
) -> Mapped | None:
    """Return the previous snapshot if it was made of just these lists, each the last good copy of itself.

    A previous snapshot that is broken counts as none: the lists are compiled anew, and nothing is lost.
    """
    digests = []
    for source, staged in zip(sources, present, strict=True):
        if isinstance(staged, SourceUnreadable) or staged.file != archive.copy_of(source.id).file:
            return None
        digests.append(staged.digest)
    if previous is None:
        return None
    try:
        mapped = open_mapped(previous)
    except SnapshotBroken:
        return None
    whole = mapped.version == VERSION
    return mapped if whole and mapped.main.get("input") == fingerprint(sources, digests) else None
