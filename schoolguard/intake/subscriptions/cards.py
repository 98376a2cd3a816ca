"""The report card of each list: entries, entries that no other list has, overlap, age.

Streams the list files: names are hashed (64 bits), dealt by hash into buckets on disk, and counted bucket by
bucket, so memory does not grow with the lists. It must not look at names that anybody asked for.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, ListSource, Report

_BUCKETS = 64
_RECORD = struct.Struct("<QH")
_FLUSH = 8_192
_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Card:
    """One list: ``entries`` are its different names, ``unique`` those in no other list.

    ``overlaps`` are the lists that share most names with it, and how many; ``refused`` says why it could not
    be read, empty when it could.
    """

    id: str
    entries: int
    unique: int
    overlaps: tuple[tuple[str, int], ...] = ()
    refused: str = ""

    @property
    def share_unique(self) -> float:
        """The part of its names that only it has, from 0 to 1."""
        return self.unique / self.entries if self.entries else 0.0


def cards(sources: Sequence[ListSource], scratch: Path) -> tuple[Card, ...]:
    """Return a card for each list, in order; ``scratch`` is a folder for 10 bytes an entry.

    Exceptions in lists (``@@``) are not counted. Two names with one hash count as one: 1 in 10^5 for 10
    million names. Raises ``OSError``.
    """
    refused: dict[int, str] = {}
    buckets: list[IO[bytes]] = []
    try:
        buckets.extend(TemporaryFile(dir=scratch) for _ in range(_BUCKETS))  # noqa: SIM115 - closed below
        for number, source in enumerate(sources):
            try:
                _deal(number, source, buckets)
            except ListRefused as error:
                refused[number] = str(error)
        combinations: Counter[int] = Counter()
        for bucket in buckets:
            combinations.update(_combinations(bucket))
    finally:
        for bucket in buckets:
            bucket.close()
    return tuple(_card(number, sources, combinations, refused) for number in range(len(sources)))


def _deal(number: int, source: ListSource, buckets: list[IO[bytes]]) -> None:
    waiting = [bytearray() for _ in buckets]
    for entry in read(source, Report(source.id, source.format)):
        if entry.flags & Flag.EXCEPTION:
            continue
        digest = hashlib.blake2b(entry.name.encode(), digest_size=8).digest()
        bucket = digest[0] % _BUCKETS
        rows = waiting[bucket]
        rows += digest + number.to_bytes(2, "little")
        if len(rows) > _FLUSH:
            buckets[bucket].write(rows)
            rows.clear()
    for bucket, rows in enumerate(waiting):
        buckets[bucket].write(rows)


def _combinations(bucket: IO[bytes]) -> Counter[int]:
    bucket.seek(0)
    seen: dict[int, int] = {}
    for digest, number in _rows(bucket):
        seen[digest] = seen.get(digest, 0) | 1 << number
    return Counter(seen.values())


def _rows(bucket: IO[bytes]) -> Iterator[tuple[int, int]]:
    while block := bucket.read(_RECORD.size * 4_096):
        yield from _RECORD.iter_unpack(block)


def _card(
    number: int, sources: Sequence[ListSource], combinations: Counter[int], refused: dict[int, str]
) -> Card:
    own = 1 << number
    entries, shared = 0, Counter[int]()
    for lists, count in combinations.items():
        if lists & own:
            entries += count
            others = lists & ~own
            while others:
                other = others & -others
                shared[other.bit_length() - 1] += count
                others ^= other
    overlaps = tuple((sources[other].id, count) for other, count in shared.most_common(_OTHERS))
    return Card(sources[number].id, entries, combinations[own], overlaps, refused.get(number, ""))
