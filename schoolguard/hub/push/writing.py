"""Writes bundles: of entries, of a list file in any supported format, and of a base and a delta to it.

It must not sort in memory what does not fit there: entries come sorted, or a list is read as a whole by a
partner who has the memory for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import zstandard

from schoolguard.hub.push.bundle import (
    Base,
    BundleEntry,
    BundleHeader,
    Match,
    Provenance,
    Sign,
    end_line,
    entry_line,
    is_entry,
)
from schoolguard.hub.push.reading import BundleReader
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.language import N_
from schoolguard.lists.formats import read
from schoolguard.lists.model import Flag, ListSource, Report

LEVEL = 12
_WINDOW_LOG = 23
"""8 MiB: what any zstd program unpacks without a switch."""
_LINE = 24
"""Bytes of a usual entry: for a short list the packer need not make ready for a long one."""

_ANOTHER_BASE = N_("the delta is to the bundle {wanted}, not to {found}")
_NOT_THERE = N_("the delta takes {name} away, which is not in the bundle before")

_MATCHES = {Flag.SUBTREE: Match.SUBTREE, Flag.EXACT: Match.EXACT, Flag.BELOW: Match.BELOW}


def write_bundle(
    out: BinaryIO, header: BundleHeader, provenances: Sequence[Provenance], entries: Iterable[BundleEntry]
) -> str:
    """Write a bundle and return its digest; ``entries`` are sorted by token, each token once."""
    digest, count = hashlib.sha256(), 0
    hint = len(entries) * _LINE + (1 << 12) if isinstance(entries, Sequence) else 0
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=hint, write_checksum=True, **({} if hint else {"window_log": _WINDOW_LOG})
    )
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as packer:

        def put(line: bytes) -> None:
            digest.update(line)
            packer.write(line)

        put(header.line())
        for provenance in provenances:
            put(provenance.line())
        for entry in entries:
            put(entry_line(entry))
            count += 1
        packer.write(end_line(count, digest.hexdigest()))
    return digest.hexdigest()


def entries_of_list(
    path: Path, format_: str = "auto", provenance: int | None = None, report: Report | None = None
) -> list[BundleEntry]:
    """Return the block entries of a list file, sorted; raises ``ListRefused``.

    Exceptions, patterns, conditions on query types, and names that are not letters, digits, hyphens and
    underscores have no place in a bundle and are left out. ``report`` takes what was no entry at all.
    """
    found = {}
    source = ListSource(path.name, str(path), 0, format=format_)
    for entry in read(source, report or Report(path.name, format_)):
        match = _MATCHES.get(entry.flags & ~Flag.IMPORTANT)
        if match is not None and entry.types is None and not entry.pattern:
            made = BundleEntry(entry.name, match, provenance)
            if is_entry(made):
                found[made.token] = made
    return [found[token] for token in sorted(found)]


def difference(before: Iterator[BundleEntry], after: Iterator[BundleEntry]) -> Iterator[BundleEntry]:
    """Yield the delta between two sorted lists; an entry whose provenance alone changed is none."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.token < new.token):
            assert old is not None  # noqa: S101 - one of the two is there
            yield BundleEntry(old.name, old.match, None, Sign.REMOVE)
            old = next(before, None)
        elif old is None or new.token < old.token:
            yield new
            new = next(after, None)
        else:
            old, new = next(before, None), next(after, None)


def apply(base: BinaryIO, delta: BinaryIO, out: BinaryIO) -> str:
    """Write the whole bundle that a base becomes by a delta, and return its digest.

    Raises ``BundleRefused``: what reading raises, ``wrong-base`` and ``not-there``; what was written is then
    to be thrown away.
    """
    old, new = BundleReader(base), BundleReader(delta)
    wanted = new.header.base
    if wanted is None or wanted.sequence != old.header.sequence or new.header.list != old.header.list:
        raise _another(wanted, old)
    before, changes = old.entries(), new.entries()
    first, change = next(before, None), next(changes, None)  # the provenances are read now
    merged = _merged(before, changes, first, change, len(old.provenances))
    header = replace(new.header, base=None)
    digest = write_bundle(out, header, [*old.provenances, *new.provenances], merged)
    if wanted.sha256 != old.sha256:  # known only now that all of it was read
        raise _another(wanted, old)
    return digest


def _another(wanted: Base | None, old: BundleReader) -> BundleRefused:
    found = Base(old.header.sequence, old.sha256)
    return BundleRefused("wrong-base", 1, _ANOTHER_BASE, wanted=repr(wanted), found=repr(found))


def _merged(
    before: Iterator[BundleEntry],
    changes: Iterator[BundleEntry],
    old: BundleEntry | None,
    change: BundleEntry | None,
    shift: int,
) -> Iterator[BundleEntry]:
    while old is not None or change is not None:
        if change is None or (old is not None and old.token < change.token):
            assert old is not None  # noqa: S101 - one of the two is there
            yield old
            old = next(before, None)
            continue
        there = old is not None and old.token == change.token
        if change.sign is Sign.REMOVE and not there:
            raise BundleRefused("not-there", 0, _NOT_THERE, name=change.token)
        if change.sign is Sign.ADD:
            yield _shifted(change, shift)
        if there:
            old = next(before, None)
        change = next(changes, None)


def _shifted(entry: BundleEntry, shift: int) -> BundleEntry:
    return entry if entry.provenance is None else entry._replace(provenance=entry.provenance + shift)


def write_list(bundle: BinaryIO, out: BinaryIO) -> int:
    """Write the names of a whole bundle as a list file (adblock format) for the compiler; return how many."""
    shapes = {Match.SUBTREE: "||{}^\n", Match.EXACT: "|{}^\n", Match.BELOW: "||*.{}^\n"}
    reader = BundleReader(bundle)
    for entry in reader.entries():
        out.write(shapes[entry.match].format(entry.name).encode())
    return reader.count
