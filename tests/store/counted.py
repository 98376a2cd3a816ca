"""What a store was given, kept beside it as plain sums: what every test compares it with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from schoolguard.store.kept import Kind, OpenPeriod, begin_of
from schoolguard.store.model import Cell, Delta
from schoolguard.store.store import Store

EVER = 1 << 40
MINUTE = 29_000_000
"""A minute in February 2025 from which tests count."""

KINDS: tuple[Kind, ...] = ("minute", "hour", "day")


@dataclass(frozen=True, slots=True)
class Span:
    """A period as the feed would describe it."""

    sequence: int
    begin: int = MINUTE * 60
    end: int = MINUTE * 60 + 300


def cell(number: int, school: str = "thcs-a") -> Cell:
    """Return one of many cells of a school."""
    outcome = ("allowed", "blocked", "safe-search", "failed")[number % 4]
    return Cell(school, f"Lớp {number // 4}", "thcs", outcome, "games" if outcome == "blocked" else "")


def words(period: OpenPeriod[Span]) -> bytes:
    """Return a document that says all of an open period."""
    cells = sorted(period.counts.items())
    told = (period.school, period.sequence, period.lost, period.missing)
    return repr((told, period.latency, [(*each, number) for each, number in cells])).encode()


@dataclass
class Given:
    """Sums of all deltas that a store took, and what it must have made of them."""

    minutes: Counter[tuple[int, Cell]] = field(default_factory=Counter)
    open: Counter[Cell] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    taken: set[tuple[str, int]] = field(default_factory=set)
    sequences: dict[str, int] = field(default_factory=dict)
    documents: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def add(self, delta: Delta) -> None:
        """Count a delta, once."""
        if (delta.worker, delta.number) in self.taken:
            return
        self.taken.add((delta.worker, delta.number))
        for each, queries in delta.queries.items():
            self.minutes[delta.minute, each] += queries
            self.open[each] += queries
            self.sequences.setdefault(each.school, 0)
        for school in self.sequences:
            self.lost[school] += delta.lost

    def close(self, school: str, document: bytes) -> None:
        """End a school's period."""
        self.sequences[school] = self.sequences.get(school, 0) + 1
        self.documents[school, self.sequences[school]] = document
        for each in [each for each in self.open if each.school == school]:
            del self.open[each]
        self.lost[school] = 0

    def rows(self, kind: Kind) -> Counter[tuple[int, Cell]]:
        """Return what the counts of a kind must be."""
        rows: Counter[tuple[int, Cell]] = Counter()
        for (minute, each), queries in self.minutes.items():
            rows[begin_of(kind, minute * 60), each] += queries
        return rows


async def rows_of(store: Store, kind: Kind) -> dict[tuple[int, Cell], int]:
    """Return a store's counts of a kind."""
    rows = await store.counts(kind, 0, EVER)
    found = {(row.begin, row.cell): row.queries for row in rows}
    assert len(found) == len(rows)
    return found


async def open_of(store: Store) -> dict[str, tuple[Mapping[Cell, int], int, int]]:
    """Return each school's open counts, missing queries and lost queries, without ending its period."""
    found: dict[str, tuple[Mapping[Cell, int], int, int]] = {}

    class Looked(Exception):
        pass

    def look(period: OpenPeriod[Span]) -> bytes:
        found[period.school] = dict(period.counts), period.missing, period.lost
        raise Looked

    for school in await store.schools():
        try:
            await store.close_period(school, Span, look)
        except Looked:
            continue
    return found


async def check(store: Store, given: Given) -> None:
    """Assert that a store has all that it was given, and nothing else."""
    for kind in KINDS:
        assert await rows_of(store, kind) == dict(given.rows(kind))
    opened = await open_of(store)
    assert {c: n for counts, _, _ in opened.values() for c, n in counts.items()} == dict(given.open)
    assert {school: lost for school, (_, _, lost) in opened.items()} == {
        school: given.lost[school] for school in given.sequences
    }
    assert not any(missing for _, missing, _ in opened.values())
    assert all(store.has(*each) for each in given.taken)
    waiting = await store.outbox(10_000)
    assert {(each.school, each.sequence): each.document for each in waiting} == given.documents
    schools = await store.schools()
    assert {school: state.sequence for school, state in schools.items()} == given.sequences
