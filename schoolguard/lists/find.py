"""Which lines of which lists name a name: the lists' own files are read again, line by line.

For ``schoolguard lists lookup``; slow by design, it needs no index. It must not judge: whether a line has an
effect is said by ``Snapshot.hits``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from schoolguard.lists.archive import Archive
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.formats.lines import batches, text
from schoolguard.lists.model import Entry, Flag, ListSource, Report
from schoolguard.lists.patterns import matches, refusal_of

SHOWN = 200
"""Characters of a line that are given back."""


class Covers(StrEnum):
    """How a line concerns a name: names it, names a parent, matches it, or names it but for what is below."""

    EXACT = "exact"
    PARENT = "parent"
    PATTERN = "pattern"
    BELOW = "below"


class Line(NamedTuple):
    """One line that concerns the name; ``text`` is printable, ``line`` counts from 1."""

    list_id: str
    path: str
    line: int
    text: str
    covers: Covers
    entry: Entry


def find_lines(
    sources: Iterable[ListSource], name: str, refused: Callable[[ListSource, ListRefused], None]
) -> Iterator[Line]:
    """Yield every line that names ``name`` (text shape) or a parent that covers it, list by list.

    ``refused`` is told of each list that cannot be read to its end; the lines before count all the same.
    """
    for source in sources:
        found: list[tuple[Entry, Covers]] = []
        try:
            found.extend(_entries(source, name))
        except ListRefused as error:
            refused(source, error)
        if found:
            texts = _texts(source.path, {entry.line for entry, _ in found})
            for entry, covers in found:
                yield Line(source.id, source.path, entry.line, texts[entry.line], covers, entry)


def in_force(sources: Sequence[ListSource], archive: Archive) -> list[ListSource]:
    """Return the sources with the last good copy's path where the list itself is refused."""
    copies = [archive.copy_of(source.id) for source in sources]
    return [
        replace(source, path=str(archive.path_of(copy)))
        if copy.refused_since and archive.has(copy)
        else source
        for source, copy in zip(sources, copies, strict=True)
    ]


def _entries(source: ListSource, name: str) -> Iterator[tuple[Entry, Covers]]:
    labels = name.split(".")
    wanted = {".".join(labels[at:]) for at in range(len(labels))}
    for entry in read(source, Report(source.id, source.format)):
        if entry.pattern:
            if refusal_of(entry.name) is None and matches(entry.name, name):
                yield entry, Covers.PATTERN
        elif entry.name in wanted and (covers := _covers(entry, name)):
            yield entry, covers


def _covers(entry: Entry, name: str) -> Covers | None:
    if entry.name == name:
        return Covers.BELOW if entry.flags & Flag.BELOW else Covers.EXACT
    return None if entry.flags & Flag.EXACT else Covers.PARENT


def _texts(path: str, wanted: set[int]) -> dict[int, str]:
    """Return the wanted lines of a file by number; a file cut since gives empty ones."""
    texts = dict.fromkeys(wanted, "")
    number = 0
    for batch in batches(path):
        for line in batch:
            number += 1
            if number in wanted:
                texts[number] = "".join(c if c.isprintable() else "\ufffd" for c in text(line)[:SHOWN])
        if number >= max(wanted):
            break
    return texts
