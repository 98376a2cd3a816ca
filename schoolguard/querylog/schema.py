"""The tables of ``query-log.db`` and how a connection to it is set up. It must not read or write a row."""

from __future__ import annotations

import aiosqlite

VERSION = 1
MAX_BYTES = 128 << 20
"""The file's size at most, some 2,000,000 queries; also what one rebuild (VACUUM) may cost in memory."""

PAGE = 4_096

# Names, and the words of schools, verdicts and causes, are kept once: a row takes some 60 bytes with its
# index.
TABLES = (
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    "CREATE TABLE entry (school INTEGER NOT NULL, day INTEGER NOT NULL, device BLOB NOT NULL,"
    " time INTEGER NOT NULL, name INTEGER NOT NULL, verdict INTEGER NOT NULL, cause INTEGER NOT NULL)",
    "CREATE INDEX entry_of ON entry (school, day, device)",
)

# secure_delete writes zeros over what is deleted; temp_store keeps a rebuild off other disks. The sizes bound
# the write-ahead log, which holds old content until it is truncated. Source: SQLite's list of pragmas.
SETTINGS = (
    f"PRAGMA page_size = {PAGE}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 256",
    "PRAGMA journal_size_limit = 1048576",
)


class Damaged(Exception):
    """The file is no query log that can be used."""


async def prepare(connection: aiosqlite.Connection, max_bytes: int) -> None:
    """Set a new connection up and make the tables of a new file; raises ``Damaged`` and ``sqlite3.Error``."""
    for statement in SETTINGS:
        await one(connection, statement)
    await one(connection, f"PRAGMA max_page_count = {max(16, max_bytes // PAGE)}")
    if await one(connection, "PRAGMA quick_check(1)") != "ok":
        raise Damaged("it fails its integrity check")
    version = await one(connection, "PRAGMA user_version")
    if version == VERSION:
        return
    if version:
        raise Damaged(f"it is of version {version}")
    await connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        await connection.execute(statement)
    await connection.execute(f"PRAGMA user_version = {VERSION}")
    await connection.commit()


async def one(connection: aiosqlite.Connection, statement: str, values: tuple[object, ...] = ()) -> object:
    """Return the first column of a statement's first row, ``None`` without one."""
    async with connection.execute(statement, values) as cursor:
        row = await cursor.fetchone()
    return None if row is None else row[0]
