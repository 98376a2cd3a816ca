"""Reports of gateways on lists on their way, in a SQLite file: each gateway's last word on each state.

An old report that somebody sends again changes nothing. Kept no longer than the states that they are about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schoolguard.intake.rollout.report import Effect, Preview, Report
from schoolguard.intake.rollout.report_reading import ReportRefused, read_report
from schoolguard.language import N_, Said

_TABLE = """
CREATE TABLE IF NOT EXISTS reports (
    gateway TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, former TEXT NOT NULL,
    number INTEGER NOT NULL, arrived REAL NOT NULL, document BLOB NOT NULL,
    PRIMARY KEY (gateway, kind, state)
) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    former = excluded.former, number = excluded.number, arrived = excluded.arrived,
    document = excluded.document
WHERE excluded.number > reports.number
"""
PREVIEW, EFFECT = "preview", "effect"


class CannotKeepReports(Said):
    """The file cannot be read or written; nothing was changed."""


class Reports:
    """The file; ``key_of`` returns the enrolled public key of a gateway. For threads, never for a loop."""

    def __init__(self, path: Path, key_of: Callable[[str], bytes | None]) -> None:
        self._path = path
        self._key_of = key_of

    def put(self, document: bytes, arrived: float) -> Report:
        """Keep a report that came at ``arrived`` and return it.

        Raises ``ReportRefused`` for one that its gateway did not sign, and ``CannotKeepReports``.
        """
        report, public = read_report(document)
        known = self._key_of(report.gateway)
        if known is None or known != public:
            raise ReportRefused(f"this is not the key of the gateway {report.gateway!r}")
        with self._open() as connection:
            for kind, told in ((PREVIEW, report.preview), (EFFECT, report.effect)):
                if told is None:
                    continue
                key = (report.gateway, kind, told.state, told.former)
                connection.execute(_PUT, (*key, report.number, arrived, document))
        return report

    def previews(self, state: str) -> list[Preview]:
        """Return what each gateway that is enrolled said of a state; raises ``CannotKeepReports``."""
        return [each.preview for each in self._about(PREVIEW, state) if each.preview is not None]

    def effects(self, state: str) -> list[Effect]:
        """Return the effect of a state in each enrolled gateway that enforces it."""
        return [each.effect for each in self._about(EFFECT, state) if each.effect is not None]

    def forget(self, wanted: Collection[str]) -> None:
        """Delete what is about none of the states ``wanted``; raises ``CannotKeepReports``."""
        with self._open() as connection:
            known = [state for (state,) in connection.execute("SELECT DISTINCT state FROM reports")]
            gone = [(state,) for state in known if state not in wanted]
            connection.executemany("DELETE FROM reports WHERE state = ?", gone)

    def _about(self, kind: str, state: str) -> list[Report]:
        query = "SELECT gateway, document FROM reports WHERE kind = ? AND state = ? ORDER BY gateway"
        with self._open() as connection:
            rows = connection.execute(query, (kind, state)).fetchall()
        return [read_report(document)[0] for gateway, document in rows if self._key_of(gateway) is not None]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            new = not self._path.exists()
            with closing(sqlite3.connect(self._path, timeout=10.0)) as connection:
                if new:
                    self._path.chmod(0o600)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(_TABLE)
                with connection:
                    yield connection
        except (sqlite3.Error, OSError) as error:
            raise CannotKeepReports(
                N_("the reports cannot be kept: {problem}"), problem=str(error)
            ) from error
