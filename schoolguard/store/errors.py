"""The ways a store fails, and which of SQLite's errors mean which. It must not open anything."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from schoolguard.language import N_, Said

# Primary result codes (sqlite.org/rescode.html); the extended ones have them in their low byte.
_PRIMARY = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CANNOT_WRITE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,  # a quota and a file size limit too: SQLite calls only ENOSPC full
        sqlite3.SQLITE_CANTOPEN,  # the files beside it, which a full disk does not take either
        sqlite3.SQLITE_READONLY,  # Linux mounts a card that fails so
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_NOMEM,
    }
)


class StoreUnusable(Said):
    """The file cannot be opened, not even restored; the message says what to do."""


class StoreFull(Said):
    """The disk is full, or takes nothing for now; nothing was changed. The caller holds what it has, and
    tries again.
    """


class NotAsWritten(sqlite3.DatabaseError):
    """A row's seal is not its own: the file is damaged."""


class Damaged(Exception):
    """The file is not what was written; it can be restored."""


def primary(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error, 0 for one of Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


@contextlib.contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ``StoreFull`` and ``Damaged``; others, such as a wrong type, go on as they
    are.
    """
    try:
        yield
    except sqlite3.Error as error:
        if primary(error) in _CANNOT_WRITE:
            raise full(path, error) from error
        if is_damage(error):
            raise Damaged(str(error)) from error
        raise
    except UnicodeDecodeError as error:  # SQLite's own message shows a name that is no text any more
        raise Damaged(str(error)) from error


def full(path: Path, error: Exception) -> StoreFull:
    """Return the error that says that nothing can be written."""
    msgid = N_("{path} takes nothing for now, counts are held in memory: {problem}")
    return StoreFull(msgid, path=str(path), problem=str(error))


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file is damaged.

    The statements are right, so an error of theirs comes from tables whose names changed; an error without
    a code from a text that cannot be decoded, or from a seal.
    """
    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError | sqlite3.IntegrityError):
        return False
    return primary(error) in _DAMAGED or isinstance(error, sqlite3.OperationalError | NotAsWritten)
