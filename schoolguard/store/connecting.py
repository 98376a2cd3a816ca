"""A connection as every part of the store needs it: SQLite's settings, and why.

It must not judge the file.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from schoolguard.store.migrations import PAGE

WAL_PAGES = 1_000
"""The WAL is written into the file when it has so many pages: 4 MB, about 20 minutes of a school."""

SETTINGS = (
    # Both only matter before the first table is made.
    f"PRAGMA page_size = {PAGE}",
    "PRAGMA auto_vacuum = INCREMENTAL",  # so that a smaller bound makes a smaller file
    # A commit appends whole pages to one file and touches nothing else: the pattern that SD cards bear best,
    # and readers do not wait.
    "PRAGMA journal_mode = WAL",
    # One flush a commit. What workers were told is stored must survive a power cut, and a sequence that the
    # hub has seen must never be given again. With a commit every 10 s it is 8,640 flushes a day, of data
    # that the kernel would write within 30 s anyhow; NORMAL would save two of three flushes and hardly a
    # byte.
    "PRAGMA synchronous = FULL",
    f"PRAGMA wal_autocheckpoint = {WAL_PAGES}",
    f"PRAGMA journal_size_limit = {WAL_PAGES * PAGE}",
    # What retention deletes is overwritten, so "deleted" in the retention statement is true of the bytes too.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)

BUSY = 5.0
"""Seconds to wait for whoever else has the file: a command that looks at it."""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection in autocommit mode, that any one thread may use. Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        for setting in SETTINGS:
            connection.execute(setting).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection
