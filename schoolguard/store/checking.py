"""Whether a file is what was written: its header and log without SQLite, then its trees, its tables, its
seals.

The check of the header and log must come first: SQLite forgets a log behind a damaged frame without a word.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

from schoolguard.language import N_
from schoolguard.store.aside import beside
from schoolguard.store.errors import Damaged, StoreUnusable, primary
from schoolguard.store.migrations import APPLICATION, MIGRATIONS, PAGE, form_of, form_wanted, newest_noted
from schoolguard.store.seal import seal
from schoolguard.store.wal import read_wal

_MAGIC = b"SQLite format 3\0"
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock: some milliseconds."""

_SEALS = {
    "migrations": "SELECT seal, number FROM migrations",
    "state": "SELECT seal, name, value FROM state",
    "cells": 'SELECT seal, id, school, "group", tier, outcome, cause, bypass, shadow FROM cells',
    "schools": "SELECT seal, school, sequence, closed, queries, gauges FROM schools",
    "open": "SELECT seal, cell, closed, queries FROM open",
    "fresh": "SELECT seal, minute, cell, round, queries FROM fresh",
    "applied": "SELECT seal, worker, numbers, used FROM applied",
    "outbox": 'SELECT seal, school, sequence, begin, "end", posted, document FROM outbox',
    "counts": "SELECT seal, kind, begin, cell, queries FROM counts",
}
_INDEXED = ("cells", "schools", "applied", "outbox")
"""Tables with an index, which the quick check does not compare with them; all are small."""


def check_bytes(path: Path) -> bool:
    """Check a file's header and log as bytes; return whether the log's last change is whole.

    Raises ``Damaged``, ``StoreUnusable`` and ``OSError``.
    """
    with path.open("rb") as file:
        header = file.read(100)
    wal = beside(path)[1]
    right = _is_header(header)
    if header and not (right and _is_ours(header)):
        if header[:16] == _MAGIC and _is_foreign(path):
            msgid = N_("{path} is a SQLite file of another program; move it away, and a new store is begun")
            raise StoreUnusable(msgid, path=str(path))
        if not right:
            raise Damaged("the file's header is not what was written")
    if not header and wal.exists() and wal.stat().st_size:
        raise Damaged("the file is empty, its log is not")
    found = read_wal(wal)
    if found.damaged:
        raise Damaged(f"{found.damaged} pages of the log are not what was written")
    return not found.torn


def _is_header(header: bytes) -> bool:
    """Return whether the fields that never change are right (sqlite.org/fileformat2.html, 1.3)."""
    return (
        len(header) == 100
        and header[:16] == _MAGIC
        and int.from_bytes(header[16:18]) == PAGE
        and header[18:20] in (b"\1\1", b"\2\2")
        and header[20:24] == b"\0\x40\x20\x20"
        and int.from_bytes(header[44:48]) in (0, 4)
        and int.from_bytes(header[56:60]) in (0, 1)
        and int.from_bytes(header[68:72]) in (0, APPLICATION)
        and not any(header[72:92])
    )


def _is_ours(header: bytes) -> bool:
    """Return whether the header has the store's application id; one that was just made has none yet."""
    return int.from_bytes(header[68:72]) == APPLICATION


def _is_foreign(path: Path) -> bool:
    """Return whether another program's tables are in a file: it reads well, and has none of ours."""
    try:
        connection = sqlite3.connect(path)
        try:
            rows = form_of(connection)
            return bool(rows) and not {name for _, name, _ in rows} & set(_SEALS)
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):
        return False


def check_form(connection: sqlite3.Connection, path: Path) -> None:
    """Check that this program knows the file's form; raises ``StoreUnusable``, ``Damaged``,
    ``sqlite3.Error``.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    noted, known = newest_noted(connection), len(MIGRATIONS)
    if found != noted:
        raise Damaged(f"the file says that its form is {found}, its table of migrations {noted}")
    if found > known:
        msgid = N_(
            "{path} was written by a newer SchoolGuard (its form is {found}, this one knows {known} and"
            " below); install the newer one again, or move the file away to begin a new one"
        )
        raise StoreUnusable(msgid, path=str(path), found=found, known=known)


def check_tables(connection: sqlite3.Connection) -> None:
    """Check that the tables are those of the newest form; raises ``Damaged`` and ``sqlite3.Error``."""
    if form_of(connection) != form_wanted():
        raise Damaged("the tables are not those that were made")
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (2,):
        raise Damaged("the header does not say how free pages are kept")


def check_trees(connection: sqlite3.Connection, is_over: Callable[[], bool]) -> bool:
    """Check that SQLite's trees are whole; return whether the time was enough.

    Raises ``Damaged`` and ``sqlite3.Error``.
    """
    return _bounded(connection, is_over, lambda: _check_trees(connection))


def _check_trees(connection: sqlite3.Connection) -> None:
    for check in ("quick_check(3)", *(f"integrity_check({table})" for table in _INDEXED)):
        found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}")]
        if found != ["ok"]:
            raise Damaged("; ".join(found[:3]))


def check_seals(connection: sqlite3.Connection, is_over: Callable[[], bool]) -> bool:
    """Check the seal of every row, the few before the many; return whether the time was enough.

    Raises ``Damaged`` and ``sqlite3.Error``.
    """
    return _bounded(connection, is_over, lambda: _check_seals(connection, is_over))


def _check_seals(connection: sqlite3.Connection, is_over: Callable[[], bool]) -> None:
    for table in _SEALS:
        for number, wrong in enumerate(_wrong_seals(connection, table)):
            if wrong:
                raise Damaged(f"a row of {table} is not what was written")
            if number % 1_000 == 0 and is_over():
                raise _Over


def _wrong_seals(connection: sqlite3.Connection, table: str) -> Iterator[bool]:
    for mark, *values in connection.execute(_SEALS[table]):
        if table == "outbox":
            values[-1] = crc32(values[-1]) if isinstance(values[-1], bytes) else None
        yield seal(table, *values) != mark


class _Over(Exception):
    """The time for a check is over."""


def _bounded(connection: sqlite3.Connection, is_over: Callable[[], bool], check: Callable[[], None]) -> bool:
    connection.set_progress_handler(lambda: int(is_over()), _STEPS)
    try:
        check()
    except _Over:
        return False
    except sqlite3.OperationalError as error:
        if primary(error) != sqlite3.SQLITE_INTERRUPT:  # a text that is none has no code
            raise
        return False
    finally:
        connection.set_progress_handler(None, 0)
    return True
