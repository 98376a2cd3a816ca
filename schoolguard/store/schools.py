"""The table of schools: where each one's sequences and open period stand; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import aiosqlite

from schoolguard.store.gauges import Gauges, gauges_of, gauges_text
from schoolguard.store.seal import checked, seal

_SCHOOLS = "SELECT school, sequence, mark, closed, queries, gauges, seal FROM schools"
_PUT_SCHOOL = (
    "INSERT INTO schools VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (school) DO UPDATE SET"
    " queries = excluded.queries, gauges = excluded.gauges, seal = excluded.seal,"
    " sequence = excluded.sequence, mark = excluded.mark, closed = excluded.closed"
)


@dataclass(frozen=True, slots=True)
class SchoolState:
    """What is kept of a school: the last sequence, that of the last closed period, the sum of open counts,
    and the whole gateway's gauges since that period was closed.
    """

    sequence: int = 0
    closed: int = 0
    queries: int = 0
    gauges: Gauges = field(default_factory=Gauges)


def school_row(school: str, state: SchoolState) -> tuple[str, int, int, int, int, str, int]:
    """Return a school's row with its seals."""
    told = state.sequence, state.closed, state.queries, gauges_text(state.gauges)
    mark = seal("sequence", school, state.sequence)
    return school, told[0], mark, *told[1:], seal("schools", school, *told)


async def schools_of(connection: aiosqlite.Connection) -> dict[str, SchoolState]:
    """Return what is kept of each school."""
    found = {}
    for school, sequence, _, closed, queries, gauges, mark in await connection.execute_fetchall(_SCHOOLS):
        checked("schools", school, sequence, closed, queries, gauges, mark=mark)
        found[school] = SchoolState(sequence, closed, queries, gauges_of(gauges))
    return found


async def put_schools(connection: aiosqlite.Connection, states: Mapping[str, SchoolState]) -> None:
    """Write what is kept of schools."""
    await connection.executemany(_PUT_SCHOOL, [school_row(*each) for each in sorted(states.items())])
