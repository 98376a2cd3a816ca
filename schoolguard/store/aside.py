"""The names that a store's files have beside it: SQLite's own, a damaged one set aside, a new one that waits.

A crash at any moment leaves either the damaged file, or a whole new one that waits for its name: ``finish``
gives it at the next start. Nothing here may be called for a file that is open.
"""

from __future__ import annotations

import os
from pathlib import Path

from schoolguard.store.bounds import DAY

KEPT = 30 * DAY
"""How long a damaged file that was set aside is kept: time to send it to whoever can say what happened."""

_BESIDE = ("", "-wal", "-shm")


def beside(path: Path) -> list[Path]:
    """Return a file and SQLite's two files with it."""
    return [path.with_name(f"{path.name}{end}") for end in _BESIDE]


def aside_of(path: Path) -> Path:
    """Return where a damaged file is put; one that lay there before is replaced."""
    return path.with_name(f"{path.name}.damaged")


def making_of(path: Path) -> Path:
    """Return where a new file is made; what lies there is worth nothing."""
    return path.with_name(f"{path.name}.making")


def _waiting(path: Path) -> Path:
    return path.with_name(f"{path.name}.restored")


def replace_by(path: Path, made: Path) -> None:
    """Set a damaged file aside and give the one that was made its name; raises ``OSError``."""
    made.replace(_waiting(path))
    _sync(path.parent)
    finish(path)


def finish(path: Path) -> bool:
    """Give a new file that waits its name, and set the damaged one aside; return whether one waited."""
    if not _waiting(path).exists():
        return False
    if path.exists():  # else it was set aside before the crash, and may still want its log
        remove(aside_of(path))
    for old, aside in zip(beside(path), beside(aside_of(path)), strict=True):
        if old.exists():
            old.replace(aside)
    _waiting(path).replace(path)
    _sync(path.parent)
    return True


def remove(path: Path) -> None:
    """Delete a file and SQLite's two files with it."""
    for each in beside(path):
        each.unlink(missing_ok=True)


def remove_aside(path: Path, now: float) -> None:
    """Delete a damaged file that was set aside long ago; raises ``OSError``."""
    for each in beside(aside_of(path)):
        if each.exists() and now - each.stat().st_mtime > KEPT:
            each.unlink()


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
