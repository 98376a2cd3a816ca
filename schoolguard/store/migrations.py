"""The file's form, step by step: numbered migrations, each in a transaction of its own, only ever forward.

A migration that changes what a record looks like must teach ``salvage`` the new look and keep the old one
there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from schoolguard.store.seal import seal

APPLICATION = 0x5347_5354
"""``SGST``, the file's application id: a SQLite file of somebody else is refused, not restored."""

PAGE = 4_096
"""Bytes of a page, which ``pages`` must know without asking the file; an SD card and its file system have
the same.
"""

_FIRST = (
    # What a count is of. The index holds every column: a second copy, should the table's pages be damaged.
    'CREATE TABLE cells (id INTEGER PRIMARY KEY, school TEXT NOT NULL, "group" TEXT NOT NULL,'
    " tier TEXT NOT NULL, outcome TEXT NOT NULL, cause TEXT NOT NULL, bypass TEXT NOT NULL,"
    " shadow TEXT NOT NULL, seal INTEGER NOT NULL)",
    'CREATE INDEX cells_again ON cells (school, "group", tier, outcome, cause, bypass, shadow, seal)',
    # Minutes of the hour that runs: what each commit writes stays within a few pages.
    # They name the round of rolling that they wait for, so that old ones in a damaged file are known.
    "CREATE TABLE fresh (minute INTEGER NOT NULL, cell INTEGER NOT NULL, round INTEGER NOT NULL,"
    " queries INTEGER NOT NULL,"
    " seal INTEGER NOT NULL, PRIMARY KEY (minute, cell)) WITHOUT ROWID",
    # Minutes (kind 0), hours (1) and days (2); begin is Unix seconds.
    "CREATE TABLE counts (kind INTEGER NOT NULL, begin INTEGER NOT NULL, cell INTEGER NOT NULL,"
    " queries INTEGER NOT NULL, seal INTEGER NOT NULL, PRIMARY KEY (kind, begin, cell)) WITHOUT ROWID",
    # Counts of the open periods: they carry no time, so a clock that jumps changes nothing.
    "CREATE TABLE open (cell INTEGER NOT NULL, closed INTEGER NOT NULL, queries INTEGER NOT NULL,"
    " seal INTEGER NOT NULL, PRIMARY KEY (cell, closed)) WITHOUT ROWID",
    # The last sequence that was given (mark is its own seal), that of the last closed period, the sum of
    # the open counts, the gauges. Open counts name the period that they follow: old ones in a damaged file
    # are known.
    "CREATE TABLE schools (school TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL,"
    " mark INTEGER NOT NULL, closed INTEGER NOT NULL, queries INTEGER NOT NULL, gauges TEXT NOT NULL,"
    " seal INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX schools_again ON schools (sequence, mark)",
    # Numbers of the workers' deltas that were added; used rises with each commit.
    "CREATE TABLE applied (worker TEXT NOT NULL PRIMARY KEY, numbers TEXT NOT NULL, used INTEGER NOT NULL,"
    " seal INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX applied_again ON applied (used, numbers, seal)",
    # Posted is the store's age in seconds (state: lived) when the document came: no clock can age it.
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, school TEXT NOT NULL, sequence INTEGER NOT NULL,"
    ' begin INTEGER NOT NULL, "end" INTEGER NOT NULL, posted INTEGER NOT NULL, tries INTEGER NOT NULL,'
    " document BLOB NOT NULL, seal INTEGER NOT NULL)",
    "CREATE UNIQUE INDEX outbox_again ON outbox (school, sequence)",
    # The clock that retention goes by, and what was lost so far.
    "CREATE TABLE state (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL, seal INTEGER NOT NULL)"
    " WITHOUT ROWID",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Statements of each migration; its number is its place, from 1."""

_LEDGER = "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, seal INTEGER NOT NULL)"


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring a file to the newest form; return how many migrations it took. Raises ``sqlite3.Error``.

    The connection must be in autocommit mode (``isolation_level=None``).
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(found + 1, len(migrations) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(_LEDGER)
            for statement in migrations[number - 1]:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (number, seal("migrations", number)))
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return max(len(migrations) - int(found), 0)


def newest_noted(connection: sqlite3.Connection) -> int:
    """Return the newest migration that the file notes with its seal; 0 for none. Raises ``sqlite3.Error``.

    Beside SQLite's own number it tells a newer file from one whose header is damaged.
    """
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone():
        return 0
    rows = connection.execute("SELECT number, seal FROM migrations ORDER BY number DESC").fetchall()
    return next((number for number, mark in rows if mark == seal("migrations", number)), 0)


def form_of(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return the file's tables and indices: kind, name, statement. Raises ``sqlite3.Error``."""
    query = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY name"
    return [(kind, name, sql) for kind, name, sql in connection.execute(query)]


def form_wanted() -> list[tuple[str, str, str]]:
    """Return what ``form_of`` says of a file in the newest form."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection)
        return form_of(connection)
    finally:
        connection.close()
