"""The statements of a period's end, and of the sequences of documents; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import aiosqlite

from schoolguard.store.kept import OpenPeriod, S_co
from schoolguard.store.model import Cell
from schoolguard.store.outbox import put_document
from schoolguard.store.schools import SchoolState, put_schools, schools_of
from schoolguard.store.seal import checked

_CELL = 'c.seal, c.school, c."group", c.tier, c.outcome, c.cause, c.bypass, c.shadow'
_OPEN = (
    f"SELECT o.cell, o.closed, o.queries, o.seal, {_CELL} FROM open o"  # noqa: S608
    " JOIN cells c ON c.id = o.cell WHERE c.school = ?"
)
_DELETE_OPEN = "DELETE FROM open WHERE cell IN (SELECT id FROM cells WHERE school = ?)"


async def close_period(
    connection: aiosqlite.Connection,
    school: str,
    span: Callable[[int], S_co],
    document: Callable[[OpenPeriod[S_co]], bytes],
) -> int:
    """Make the open period of a school a document in the outbox; return its sequence."""
    state = (await schools_of(connection)).get(school, SchoolState())
    sequence, gauges = state.sequence + 1, state.gauges
    covers = span(sequence)
    if covers.sequence != sequence:
        raise ValueError(f"the span has the sequence {covers.sequence}, not {sequence}")
    counts: dict[Cell, int] = {}
    for number, closed, count, mark, its, *words in await connection.execute_fetchall(_OPEN, (school,)):
        checked("open", number, closed, count, mark=mark)
        checked("cells", number, *words, mark=its)
        counts[Cell(*words)] = count
    opened = OpenPeriod(
        school,
        sequence,
        covers,
        counts,
        tuple(gauges.latency),
        gauges.lost,
        max(state.queries - sum(counts.values()), 0),
    )
    await put_document(connection, school, sequence, covers.begin, covers.end, document(opened))
    await connection.execute(_DELETE_OPEN, (school,))
    await put_schools(connection, {school: SchoolState(sequence, sequence)})
    return sequence


async def post(
    connection: aiosqlite.Connection, school: str, begin: int, end: int, document: Callable[[int], bytes]
) -> int:
    """Put a document into the outbox that closes no period; return its sequence."""
    state = (await schools_of(connection)).get(school, SchoolState())
    sequence = state.sequence + 1
    await put_document(connection, school, sequence, begin, end, document(sequence))
    await put_schools(connection, {school: replace(state, sequence=sequence)})
    return sequence


async def follow(connection: aiosqlite.Connection, school: str, sequence: int) -> None:
    """Let a school's next document have a sequence above this one."""
    state = (await schools_of(connection)).get(school, SchoolState())
    if sequence > state.sequence:
        await put_schools(connection, {school: replace(state, sequence=sequence)})
