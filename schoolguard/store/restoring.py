"""A damaged file made anew from what can be read of it; the damaged one is set aside.

It must not be called while the file is open.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from schoolguard.store.aside import aside_of, beside, making_of, remove, replace_by
from schoolguard.store.connecting import connect
from schoolguard.store.kept import Restored
from schoolguard.store.migrations import PAGE, migrate
from schoolguard.store.pages import records
from schoolguard.store.rebuilding import fill, put_counts, put_state
from schoolguard.store.salvage import Salvage
from schoolguard.store.wal import Wal, read_wal

_CHUNK = 5_000


def restore(path: Path, problem: str) -> Restored:
    """Make the file anew from what can be read; return what was lost.

    Raises ``OSError`` and ``sqlite3.Error`` when the new one cannot be written; the damaged one is then
    where it was.
    """
    making = making_of(path)
    remove(making)
    try:
        restored = _make(path, making, problem)
    except BaseException:
        remove(making)
        raise
    replace_by(path, making)
    return restored


def _make(path: Path, making: Path, problem: str) -> Restored:
    salvage = Salvage()
    with closing(connect(making)) as new:
        # Until it has its name it is worth nothing: no log beside it, and one flush at the end.
        new.execute("PRAGMA journal_mode = MEMORY").fetchall()
        new.execute("PRAGMA synchronous = OFF")
        migrate(new)
        new.execute("BEGIN IMMEDIATE")
        _copy_counts(new, path, salvage)
        lost = fill(new, salvage)
        restored = Restored(
            problem,
            aside_of(path),
            salvage.read,
            salvage.pages,
            salvage.rows + lost.rows,
            len(lost.documents),
            lost.queries,
            tuple(sorted(lost.documents)),
        )
        put_state(new, salvage.state, restored)
        new.execute("COMMIT")
    making.chmod(path.stat().st_mode & 0o777)
    with making.open("rb") as file:
        os.fsync(file.fileno())
    return restored


def _copy_counts(new: sqlite3.Connection, path: Path, salvage: Salvage) -> None:
    """Sort all records of a damaged file; counts, which are many, go over at once."""
    wal = read_wal(beside(path)[1])
    with path.open("rb") as file, _opened_wal(path, wal) as log:
        pages = wal.pages or os.fstat(file.fileno()).st_size // PAGE

        def page_of(number: int) -> bytes | None:
            at = wal.offsets.get(number)
            if number < 1 or number > pages:
                return None
            if at is None:
                return os.pread(file.fileno(), PAGE, (number - 1) * PAGE)
            return os.pread(log.fileno(), PAGE, at)

        found = salvage.counts(records(pages, page_of))
        while chunk := list(islice(found, _CHUNK)):
            put_counts(new, chunk)
    salvage.pages += wal.damaged


def _opened_wal(path: Path, wal: Wal) -> BinaryIO:
    return (beside(path)[1] if wal.offsets else path).open("rb")
