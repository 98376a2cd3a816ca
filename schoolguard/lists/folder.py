"""The folder of snapshots: files named by their digest, and ``current``, which names the newest good ones.

A snapshot becomes current by one rename of ``current``; until then nobody opens it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schoolguard.lists.archive import sync_folder, write_synced
from schoolguard.lists.layout import SnapshotBroken

KEPT = 3
"""Snapshots kept, the current one among them: ``explain`` can look back, and workers still map the last."""

_CURRENT = "current"
_LOCK = ".lock"


class CompileBusy(Exception):
    """Another compile is at work in the folder."""


def current_in(folder: Path) -> Path:
    """Return the current snapshot of a folder; raises ``SnapshotBroken`` when there is none."""
    names = _history(folder)
    if not names:
        raise SnapshotBroken(f"{folder}: holds no snapshot; run: schoolguard lists compile")
    return folder / names[0]


def make_current(path: Path) -> None:
    """Make a snapshot, complete and synced, its folder's current one; delete those before the last two."""
    folder = path.parent
    sync_folder(folder)
    names = [path.name, *(name for name in _history(folder) if name != path.name)][:KEPT]
    write_synced(folder / _CURRENT, "".join(name + "\n" for name in names).encode())
    for old in folder.glob("*.snapshot"):
        if old.name not in names:
            old.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other compiles out of a folder; the system lets go of the lock when the process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CompileBusy(f"{folder}: another compile is at work there; wait until it ends") from None
        yield


def _history(folder: Path) -> list[str]:
    try:
        text = (folder / _CURRENT).read_text(encoding="ascii")
    except (FileNotFoundError, ValueError):
        return []  # none yet, or a damaged file: either way the next compile writes it
    except OSError as error:
        raise SnapshotBroken(f"{folder / _CURRENT}: cannot be read: {error}") from error
    return [name for name in text.split("\n") if name.endswith(".snapshot") and "/" not in name]
