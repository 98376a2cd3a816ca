"""A file made ready for its writer: brought to the newest form, checked, restored when it is damaged.

It runs in a thread of its own and closes what it opens.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from schoolguard.language import N_
from schoolguard.store import checking
from schoolguard.store.aside import finish
from schoolguard.store.connecting import connect
from schoolguard.store.errors import Damaged, StoreUnusable, full, told_apart
from schoolguard.store.kept import Restored
from schoolguard.store.migrations import migrate
from schoolguard.store.restoring import restore

_log = logging.getLogger("schoolguard.store")


@dataclass(frozen=True, slots=True)
class Prepared:
    """``checked`` is whether the check came to its end in its time; ``torn`` whether the last change was
    passed over, as it was not whole; ``restored`` what was lost of a damaged file.
    """

    checked: bool
    torn: bool = False
    restored: Restored | None = None


def prepare(path: Path, is_over: Callable[[], bool]) -> Prepared:
    """Make a file ready; ``is_over`` says when the check has had its time.

    Raises ``StoreUnusable``, and ``StoreFull`` when the disk is full.
    """
    _check_place(path)
    try:
        finish(path)
        return _open(path, is_over)
    except Damaged as damage:
        restored = restored_from(path, str(damage))
    except OSError as error:
        raise full(path, error) from error
    try:
        return replace(_open(path, is_over), restored=restored)
    except Damaged as damage:
        msgid = N_("{path} is damaged and cannot be restored: {problem}; move it away to begin a new one")
        raise StoreUnusable(msgid, path=str(path), problem=str(damage)) from damage


def restored_from(path: Path, problem: str) -> Restored:
    """Restore a damaged file that nobody has open, and say in the log what was lost; raises ``StoreFull``."""
    try:
        restored = restore(path, problem)
    except (OSError, sqlite3.Error) as error:
        raise full(path, error) from error
    told = {
        "problem": problem,
        "aside": str(restored.aside),
        "rows_read": restored.read,
        "pages_lost": restored.pages,
        "rows_lost": restored.rows,
        "documents_lost": restored.documents,
        "queries_lost": restored.queries,
    }
    _log.error("the store was damaged and is restored", extra=told)
    return restored


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StoreUnusable(N_("{path} is a folder; the store is a file"), path=str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msgid = N_("the store's folder {path} cannot be made: {problem}")
        raise StoreUnusable(msgid, path=str(path.parent), problem=str(error)) from error


def _open(path: Path, is_over: Callable[[], bool]) -> Prepared:
    whole = True
    try:
        if path.exists():
            whole = checking.check_bytes(path)
        else:
            path.touch(0o600)
    except PermissionError as error:
        msgid = N_("{path} cannot be opened: {problem}; the gateway's user must own it")
        raise StoreUnusable(msgid, path=str(path), problem=str(error)) from error
    with told_apart(path), closing(connect(path)) as connection:
        checking.check_form(connection, path)
        migrate(connection)
        checking.check_tables(connection)
        checked = checking.check_trees(connection, is_over) and checking.check_seals(connection, is_over)
    return Prepared(checked, not whole)
