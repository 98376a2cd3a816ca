"""Deletes documents that are older than they are kept, a few at a time. What came stays known, as runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from schoolguard.hub.feed.tables import writing

_STEP = 2_000
_CODES_KEPT = 400 * 86_400.0


class Retaining:
    """The retention of one file; ``keep`` is in seconds."""

    def __init__(self, connection: sqlite3.Connection, keep: float, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._keep = keep
        self._clock = clock

    def step(self) -> bool:
        """Delete some, and return whether there may be more; raises ``CannotKeep``.

        Documents lie in the order of their arrival, so the oldest are the first; the clock of the publisher
        decides, never that of a school.
        """
        oldest = self._clock() - self._keep
        with writing(self._connection):
            query = (
                "DELETE FROM documents WHERE id IN"
                " (SELECT id FROM (SELECT id, arrived FROM documents ORDER BY id LIMIT ?) WHERE arrived < ?)"
            )
            deleted = self._connection.execute(query, (_STEP, oldest)).rowcount
            self._connection.execute("DELETE FROM codes WHERE expires < ?", (self._clock() - _CODES_KEPT,))
        return deleted == _STEP
