"""Where a format puts what it finds on the current line; keeps the report. Knows no format."""

from __future__ import annotations

from schoolguard.lists.formats.names import PUBLIC_SUFFIXES
from schoolguard.lists.formats.refused import LineRefused, refuse
from schoolguard.lists.model import Entry, Flag, Kind, Refusal, Report

FIRST = 20
"""Refusals kept with line number and text; the others are only counted."""

SHOWN = 80
"""Characters of a refused line that are kept."""


class Sink:
    """The current line, the entries found since they were last drained, and the report."""

    __slots__ = ("_blocks", "_shown", "found", "line", "report")

    def __init__(self, report: Report, kind: Kind = Kind.BLOCK) -> None:
        self._blocks = kind is Kind.BLOCK
        self.report = report
        self.found: list[Entry] = []
        self.line = 0
        self._shown = ""

    def at(self, line: int, text: str) -> None:
        """Move to a line; ``text`` is what a refusal will show of it."""
        self.line = line
        self._shown = text

    def take(
        self, name: str, flags: Flag, types: tuple[int, ...] | None = None, pattern: bool = False
    ) -> None:
        """Take one entry of the current line; raises ``LineRefused`` as ``check`` does."""
        self.check(name, flags)
        self.found.append(Entry(name, flags, self.line, types, pattern))

    def check(self, name: str, flags: Flag) -> None:
        """Raise ``LineRefused`` (``public-suffix``) when an entry would block a registry's whole level."""
        if name in PUBLIC_SUFFIXES and self._blocks and not flags & Flag.EXCEPTION:
            refuse("public-suffix")

    def skip(self) -> None:
        """Count the current line as one that asks for nothing."""
        self.report.skipped += 1

    def approximate(self, reason: str) -> None:
        """Count an entry of the current line as taken coarser than it is written."""
        self.report.approximated[reason] = self.report.approximated.get(reason, 0) + 1

    def refuse(self, error: LineRefused) -> None:
        """Count a refusal on the current line, and keep it when it is among the first."""
        reason = error.reason
        self.report.refused[reason] = self.report.refused.get(reason, 0) + 1
        if len(self.report.first) < FIRST:
            self.report.first.append(Refusal(self.line, reason, _printable(self._shown)))


def _printable(text: str) -> str:
    # A list is foreign text on its way to a terminal and a page: no control bytes pass.
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:SHOWN])
