"""What a store's file holds, in numbers, read beside the gateway that writes it. It changes nothing.

It knows no count of a school's group: who wants these asks the store itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from schoolguard.language import N_, Said
from schoolguard.store.aside import aside_of, beside
from schoolguard.store.checking import check_bytes, check_form, check_seals, check_tables, check_trees
from schoolguard.store.connecting import BUSY
from schoolguard.store.errors import Damaged, StoreFull, told_apart
from schoolguard.store.kept import NUMBERS, Kind
from schoolguard.store.losses import losses_of

_LOOKS = 3
"""Looks at the log before it is called damaged: the gateway may be writing it at this moment."""

_KINDS = "SELECT kind, count(*), min(begin), max(begin) FROM counts GROUP BY kind"
_FRESH = "SELECT count(*) FROM fresh"
_SCHOOLS = "SELECT school, sequence, queries FROM schools ORDER BY school"
_OUTBOX = "SELECT count(*), coalesce(sum(length(document)), 0), min(begin) FROM outbox"
_STATE = "SELECT name, value FROM state"


class CannotRead(Said):
    """There is no store, or it cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows there are of a kind, and when the oldest and the newest begin (Unix seconds)."""

    rows: int = 0
    oldest: int | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """A store in numbers; sizes in bytes.

    ``fresh`` are minutes that are not rolled into hours yet. ``schools`` are the last sequence and the open
    queries of each. ``oldest`` is when the first period began that waits. ``lost`` is by the words of
    ``losses``; ``aside`` a damaged file that lies there.
    """

    size: int
    log: int
    kinds: Mapping[Kind, Kept]
    fresh: int
    schools: Mapping[str, tuple[int, int]]
    waiting: int
    waiting_bytes: int
    oldest: int | None
    lost: Mapping[str, int]
    aside: Path | None


def figures(path: Path) -> Figures:
    """Return what a file holds; raises ``CannotRead``."""
    try:
        return _figures(path)
    except Damaged as damage:
        raise _cannot(path, damage) from damage


def _figures(path: Path) -> Figures:
    with _open(path) as connection:
        found = {kind: Kept(*row) for kind, *row in connection.execute(_KINDS)}
        ((fresh,),) = connection.execute(_FRESH)
        ((waiting, waiting_bytes, oldest),) = connection.execute(_OUTBOX)
        schools = {school: (sequence, queries) for school, sequence, queries in connection.execute(_SCHOOLS)}
        state = dict(connection.execute(_STATE).fetchall())
    size, log, _ = (each.stat().st_size if each.exists() else 0 for each in beside(path))
    aside = aside_of(path)
    return Figures(
        size,
        log,
        {kind: found.get(number, Kept()) for kind, number in NUMBERS.items()},
        fresh,
        schools,
        waiting,
        waiting_bytes,
        oldest,
        losses_of(state),
        aside if aside.exists() else None,
    )


def problem(path: Path) -> str | None:
    """Return what is wrong with a file, ``None`` for nothing; raises ``CannotRead``."""
    try:
        _check_bytes(path)
        with _open(path) as connection:
            check_form(connection, path)
            check_tables(connection)
            check_trees(connection, lambda: False)
            check_seals(connection, lambda: False)
    except Damaged as damage:
        return str(damage)
    return None


def _check_bytes(path: Path) -> None:
    for look in range(1, _LOOKS + 1):
        try:
            check_bytes(path)
            return
        except FileNotFoundError as error:
            raise CannotRead(N_("there is no store yet at {path}"), path=str(path)) from error
        except OSError as error:
            raise _cannot(path, error) from error
        except Damaged:
            if look == _LOOKS:
                raise


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading, all in one moment of it; raises ``CannotRead`` and ``Damaged``."""
    if not path.exists():
        raise CannotRead(N_("there is no store yet at {path}"), path=str(path))
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with told_apart(path), closing(sqlite3.connect(uri, uri=True, timeout=BUSY)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            yield connection
    except StoreFull as error:
        raise _cannot(path, error.__cause__ or error) from error


def _cannot(path: Path, error: BaseException) -> CannotRead:
    return CannotRead(N_("{path} cannot be read: {problem}"), path=str(path), problem=str(error))
