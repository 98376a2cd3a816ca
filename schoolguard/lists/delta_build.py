"""Names and their combinations to a whole snapshot or a delta layer, over the disk, one shard in memory.

What is written depends on the content alone and not on how it was come by: combinations are numbered in the
order of their rules, every name goes into its trie once. So layers laid together on a gateway give, byte for
byte, the file that the publisher made of the same lists.
"""

from __future__ import annotations

import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.lists.archive import sync_folder
from schoolguard.lists.combinations import WIDE, Combinations, sections_of
from schoolguard.lists.delta_row import DeltaRow, delta_to_json
from schoolguard.lists.layout import DELTA, VERSION, Writer
from schoolguard.lists.patterns import Pattern
from schoolguard.lists.rows import note_to_json, row_to_json
from schoolguard.lists.shards import SHARD_KEYS, trie_of
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.spool import BUCKETS, SINGLE, Spool, share

Listed = Iterable[tuple[str, tuple[int, ...]]]
"""Search keys, each once, with the numbers of the rules that stand on them, sorted; none is a tombstone."""

MAX_CHANGES = SHARD_KEYS
"""Names in a delta layer at most: one trie. Beyond that a base is smaller and faster."""


class DeltaTooLarge(Exception):
    """So many names changed that a base should be shipped instead."""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its digest, the names listed in it, and how many of them are tombstones."""

    path: Path
    digest: str
    listed: int
    tombstones: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file says apart from its names.

    Lists, notes, rules, and the count of names are those of ``newest``; ``patterns`` are in its numbers,
    ``None`` for unchanged. Without ``delta`` the file is a whole snapshot.
    """

    newest: Snapshot
    patterns: Sequence[Pattern] | None
    delta: DeltaRow | None


def write_layer(listed: Listed, heading: Heading, path: Path) -> Written:
    """Write a file at ``path``, beside first and then renamed; raises ``DeltaTooLarge`` and ``OSError``."""
    with _beside(path) as (folder, partial):
        with Spool(folder) as spool:
            members, tombstones = _spooled(listed, spool, heading.delta is not None)
        order = sorted({(), *members})
        places = {each: place for place, each in enumerate(order)}
        final = [places[each] for each in members]
        with partial.open("wb") as file:
            writer = Writer(file, VERSION if heading.delta is None else DELTA)
            shards = _shards(spool, final, writer, len(order))
            digest = _finish(writer, heading, order, shards)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    return Written(path, digest, sum(spool.counts), tombstones)


def _spooled(listed: Listed, spool: Spool, bounded: bool) -> tuple[list[tuple[int, ...]], int]:
    """Spool names under provisional numbers of their combinations; return those, and the tombstones."""
    members: list[tuple[int, ...]] = []
    numbers: dict[tuple[int, ...], int] = {}
    tombstones = 0
    for count, (key, rules) in enumerate(listed, 1):
        number = numbers.get(rules)
        if number is None:
            number = numbers[rules] = len(members)
            members.append(rules)
        spool.add(key, number)
        tombstones += not rules
        if bounded and count > MAX_CHANGES:
            raise DeltaTooLarge(f"more than {MAX_CHANGES} names changed; ship the new snapshot as a base")
    return members, tombstones


def _shards(spool: Spool, final: Sequence[int], writer: Writer, combinations: int) -> list[dict[str, Any]]:
    shards = []
    typecode = "H" if combinations <= WIDE else "I"
    for number, buckets in enumerate(share(spool.counts, SHARD_KEYS)):
        trie = trie_of(spool, [SINGLE, *buckets])
        ids = array(typecode, bytes(array(typecode).itemsize * len(trie)))
        for combination, keys in spool.runs([SINGLE, *buckets]):
            place = final[combination]
            for key in keys:
                ids[trie.key_id(key)] = place
        writer.section(f"trie-{number}", trie.tobytes())
        writer.section(f"ids-{number}", ids.tobytes())
        shards.append({"buckets": buckets, "typecode": typecode})
    return shards


def _finish(
    writer: Writer, heading: Heading, order: list[tuple[int, ...]], shards: list[dict[str, Any]]
) -> str:
    newest = heading.newest
    combinations = Combinations()
    combinations.rules, combinations.members = list(newest.rules), order
    for name, content in sections_of(combinations, newest.origins).items():
        writer.section(name, content)
    main = {
        "input": newest.input,
        "state": newest.state,
        "names": newest.names,
        "buckets": BUCKETS,
        "shards": shards,
        "sources": [row_to_json(row) for row in newest.sources],
        "rules": newest.rules,
        "patterns": None if heading.patterns is None else list(heading.patterns),
    }
    if heading.delta is not None:
        main["delta"] = delta_to_json(heading.delta)
    return writer.finish(main, {"sources": [note_to_json(row.note) for row in newest.sources]})


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, Path]]:
    """Give a folder for the spool and a file to write beside ``path``; neither is left, whatever happens."""
    folder, partial = path.with_name(path.name + ".spool"), path.with_name(path.name + ".partial")
    shutil.rmtree(folder, ignore_errors=not folder.exists())
    folder.mkdir(parents=True)
    try:
        yield folder, partial
    finally:
        partial.unlink(missing_ok=True)
        shutil.rmtree(folder)
