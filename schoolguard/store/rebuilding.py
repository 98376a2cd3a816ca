"""The tables of a new file, filled with what was saved of a damaged one; what they lack is told.

The caller has the transaction. It reads no damaged file: ``salvage`` has what there is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from schoolguard.store.cells import cell_row
from schoolguard.store.gauges import gauges_of
from schoolguard.store.kept import NUMBERS, Kind, Restored, begin_of
from schoolguard.store.losses import DOCUMENTS, PAGES, QUERIES, RESTORES, ROWS, raised
from schoolguard.store.numbers import written
from schoolguard.store.salvage import Count, Salvage
from schoolguard.store.schools import SchoolState, school_row
from schoolguard.store.seal import document_seal, seal

_PUT_COUNT = (
    "INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET queries = excluded.queries,"
    " seal = excluded.seal WHERE excluded.queries > queries"
)
_COARSE = "SELECT begin, cell, queries FROM counts WHERE kind = ?"


@dataclass(slots=True)
class Lost:
    """What the new tables lack: rows whose cells are gone, open queries, documents by school and number."""

    rows: int = 0
    queries: int = 0
    documents: set[tuple[str, int]] = field(default_factory=set)


def put_counts(new: sqlite3.Connection, counts: Iterable[Count]) -> None:
    """Put rows of ``counts``; of two copies the larger stays, as counts only rise."""
    new.executemany(_PUT_COUNT, counts)


def fill(new: sqlite3.Connection, salvage: Salvage) -> Lost:
    """Put all but the counts, which are there already, and the state; return what is lost."""
    lost = Lost()
    cells = [cell_row(number, cell) for number, cell in salvage.cells.items()]
    new.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)
    lost.rows += new.execute("DELETE FROM counts WHERE cell NOT IN (SELECT id FROM cells)").rowcount
    lost.rows += _put_fresh(new, salvage)
    states = _states(salvage)
    opened = _open_rows(salvage, states)
    new.executemany("INSERT INTO open VALUES (?, ?, ?, ?)", opened)
    lost.queries = _missing(salvage, states, opened)
    rows = [school_row(*each) for each in states.items()]
    new.executemany("INSERT INTO schools VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    _put_numbers(new, salvage)
    lost.documents = _put_outbox(new, salvage, states)
    _rebuild(new, "hour", "minute")
    _rebuild(new, "day", "hour")
    return lost


def put_state(new: sqlite3.Connection, state: Mapping[str, int], restored: Restored) -> None:
    """Put the state, with what this restore lost added."""
    lost = {
        RESTORES: 1,
        PAGES: restored.pages,
        ROWS: restored.rows,
        DOCUMENTS: restored.documents,
        QUERIES: restored.queries,
    }
    numbers = {**state, **raised(state, lost)}
    rows = [(name, value, seal("state", name, value)) for name, value in numbers.items()]
    new.executemany("INSERT INTO state VALUES (?, ?, ?)", rows)


def _put_fresh(new: sqlite3.Connection, salvage: Salvage) -> int:
    """Put the minutes that are not rolled; return how many have lost their cell."""
    fresh, round_ = salvage.fresh_rows()
    keyed = [(minute, cell, round_, n) for minute, cell, n in fresh if cell in salvage.cells]
    rows = [(*row, seal("fresh", *row)) for row in keyed]
    new.executemany("INSERT INTO fresh VALUES (?, ?, ?, ?, ?)", rows)
    return len(fresh) - len(rows)


def _states(salvage: Salvage) -> dict[str, SchoolState]:
    """Return what is known of each school; a sequence that any copy or document names was given."""
    states = {
        school: SchoolState(sequence, closed, queries, gauges_of(gauges))
        for school, (sequence, closed, queries, gauges) in salvage.schools.items()
    }
    given = dict(salvage.sequences)
    for school, sequence, *_ in salvage.outbox.values():
        given[school] = max(sequence, given.get(school, 0))
    closed = _newest_open(salvage)
    for school in {*given, *closed} - set(states):
        last = given.get(school, 0)
        states[school] = SchoolState(max(last, closed.get(school, 0)), closed.get(school, last))
    return {
        school: replace(state, sequence=max(state.sequence, given.get(school, 0)))
        for school, state in states.items()
    }


def _newest_open(salvage: Salvage) -> dict[str, int]:
    """Return for each school with open counts the period that the newest of them follow."""
    newest: dict[str, int] = {}
    for cell, closed in salvage.open:
        if cell in salvage.cells:
            school = salvage.cells[cell].school
            newest[school] = max(closed, newest.get(school, 0))
    return newest


def _open_rows(salvage: Salvage, states: dict[str, SchoolState]) -> list[tuple[int, int, int, int]]:
    """Return the open counts of the period that runs; older ones are leavings."""
    rows = []
    for (cell, closed), queries in sorted(salvage.open.items()):
        if cell in salvage.cells and states[salvage.cells[cell].school].closed == closed:
            rows.append((cell, closed, queries, seal("open", cell, closed, queries)))
    return rows


def _missing(
    salvage: Salvage, states: dict[str, SchoolState], opened: Iterable[tuple[int, int, int, int]]
) -> int:
    """Return how many open queries are gone; a school whose sum is gone gets the sum of what is there."""
    there = dict.fromkeys(states, 0)
    for cell, _, queries, _ in opened:
        there[salvage.cells[cell].school] += queries
    lost = 0
    for school, state in states.items():
        lost += max(state.queries - there[school], 0)
        if there[school] > state.queries:
            states[school] = replace(state, queries=there[school])
    return lost


def _put_numbers(new: sqlite3.Connection, salvage: Salvage) -> None:
    rows = []
    for worker, (used, ranges) in salvage.applied.items():
        numbers = written(ranges)
        rows.append((worker, numbers, used, seal("applied", worker, numbers, used)))
    new.executemany("INSERT INTO applied VALUES (?, ?, ?, ?)", rows)


def _put_outbox(
    new: sqlite3.Connection, salvage: Salvage, states: dict[str, SchoolState]
) -> set[tuple[str, int]]:
    """Put the documents; return those that the outbox's index names and that are gone."""
    there = set()
    for number, row in sorted(salvage.outbox.items()):
        school, sequence, begin, end, posted, _, document = row
        if (school, sequence) in there:
            continue
        there.add((school, sequence))
        mark = document_seal(school, sequence, begin, end, posted, document)
        new.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, *row, mark))
    return {
        each for each in salvage.posted - there if each[0] in states and each[1] <= states[each[0]].sequence
    }


def _rebuild(new: sqlite3.Connection, kind: Kind, finer: Kind) -> None:
    """Raise hours to the sum of their minutes, days to that of their hours: what was lost of them comes
    back.
    """
    total: dict[tuple[int, int], int] = {}
    for begin, cell, queries in new.execute(_COARSE, (NUMBERS[finer],)):
        key = begin_of(kind, begin), cell
        total[key] = total.get(key, 0) + queries
    number = NUMBERS[kind]
    put_counts(new, [(number, *key, n, seal("counts", number, *key, n)) for key, n in total.items()])
