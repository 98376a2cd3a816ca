"""Who may send, and what came from each: the tables' small part, held in memory and read anew when changed.

Another process may change the file at any moment (a command enrols, revokes, imports), so ``refresh`` belongs
at the start of each transaction.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from schoolguard.feed.compact import key_id
from schoolguard.hub.feed.runs import Runs

GRACE = 35 * 86_400.0
"""Seconds after a change of key in which documents that the old one signed are taken: they may wait in an
outbox while a line is cut. A key that was revoked has none."""


@dataclass(slots=True)
class Stream:
    """What one gateway sends of one school since it was enrolled; ``lines`` are the sequences by ``Line``."""

    id: int
    gateway: str
    school: str
    lines: tuple[Runs, Runs]
    sequence: int = 0


@dataclass(slots=True)
class Register:
    """Gateways by key, keys by their id on the wire, streams by gateway and school.

    Of several streams the last one takes new documents; gateways that were enrolled again have several.
    """

    keys: dict[bytes, tuple[str, float | None]] = field(default_factory=dict)
    ids: dict[bytes, bytes] = field(default_factory=dict)
    streams: dict[tuple[str, str], list[Stream]] = field(default_factory=dict)
    version: int | None = None

    def gateway_of(self, key: bytes, now: float) -> str | None:
        """Return whose key it is, None for one that is not or no longer good."""
        gateway, replaced = self.keys.get(key, (None, None))
        return None if replaced is not None and now > replaced + GRACE else gateway

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read everything anew if another connection changed the file, or ``forget`` was called."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self.version:
            self._read(connection)
            self.version = version

    def forget(self) -> None:
        """Take nothing of what is held for true any more: a transaction was undone."""
        self.version = None

    def _read(self, connection: sqlite3.Connection) -> None:
        query = (
            "SELECT public, gateway, replaced FROM keys JOIN gateways ON gateways.id = keys.gateway"
            " WHERE keys.revoked IS NULL AND gateways.revoked IS NULL"
        )
        self.keys = {
            bytes(public): (gateway, replaced) for public, gateway, replaced in connection.execute(query)
        }
        self.ids = {key_id(key): key for key in self.keys}
        runs: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for stream, line, first, last in connection.execute("SELECT stream, line, first, last FROM runs"):
            runs[stream, line].append((first, last))
        self.streams = {}
        query = (
            "SELECT id, gateway, school, coalesce(sequence, 0) FROM streams WHERE ended IS NULL ORDER BY id"
        )
        for id, gateway, school, sequence in connection.execute(query):
            lines = Runs(runs.get((id, 0), ())), Runs(runs.get((id, 1), ()))
            stream = Stream(id, gateway, school, lines, sequence)
            self.streams.setdefault((gateway, school), []).append(stream)
