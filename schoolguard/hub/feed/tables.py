"""The receiver's SQLite file: its tables, and how it is opened. It must not know what is stored when.

Bodies stand in the order of their arrival, so that one index of a few bytes a row is all that is written to
at random; 40,000 schools' documents then cost a batch one page each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schoolguard.language import N_, Said

VERSION = 1
_BUSY = 10.0
"""Seconds that one writer waits for the other: commands of the same machine write beside the service."""

_TABLES = """
CREATE TABLE gateways (
    id TEXT PRIMARY KEY, added REAL NOT NULL, software TEXT NOT NULL, revoked REAL
) WITHOUT ROWID;
CREATE TABLE keys (
    public BLOB PRIMARY KEY, gateway TEXT NOT NULL REFERENCES gateways (id),
    added REAL NOT NULL, replaced REAL, revoked REAL
) WITHOUT ROWID;
CREATE TABLE codes (
    public BLOB PRIMARY KEY, school TEXT NOT NULL, made REAL NOT NULL, expires REAL NOT NULL,
    maker TEXT NOT NULL, used REAL, used_by BLOB
) WITHOUT ROWID;
CREATE TABLE streams (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL REFERENCES gateways (id), school TEXT NOT NULL,
    added REAL NOT NULL, ended REAL,
    sequence INTEGER, kind TEXT, begins INTEGER, ends INTEGER, arrived REAL, skew INTEGER,
    refused INTEGER NOT NULL DEFAULT 0, refused_at REAL, reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX streams_by_school ON streams (school, id);
CREATE TABLE runs (
    stream INTEGER NOT NULL REFERENCES streams (id), line INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (stream, line, first)
) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, line INTEGER NOT NULL,
    sequence INTEGER NOT NULL, digest BLOB NOT NULL, arrived REAL NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX documents_once ON documents (stream, line, sequence);
CREATE TABLE tokens (
    digest BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, made REAL NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;
"""


class CannotKeep(Said):
    """The receiver's file cannot be read or written; nothing was changed."""


def connect(path: Path, *, reads_only: bool = False) -> sqlite3.Connection:
    """Open the file, made if there is none; raises ``CannotKeep``. One thread at a time may use it."""
    with keeping():
        new = not path.exists()
        connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            if new:
                path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged survives a power cut
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("PRAGMA cache_size = -65536")
            _migrate(connection, path)
            if reads_only:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    with writing(connection):
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > VERSION:
            msgid = N_("{path}: a newer SchoolGuard wrote this file; run that one")
            raise CannotKeep(msgid, path=path)
        if found < VERSION:
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION:d}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Change the file, whole or not at all, while nobody else does; raises ``CannotKeep``."""
    with keeping():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def keeping() -> Iterator[None]:
    """Let faults of SQLite and the disk be ``CannotKeep``."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        msgid = N_("the receiver's file cannot be read or written: {problem}")
        raise CannotKeep(msgid, problem=str(error)) from error
