"""The lists of a configuration as a gateway would have them after a reload, without touching what it has.

The gateway's own snapshot serves when it was made of just these lists; else they are compiled in a folder
that is gone afterwards, beside a copy of the last good copies.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from schoolguard.language import N_
from schoolguard.lists.archive import digest_of
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import SnapshotBroken, open_mapped
from schoolguard.lists.reuse import fingerprint
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.compiling import CompileFailed, Compiler
from schoolguard.node.province_layers import province_paths
from schoolguard.settings import Settings


@contextmanager
def lists_aside(settings: Settings, state: Path) -> Iterator[Stack]:
    """Give the lists of ``settings`` as a gateway with the folder ``state`` would have them.

    Raises ``CompileFailed`` and ``SnapshotBroken``.
    """
    ready = Compiler(state)
    fresh = _fresh(settings, ready.folder)
    province = [Snapshot.open(path) for path in province_paths(settings)]
    if fresh is not None:
        yield Stack([*province, Snapshot.open(fresh)])
        return
    with TemporaryDirectory(prefix="schoolguard-") as folder:
        beside = Compiler(Path(folder))
        _copy(ready.archive, beside.archive)
        layers = asyncio.run(beside.compile(settings))
        yield Stack([*province, *(Snapshot.open(Path(path)) for path in layers.paths)])


def _fresh(settings: Settings, snapshots: Path) -> Path | None:
    """Return the current snapshot if it was made of just these lists as they are now."""
    try:
        mapped = open_mapped(current_in(snapshots))
        digests = [digest_of(Path(source.path)) for source in settings.lists]
    except (SnapshotBroken, OSError):
        return None  # the compile says what is wrong with a list, and needs no former snapshot
    return mapped.path if mapped.main.get("input") == fingerprint(settings.lists, digests) else None


def _copy(archive: Path, target: Path) -> None:
    try:
        shutil.copytree(archive, target)
    except FileNotFoundError:
        shutil.rmtree(target, ignore_errors=not target.exists())
    except (OSError, shutil.Error) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else error
        msgid = N_("the last good copies in {folder} cannot be read: {problem}")
        raise CompileFailed(msgid, folder=archive, problem=problem) from error
