"""From list files to spooled keys, rules and rows: which content of each list is in force, and why.

A list that is refused is replaced by its last good copy, or left out when there is none; never half of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from schoolguard.dns.names import search_key
from schoolguard.lists.archive import Archive, Copy, SourceUnreadable, Staged
from schoolguard.lists.combinations import Combinations
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.limits import LimitExceeded, check_change
from schoolguard.lists.model import Exceptions, Flag, Kind, ListSource, Refusal, Report
from schoolguard.lists.patterns import MAX_PATTERNS, Pattern, refusal_of
from schoolguard.lists.rows import Note, SourceRow, State
from schoolguard.lists.rules import Rule, mask_of_source
from schoolguard.lists.spool import Spool

MAX_RULES = 4_096
"""Rules of one snapshot: lists times flags times conditions on the type; only a hostile list needs more."""

_FIRST, _SHOWN = 20, 80
_IGNORED = -1


class Intake:
    """One compile's view of its lists; ``take`` each, in order."""

    def __init__(self, archive: Archive, spool: Spool, *, now: int, times: Mapping[str, int]) -> None:
        self.combinations = Combinations()
        self.patterns: list[Pattern] = []
        self._archive, self._spool = archive, spool
        self._now, self._times = now, times

    def take(self, number: int, source: ListSource, staged: Staged | SourceUnreadable) -> SourceRow:
        """Spool the list, or its last good copy if it is refused, and return its row."""
        try:
            if isinstance(staged, SourceUnreadable):
                raise staged
            row = self._whole(number, source, staged.path, staged.digest, self._archive.copy_of(source.id))
        except (ListRefused, LimitExceeded, SourceUnreadable) as refusal:
            # The reader saw the copy that is judged; people know the list by its own path.
            copy = "" if isinstance(staged, SourceUnreadable) else str(staged.path)
            message = str(refusal).replace(copy, source.path) if copy else str(refusal)
            return self._replacement(number, source, refusal.reason, message)
        self._archive.keep(source.id, staged, row.entries)
        return replace(row, note=Note(file_time=self._times.get(source.id, 0)))

    def _replacement(self, number: int, source: ListSource, reason: str, message: str) -> SourceRow:
        copy = self._archive.refuse(source.id, self._now)
        note = Note(State.LAST_GOOD, reason, message, copy.refused_since, self._times.get(source.id, 0))
        if not self._archive.has(copy):
            state = State.AWAITED if source.awaited and reason == "missing" else State.REFUSED
            return replace(row_without_content(source), note=replace(note, state=state))
        try:
            row = self._whole(number, source, self._archive.path_of(copy), copy.file.partition(".")[0], None)
        except ListRefused as error:
            message += f"; and its last good copy: {error}"
            without = row_without_content(source)
            return replace(without, note=replace(note, state=State.REFUSED, message=message))
        return replace(row, note=note)

    def _whole(
        self, number: int, source: ListSource, path: Path, digest: str, last: Copy | None
    ) -> SourceRow:
        mark, rules, patterns = self._spool.mark(), len(self.combinations.rules), len(self.patterns)
        reading = _Reading(self, number, source)
        try:
            reading.spool(self._spool, path)
            if last is not None:
                check_change(source, reading.report.entries, last)
        except (ListRefused, LimitExceeded):
            self._spool.rewind(mark)
            self.combinations.forget_after(rules)
            del self.patterns[patterns:]
            raise
        return replace(
            row_without_content(source), digest=digest, report=reading.report, ignored=reading.ignored
        )


class _Reading:
    """One list being read."""

    def __init__(self, intake: Intake, number: int, source: ListSource) -> None:
        self._intake, self._number, self._source = intake, number, source
        self._rules: dict[tuple[int, tuple[int, ...] | None], int] = {}
        self.report = Report(source.id, source.format)
        self.ignored = 0

    def spool(self, spool: Spool, path: Path) -> None:
        """Spool every entry of the file; raises ``ListRefused``."""
        taken = 0
        rules, add = self._rules, spool.add
        for name, flags, line, types, pattern in read(replace(self._source, path=str(path)), self.report):
            rule = rules.get((flags, types))
            if rule is None:
                rule = self._rule(flags, types)
            if rule == _IGNORED:
                self.ignored += 1
            elif rule < 0:
                self._refuse(line, "too-many-conditions", name)
            elif pattern:
                taken += self._pattern(line, name, rule)
            else:
                add(search_key(name), rule)
                taken += 1
        self.report.entries = taken + self.ignored

    def _rule(self, flags: Flag, types: tuple[int, ...] | None) -> int:
        combinations = self._intake.combinations
        off = self._source.exceptions is Exceptions.OFF
        if flags & Flag.EXCEPTION and off and not flags & Flag.CARVED:
            number = _IGNORED
        elif len(combinations.rules) >= MAX_RULES:
            return _IGNORED - 1
        else:
            number = combinations.rule(Rule(self._number, int(flags), types or ()))
        self._rules[flags, types] = number
        return number

    def _pattern(self, line: int, text: str, rule: int) -> int:
        patterns = self._intake.patterns
        reason = "too-many-patterns" if len(patterns) >= MAX_PATTERNS else refusal_of(text)
        if reason:
            self._refuse(line, reason, text)
            return 0
        patterns.append(Pattern(rule, text))
        return 1

    def _refuse(self, line: int, reason: str, text: str) -> None:
        self.report.refused[reason] = self.report.refused.get(reason, 0) + 1
        if len(self.report.first) < _FIRST:
            shown = "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN])
            self.report.first.append(Refusal(line, reason, shown))


def row_without_content(source: ListSource) -> SourceRow:
    """Return the row of a list of which nothing is in force."""
    return SourceRow(
        id=source.id,
        kind=source.kind,
        bit=source.bit if source.kind is Kind.BLOCK else 0,
        mask=mask_of_source(source),
        exceptions=source.exceptions,
        digest="",
        report=Report(source.id, source.format),
    )
