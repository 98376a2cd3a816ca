"""The statements of the outbox: documents that wait for the hub. They run in the caller's transaction."""

from __future__ import annotations

import aiosqlite

from schoolguard.store.kept import Waiting
from schoolguard.store.seal import checked, document_seal
from schoolguard.store.state import LIVED, state_of

_PUT = (
    'INSERT INTO outbox (school, sequence, begin, "end", posted, tries, document, seal)'
    " VALUES (?, ?, ?, ?, ?, 0, ?, ?)"
)
_WAITING = (
    'SELECT school, sequence, begin, "end", posted, tries, document, seal FROM outbox ORDER BY id LIMIT ?'
)
_DELETE = "DELETE FROM outbox WHERE school = ? AND sequence = ?"
_TRIED = "UPDATE outbox SET tries = tries + 1 WHERE school = ? AND sequence = ?"


async def put_document(
    connection: aiosqlite.Connection, school: str, sequence: int, begin: int, end: int, document: bytes
) -> None:
    """Put a document into the outbox, as old as the store is now."""
    posted = (await state_of(connection)).get(LIVED, 0)
    mark = document_seal(school, sequence, begin, end, posted, document)
    await connection.execute(_PUT, (school, sequence, begin, end, posted, document, mark))


async def waiting(connection: aiosqlite.Connection, limit: int) -> list[Waiting]:
    """Return the oldest documents of the outbox."""
    found = []
    for *told, tries, document, mark in await connection.execute_fetchall(_WAITING, (limit,)):
        school, sequence, begin, end, posted = told
        if document_seal(school, sequence, begin, end, posted, document) != mark:
            checked("outbox", mark=mark)
        found.append(Waiting(school, sequence, begin, end, tries, document))
    return found


async def acknowledged(connection: aiosqlite.Connection, school: str, sequence: int) -> None:
    """Take a document out of the outbox."""
    await connection.execute(_DELETE, (school, sequence))


async def tried(connection: aiosqlite.Connection, school: str, sequence: int) -> None:
    """Count that a document was sent in vain."""
    await connection.execute(_TRIED, (school, sequence))
