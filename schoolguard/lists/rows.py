"""What a snapshot tells of each list it was made of, and its JSON form. Values only.

What the bytes of the lists determine (``SourceRow.report`` and so on) is part of the snapshot's digest; what
depends on the moment (``Note``) is not, so that the same lists give the same digest tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from schoolguard.lists.model import Exceptions, Kind, Refusal, Report


class State(StrEnum):
    """What of a list is in force: the list itself, its last good copy, or nothing; or it never came yet."""

    FRESH = "fresh"
    LAST_GOOD = "last-good"
    REFUSED = "refused"
    AWAITED = "awaited"


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to a list at the last compile.

    ``reason`` (one word) and ``message`` say why the list is not in force itself, ``since`` when that began;
    ``file_time`` is the list file's own time. Times are in seconds since 1970, 0 for unknown.
    """

    state: State = State.FRESH
    reason: str = ""
    message: str = ""
    since: int = 0
    file_time: int = 0


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One list in a snapshot: its settings, the report on what is in force of it, and the note.

    ``bit`` is the category's bit (for kind ``block``); ``digest`` the SHA-256 of the file in force, empty
    when there is none; ``ignored`` counts exceptions that ``exceptions: off`` leaves without effect.
    """

    id: str
    kind: Kind
    bit: int
    mask: int
    exceptions: Exceptions
    digest: str
    report: Report
    ignored: int = 0
    note: Note = field(default_factory=Note)

    @property
    def entries(self) -> int:
        """Entries in force."""
        return self.report.entries


def row_to_json(row: SourceRow) -> dict[str, Any]:
    """Return the part of a row that the lists alone determine."""
    return {
        "id": row.id,
        "kind": row.kind.value,
        "bit": row.bit,
        "mask": row.mask,
        "exceptions": row.exceptions.value,
        "digest": row.digest,
        "ignored": row.ignored,
        "report": report_to_json(row.report),
    }


def row_from_json(found: Mapping[str, Any], note: Note) -> SourceRow:
    """Return the row; raises ``KeyError``, ``ValueError`` or ``TypeError`` for anything else than a row."""
    return SourceRow(
        id=found["id"],
        kind=Kind(found["kind"]),
        bit=found["bit"],
        mask=found["mask"],
        exceptions=Exceptions(found["exceptions"]),
        digest=found["digest"],
        report=report_from_json(found["report"]),
        ignored=found["ignored"],
        note=note,
    )


def report_to_json(report: Report) -> dict[str, Any]:
    """Return a report with its counters sorted."""
    return {
        "id": report.id,
        "format": report.format,
        "entries": report.entries,
        "skipped": report.skipped,
        "refused": dict(sorted(report.refused.items())),
        "approximated": dict(sorted(report.approximated.items())),
        "first": [list(refusal) for refusal in report.first],
    }


def report_from_json(found: Mapping[str, Any]) -> Report:
    """Return the report; raises ``KeyError`` or ``TypeError`` for anything else than a report."""
    first = [Refusal(*refusal) for refusal in found["first"]]
    return Report(**{**found, "first": first})


def note_to_json(note: Note) -> dict[str, Any]:
    """Return a note as JSON."""
    return {
        "state": note.state.value,
        "reason": note.reason,
        "message": note.message,
        "since": note.since,
        "file_time": note.file_time,
    }


def note_from_json(found: Mapping[str, Any]) -> Note:
    """Return the note; raises ``KeyError``, ``ValueError`` or ``TypeError`` for anything else than a note."""
    return Note(**{**found, "state": State(found["state"])})
