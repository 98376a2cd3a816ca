"""Lists to a snapshot: read each once, spool its keys to disk, build tries and arrays shard by shard.

Runs in a process of its own (``child``), never in one that answers queries. No set of all names is ever held:
memory is that of the largest shard. The same lists and settings give the same bytes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from schoolguard.lists.archive import Archive, SourceUnreadable, Staged
from schoolguard.lists.combinations import sections_of
from schoolguard.lists.folder import locked, make_current
from schoolguard.lists.intake import Intake
from schoolguard.lists.layout import Mapped, Writer, copy_with_notes
from schoolguard.lists.model import ListSource
from schoolguard.lists.reuse import fingerprint, unchanged
from schoolguard.lists.rows import Note, SourceRow, note_to_json, row_from_json, row_to_json
from schoolguard.lists.rules import Origin
from schoolguard.lists.shards import build_shards
from schoolguard.lists.spool import BUCKETS, Spool

_PARTIAL = ".partial"
_SPOOL = ".spool"
_Present = Sequence[Staged | SourceUnreadable]


class CompileFailed(Exception):
    """The snapshot could not be written; the one before stays current. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished compile: the snapshot, now current in its folder, and a row for every list asked for.

    ``changed`` is false when the snapshot is the previous one, notes apart.
    """

    path: Path
    digest: str
    names: int
    changed: bool
    sources: tuple[SourceRow, ...]


def compile_lists(
    sources: Sequence[ListSource],
    target: Path,
    previous: Path | None = None,
    *,
    archive: Path | None = None,
    now: int = 0,
    times: Mapping[str, int] | None = None,
) -> Outcome:
    """Compile lists into a snapshot in the folder ``target`` and make it current there.

    ``previous``, a snapshot file, is taken over when no list has changed since. ``archive`` is the folder of
    last good copies (``target/archive`` if not given), ``now`` the time that refusals are noted with and
    ``times`` the list files' own by list id, all in seconds since 1970. A list that cannot be taken never
    fails the compile: its row says what is in force instead. Raises ``CompileFailed``, ``CompileBusy``,
    ``ArchiveBroken``, ``SnapshotBroken`` (``current`` cannot be read), ``ValueError`` (two lists of one id).
    """
    ids = [source.id for source in sources]
    if doubled := sorted({list_id for list_id in ids if ids.count(list_id) > 1}):
        raise ValueError(f"two lists have the same id: {', '.join(doubled)}")
    kept = archive or target / "archive"
    try:
        with locked(target), locked(kept):
            return _compile(sources, target, previous, Archive(kept), now, times or {})
    except OSError as error:
        raise CompileFailed(
            f"{error.filename or target}: {error.strerror or error}; the snapshot before stays in use; free "
            "some space or give write access to the folder, then run: schoolguard lists compile"
        ) from error


def _compile(
    sources: Sequence[ListSource],
    target: Path,
    previous: Path | None,
    archive: Archive,
    now: int,
    times: Mapping[str, int],
) -> Outcome:
    archive.clear()
    present = [_stage(archive, source) for source in sources]
    same = unchanged(previous, sources, present, archive)
    if same is not None:
        outcome = _take_over(same, target, sources, present, archive, times)
    else:
        outcome = _build(sources, target, previous, present, archive, now, times)
    make_current(outcome.path)
    archive.save(source.id for source in sources)
    return outcome


def _stage(archive: Archive, source: ListSource) -> Staged | SourceUnreadable:
    try:
        return archive.stage(Path(source.path), source.id)
    except SourceUnreadable as error:
        return error


def _take_over(
    same: Mapped,
    target: Path,
    sources: Sequence[ListSource],
    present: _Present,
    archive: Archive,
    times: Mapping[str, int],
) -> Outcome:
    rows = tuple(
        row_from_json(found, Note(file_time=times.get(source.id, 0)))
        for source, found in zip(sources, same.main["sources"], strict=True)
    )
    for row, staged in zip(rows, present, strict=True):
        if isinstance(staged, Staged):
            archive.keep(row.id, staged, row.entries)
    path = target / same.path.name
    notes = _notes(rows)
    if path != same.path or notes != same.notes:
        with _written(target) as file:
            copy_with_notes(same.path, file, notes)
        (target / _PARTIAL).replace(path)
    return Outcome(path, same.digest, same.main["names"], False, rows)


def _build(
    sources: Sequence[ListSource],
    target: Path,
    previous: Path | None,
    present: _Present,
    archive: Archive,
    now: int,
    times: Mapping[str, int],
) -> Outcome:
    with _spooled(target) as spool:
        intake = Intake(archive, spool, now=now, times=times)
        rows = tuple(
            intake.take(number, source, staged)
            for number, (source, staged) in enumerate(zip(sources, present, strict=True))
        )
        spool.close()
        with _written(target) as file:
            digest, names = _write(file, sources, rows, intake, spool)
    path = target / f"{digest}.snapshot"
    (target / _PARTIAL).replace(path)
    changed = previous is None or previous.name != path.name
    return Outcome(path, digest, names, changed, rows)


def _write(
    file: IO[bytes], sources: Sequence[ListSource], rows: Sequence[SourceRow], intake: Intake, spool: Spool
) -> tuple[str, int]:
    writer = Writer(file)
    built = build_shards(spool, intake.combinations, writer)
    origins = [Origin(row.id, row.kind, row.mask, row.exceptions) for row in rows]
    for name, content in sections_of(intake.combinations, origins).items():
        writer.section(name, content)
    main = {
        "input": fingerprint(sources, [row.digest for row in rows]),
        "names": built.names,
        "buckets": BUCKETS,
        "shards": built.shards,
        "sources": [row_to_json(row) for row in rows],
        "rules": intake.combinations.rules,
        "patterns": intake.patterns,
    }
    return writer.finish(main, _notes(rows)), built.names


def _notes(rows: Sequence[SourceRow]) -> dict[str, Any]:
    return {"sources": [note_to_json(row.note) for row in rows]}


@contextmanager
def _spooled(target: Path) -> Iterator[Spool]:
    folder = target / _SPOOL
    shutil.rmtree(folder, ignore_errors=not folder.exists())
    folder.mkdir()
    try:
        with Spool(folder) as spool:
            yield spool
    finally:
        shutil.rmtree(folder)


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write: synced at the end, removed on failure so that a full disk gets its space back."""
    partial = target / _PARTIAL
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
