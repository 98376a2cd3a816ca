"""The records in the pages of a SQLite file, read without SQLite: each page for itself, whatever the others
say.

Source: the database file format (sqlite.org/fileformat2.html), sections 1.6 and 2.1. It knows no table:
records are values. It must not fail on any bytes.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from schoolguard.store.migrations import PAGE

Value = int | float | str | bytes | None
PageOf = Callable[[int], bytes | None]

_INDEX_INNER, _TABLE_INNER, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x05, 0x0A, 0x0D
_WITH_RECORDS = (_INDEX_LEAF, _TABLE_LEAF, _INDEX_INNER)
_TABLE_LOCAL = PAGE - 35
_INDEX_LOCAL = (PAGE - 12) * 64 // 255 - 23
_LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23
_POINTER_EVERY = PAGE // 5 + 1
_MOST_PAYLOAD = 16 << 20
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Record(NamedTuple):
    """A record: where it lay, its row id (``None`` in an index and in a table without them), its values.

    ``guessed`` is one of a page that does not say that it holds records; it may be none.
    """

    page: int
    rowid: int | None
    values: tuple[Value, ...]
    guessed: bool = False


class Unreadable(NamedTuple):
    """A page, or a record in a page, that cannot be read: ``whole`` says whether it is the page."""

    page: int
    whole: bool


class _Broken(Exception):
    """These bytes are no record."""


_NO_RECORD = (_Broken, IndexError, UnicodeDecodeError, struct.error)


def records(count: int, page_of: PageOf) -> Iterator[Record | Unreadable]:
    """Yield every record of pages 1 to ``count``, and what cannot be read.

    Overflow, free and pointer pages hold no records of their own and are passed over; a page of nothing but
    zeros is free.
    """
    for number in range(1, count + 1):
        if number > 1 and (number - 2) % _POINTER_EVERY == 0:
            continue
        page = page_of(number)
        if page is None or len(page) < PAGE:
            yield Unreadable(number, True)
        else:
            yield from _of_page(number, page, page_of)


def _of_page(number: int, page: bytes, page_of: PageOf) -> Iterator[Record | Unreadable]:
    start = 100 if number == 1 else 0
    kind = page[start]
    if kind not in _WITH_RECORDS:
        guessed = list(_guessed(number, page, page_of))
        # The first byte of an overflow or free page is that of a page's number, thus 0.
        if not guessed and kind not in (0, _TABLE_INNER):
            yield Unreadable(number, True)
        yield from guessed
        return
    places = _places(page, start, kind)
    if places is None:
        yield Unreadable(number, True)
        return
    for at in dict.fromkeys(places):
        try:
            yield _record(number, page, at, kind, page_of)
        except _NO_RECORD:
            yield Unreadable(number, False)
    # Two pointers to one record: the record that one of them pointed to is lost.
    yield from [Unreadable(number, False)] * (len(places) - len(set(places)))
    if not _is_even(page, start, places):
        yield Unreadable(number, True)


def _guessed(number: int, page: bytes, page_of: PageOf) -> Iterator[Record]:
    """Yield what may be records of a page whose first byte does not say so; seals tell."""
    for kind in _WITH_RECORDS:
        for at in _places(page, 0, kind) or ():
            with contextlib.suppress(*_NO_RECORD):
                yield _record(number, page, at, kind, page_of)._replace(guessed=True)


def _places(page: bytes, start: int, kind: int) -> list[int] | None:
    """Return where the records of a page begin; ``None`` when it has more than find room."""
    cells = int.from_bytes(page[start + 3 : start + 5])
    first = start + (12 if kind == _INDEX_INNER else 8)
    if first + 2 * cells > PAGE:
        return None
    return [at for (at,) in struct.iter_unpack(">H", page[first : first + 2 * cells])]


def _is_even(page: bytes, start: int, places: list[int]) -> bool:
    """Return whether the lowest record or free block is where the page says that its content begins."""
    begin = int.from_bytes(page[start + 5 : start + 7]) or 65_536
    free = int.from_bytes(page[start + 1 : start + 3]) or begin
    return min([free, *places], default=begin) == begin or not places


def _record(number: int, page: bytes, at: int, kind: int, page_of: PageOf) -> Record:
    at += 4 if kind == _INDEX_INNER else 0
    size, at = _varint(page, at)
    rowid = None
    if kind == _TABLE_LEAF:
        rowid, at = _varint(page, at)
    return Record(number, rowid, _values(_payload(page, at, size, kind == _TABLE_LEAF, page_of)))


def _varint(page: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = page[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | page[at + 8], at + 9


def _payload(page: bytes, at: int, size: int, in_table: bool, page_of: PageOf) -> bytes:
    most = _TABLE_LOCAL if in_table else _INDEX_LOCAL
    if size <= most:
        return page[at : at + size]
    if size > _MOST_PAYLOAD:
        raise _Broken
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE - 4)
    local = local if local <= most else _LEAST_LOCAL
    parts, left = [page[at : at + local]], size - local
    following = int.from_bytes(page[at + local : at + local + 4])
    while left > 0:
        overflow = page_of(following) if following else None
        if overflow is None or len(overflow) < PAGE:
            raise _Broken
        parts.append(overflow[4 : 4 + min(left, PAGE - 4)])
        left -= PAGE - 4
        following = int.from_bytes(overflow[:4])
    return b"".join(parts)


def _values(payload: bytes) -> tuple[Value, ...]:
    header, at = _varint(payload, 0)
    if header > len(payload):
        raise _Broken
    kinds = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise _Broken
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None, 0, 1)[0 if kind == 0 else kind - 7], at
    if (size := _INTEGERS.get(kind)) is not None:
        return int.from_bytes(payload[at : at + size], signed=True), at + size
    if kind == 7:
        return struct.unpack(">d", payload[at : at + 8])[0], at + 8
    if kind < 12:
        raise _Broken
    size = (kind - 12) // 2
    piece = payload[at : at + size]
    return (piece.decode() if kind % 2 else piece), at + size
