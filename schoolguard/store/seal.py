"""A check sum over each row: SQLite has none over its pages, so a flipped byte would be a wrong number that
nobody sees.
"""

from __future__ import annotations

from zlib import crc32

from schoolguard.store.errors import NotAsWritten

_BITS = (1 << 23) - 1
"""SQLite keeps such a number in three bytes; a changed row passes once in eight million."""


def seal(table: str, *values: object) -> int:
    """Return the check sum of a row's values in a table: integers and texts, a document as its own CRC."""
    return crc32(repr((table, *values)).encode()) & _BITS


def document_seal(school: str, sequence: int, begin: int, end: int, posted: int, document: bytes) -> int:
    """Return the check sum of a document in the outbox; ``tries`` may change and is not in it."""
    return seal("outbox", school, sequence, begin, end, posted, crc32(document))


def checked(table: str, *values: object, mark: object) -> None:
    """Raise ``NotAsWritten`` when a row's seal is not its own; else adding to it would make a wrong count
    right.
    """
    if seal(table, *values) != mark:
        raise NotAsWritten(f"a row of {table} is not what was written")
