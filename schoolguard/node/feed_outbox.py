"""The outbox as a command looks at it, beside the gateway that may be writing: it changes nothing.

A document is read as it stands; whether it is whole its signature tells.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from schoolguard.language import N_, Said
from schoolguard.store.kept import Waiting

_BUSY = 5.0
_ALL = 'SELECT school, sequence, begin, "end", tries, document FROM outbox ORDER BY id'
_COUNT = "SELECT school, count(*), min(begin) FROM outbox GROUP BY school ORDER BY school"


class OutboxUnreadable(Said):
    """The store cannot be read by this command; the message says why."""


def waiting_in(store: Path) -> Iterator[Waiting]:
    """Yield the documents that wait, oldest first; raises ``OutboxUnreadable``."""
    try:
        with closing(_connect(store)) as connection:
            for row in connection.execute(_ALL):
                yield Waiting(*row)
    except sqlite3.Error as error:
        raise OutboxUnreadable(N_("{path}: {problem}"), path=store, problem=str(error)) from error


def count_in(store: Path) -> dict[str, tuple[int, int]]:
    """Return how many documents of each school wait, and when the oldest began; ``OutboxUnreadable``."""
    try:
        with closing(_connect(store)) as connection:
            return {school: (count, begin) for school, count, begin in connection.execute(_COUNT)}
    except sqlite3.Error as error:
        raise OutboxUnreadable(N_("{path}: {problem}"), path=store, problem=str(error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise OutboxUnreadable(N_("{path}: nothing was counted here yet"), path=path)
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY)
