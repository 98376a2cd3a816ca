"""Records told apart by their seals: which table each belongs to, whatever the file's own tables say.

The newest copy wins where there are two: counts, numbers and sequences only rise. It reads and writes no
file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schoolguard.store.model import Cell
from schoolguard.store.numbers import Ranges, joined, read
from schoolguard.store.pages import Record, Unreadable, Value
from schoolguard.store.seal import document_seal, seal
from schoolguard.store.state import ROUND

Count = tuple[int, int, int, int, int]
"""A row of ``counts``: kind, begin, cell, queries, seal."""

Document = tuple[str, int, int, int, int, int, bytes]
"""School, sequence, begin, end, posted, tries, document."""


@dataclass(slots=True)
class Salvage:
    """What was found, but for the counts, which are many and go straight into the new file."""

    cells: dict[int, Cell] = field(default_factory=dict)
    fresh: dict[tuple[int, int, int], int] = field(default_factory=dict)
    open: dict[tuple[int, int], int] = field(default_factory=dict)
    schools: dict[str, tuple[int, int, int, str]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    applied: dict[str, tuple[int, Ranges]] = field(default_factory=dict)
    outbox: dict[int, Document] = field(default_factory=dict)
    posted: set[tuple[str, int]] = field(default_factory=set)
    state: dict[str, int] = field(default_factory=dict)
    read: int = 0
    pages: int = 0
    rows: int = 0

    def counts(self, found: Iterable[Record | Unreadable]) -> Iterator[Count]:
        """Sort records by their tables; yield those of ``counts``, with their seals."""
        for record in found:
            if isinstance(record, Unreadable):
                self.pages += record.whole
                self.rows += not record.whole
                continue
            values = record.values
            if _is_count(values):
                self.read += 1
                yield values  # type: ignore[misc]
            elif self._take(record.rowid, values):
                self.read += 1
            else:
                self.rows += not record.guessed

    def fresh_rows(self) -> tuple[list[tuple[int, int, int]], int]:
        """Return minute, cell and queries of the minutes that are not rolled, and their round.

        Those of former rounds are leavings. The round is in ``state`` afterwards, should it be lost.
        """
        newest = max((round_ for _, _, round_ in self.fresh), default=0)
        now = self.state.setdefault(ROUND, newest)
        rows = [(minute, cell, n) for (minute, cell, round_), n in self.fresh.items() if round_ == now]
        return rows, now

    def _take(self, rowid: int | None, values: tuple[Value, ...]) -> bool:
        """Keep a record that a table's seal fits; return whether one does."""
        if rowid is None:
            return any(take(values) for take in (self._numbers, self._again, self._texts))
        return self._cell(rowid, values) or self._document(rowid, values) or _is_form(rowid, values)

    def _numbers(self, values: tuple[Value, ...]) -> bool:
        match values:
            case (int(cell), int(closed), int(queries), int(mark)):
                if seal("open", cell, closed, queries) == mark:
                    self.open[cell, closed] = max(queries, self.open.get((cell, closed), 0))
                    return True
            case (int(minute), int(cell), int(round_), int(queries), int(mark)):
                if seal("fresh", minute, cell, round_, queries) == mark:
                    key = minute, cell, round_
                    self.fresh[key] = max(queries, self.fresh.get(key, 0))
                    return True
        return False

    def _again(self, values: tuple[Value, ...]) -> bool:
        """Take the copies that indices hold."""
        match values:
            case (str(), str(), str(), str(), str(), str(), str(), int(mark), int(number)):
                return self._cell(number, (None, *values[:7], mark))
            case (int(sequence), int(mark), str(school)) if seal("sequence", school, sequence) == mark:
                self.sequences[school] = max(sequence, self.sequences.get(school, 0))
                return True
            case (int(used), str(numbers), int(mark), str(worker)):
                return self._applied(worker, numbers, used, mark)
            case (str(school), int(sequence), int()):
                if values[2] == seal("state", school, sequence):
                    self.state[school] = sequence
                else:  # the outbox's index has no seal; it only says what is lost
                    self.posted.add((school, sequence))
                return True
        return False

    def _texts(self, values: tuple[Value, ...]) -> bool:
        match values:
            case (str(school), int(sequence), int(), int(closed), int(queries), str(gauges), int(mark)):
                if seal("schools", school, sequence, closed, queries, gauges) == mark:
                    former = self.schools.get(school, (0, 0, 0, ""))
                    self.schools[school] = max(former, (sequence, closed, queries, gauges))
                    return True
            case (str(worker), str(numbers), int(used), int(mark)):
                return self._applied(worker, numbers, used, mark)
        return False

    def _applied(self, worker: str, numbers: str, used: int, mark: int) -> bool:
        if seal("applied", worker, numbers, used) != mark:
            return False
        former, ranges = self.applied.get(worker, (0, ()))
        self.applied[worker] = max(used, former), joined(ranges, read(numbers))
        return True

    def _cell(self, rowid: int, values: tuple[Value, ...]) -> bool:
        match values:
            case (None, str(), str(), str(), str(), str(), str(), str(), int(mark)):
                words = values[1:8]
                if seal("cells", rowid, *words) == mark:
                    self.cells[rowid] = Cell(*map(str, words))
                    return True
        return False

    def _document(self, rowid: int, values: tuple[Value, ...]) -> bool:
        match values:
            case (
                None,
                str(school),
                int(sequence),
                int(begin),
                int(end),
                int(posted),
                int(tries),
                bytes(document),
                int(mark),
            ):
                if document_seal(school, sequence, begin, end, posted, document) == mark:
                    self.outbox[rowid] = school, sequence, begin, end, posted, tries, document
                    return True
        return False


def _is_count(values: tuple[Value, ...]) -> bool:
    match values:
        case (int(kind), int(begin), int(cell), int(queries), int(mark)):
            return seal("counts", kind, begin, cell, queries) == mark
    return False


def _is_form(rowid: int, values: tuple[Value, ...]) -> bool:
    """Return whether this is a row of SQLite's own table of tables, or a migration's."""
    match values:
        case (str("table" | "index"), str(), str(), int(), str() | None):
            return True
        case (None, int(mark)):
            return seal("migrations", rowid) == mark
    return False
