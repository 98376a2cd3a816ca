"""Reads a bundle as a stream: one line in memory, whatever the file says of itself. It must not keep entries.

Everything has a bound before it is believed: bytes in and out, their ratio, lines, entries, provenances.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schoolguard.hub.push.bundle import (
    MOST_ENTRY,
    BundleEntry,
    BundleHeader,
    Provenance,
    Sign,
    end_of,
    entry_of,
    header_of,
    provenance_of,
)
from schoolguard.hub.push.bundle_members import MOST_HEADER
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.intake.subscriptions.model import FetchRefused
from schoolguard.intake.subscriptions.unpack import bounded, unzstded
from schoolguard.language import N_

_MAGIC = b"\x28\xb5\x2f\xfd"
_BLOCK = 1 << 16

_NO_ZSTD = N_("the file is not packed with zstd")
_PACKED = N_("the file does not unpack: {why}")
_LONG = N_("line {line} is longer than {most} bytes")
_CUT = N_("the text ends in line {line}, before its end is told")
_AFTER = N_("line {line} stands after the end")
_ORDER = N_("line {line}: {name} is not after the entry before it; entries are sorted and each is there once")
_REMOVES = N_("line {line}: only a delta takes entries away")
_NUMBER = N_("line {line}: there is no provenance {number}")
_MANY = N_("more than {most} entries")
_MANY_PROVENANCES = N_("more than {most} provenances")
_COUNT = N_("the end tells of {told} entries; there are {found}")
_DIGEST = N_("the digest at the end is not that of the text")


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """How much a bundle may be; ``text`` in bytes, ``ratio`` in bytes of text for each packed byte."""

    text: int = 512 << 20
    entries: int = 10_000_000
    provenances: int = 50_000
    ratio: int = 200
    faults: int = 20


class BundleReader:
    """One bundle in a file; ``entries`` may be run through once.

    ``header`` is there at once, ``provenances`` with the first entry, ``count`` and ``sha256`` (the bundle's
    identity: the digest of its lines before the last) at the end. Raises ``BundleRefused``.
    """

    def __init__(self, packed: BinaryIO, limits: BundleLimits | None = None) -> None:
        self._limits = limits or BundleLimits()
        self._number = 0
        self._digest = hashlib.sha256()
        self._lines = self._split(self._text(packed))
        self.provenances: list[Provenance] = []
        self.count = 0
        self.sha256 = ""
        self.header: BundleHeader = header_of(self._kept(self._next()))

    def entries(self, fault: Callable[[BundleRefused], None] | None = None) -> Iterator[BundleEntry]:
        """Yield the entries in order; raises ``BundleRefused`` for the first fault.

        With ``fault``, wrong entries are told to it and left out, and reading goes on.
        """
        before = ""
        line = self._next()
        while line.startswith(b'{"by"'):
            self._provenance(line)
            line = self._next()
        while not line.startswith(b"{"):
            try:
                entry = self._entry(line, before)
            except BundleRefused as error:
                if fault is None:
                    raise
                fault(error)
            else:
                before = entry.token
                self.count += 1
                if self.count > self._limits.entries:
                    raise self._refused("too-many-entries", _MANY, most=self._limits.entries)
                yield entry
            self._kept(line)
            line = self._next()
        self._end(line, exact=fault is None)

    def _entry(self, line: bytes, before: str) -> BundleEntry:
        entry = entry_of(line, self._number)
        if entry.token <= before:
            raise self._refused("not-sorted", _ORDER, line=self._number, name=entry.token)
        if entry.sign is Sign.REMOVE and (self.header.base is None or entry.provenance is not None):
            raise self._refused("removal", _REMOVES, line=self._number)
        if entry.provenance is not None and entry.provenance >= len(self.provenances):
            raise self._refused("no-provenance", _NUMBER, line=self._number, number=entry.provenance)
        return entry

    def _provenance(self, line: bytes) -> None:
        if len(self.provenances) >= self._limits.provenances:
            most = self._limits.provenances
            raise self._refused("too-many-provenances", _MANY_PROVENANCES, most=most)
        self.provenances.append(provenance_of(line, self._number))
        self._kept(line)

    def _end(self, line: bytes, *, exact: bool) -> None:
        told, digest = end_of(line, self._number)
        self.sha256 = self._digest.hexdigest()
        if next(self._lines, None) is not None:
            raise self._refused("after-end", _AFTER, line=self._number)
        if told != self.count and exact:
            raise self._refused("wrong-count", _COUNT, told=told, found=self.count)
        if digest != self.sha256:
            raise self._refused("wrong-digest", _DIGEST)

    def _kept(self, line: bytes) -> bytes:
        self._digest.update(line)
        self._digest.update(b"\n")
        return line

    def _next(self) -> bytes:
        line = next(self._lines, None)
        if line is None:
            raise self._refused("cut-off", _CUT, line=self._number)
        return line

    def _refused(self, code: str, msgid: str, **values: object) -> BundleRefused:
        return BundleRefused(code, self._number, msgid, **values)

    def _text(self, packed: BinaryIO) -> Iterator[bytes]:
        size = packed.seek(0, 2)
        packed.seek(0)
        if packed.read(4) != _MAGIC:
            raise self._refused("not-zstd", _NO_ZSTD)
        packed.seek(0)
        blocks = unzstded(iter(lambda: packed.read(_BLOCK), b""))
        try:
            yield from bounded(blocks, size, self._limits.text, self._limits.ratio)
        except FetchRefused as error:
            raise self._refused(error.reason, _PACKED, why=error) from error

    def _split(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for block in blocks:
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in lines:
                self._number += 1
                self._check_length(line)
                yield line
            self._check_length(rest)
        if rest:
            self._number += 1
            raise self._refused("cut-off", _CUT, line=self._number)

    def _check_length(self, line: bytes) -> None:
        most = MOST_HEADER if line.startswith(b"{") or not self._number else MOST_ENTRY
        if len(line) > most:
            raise self._refused("long-line", _LONG, line=self._number, most=most)


def faults_of(path: Path, limits: BundleLimits | None = None) -> tuple[BundleRefused, ...]:
    """Return what is wrong with a bundle file: wrong entries up to a bound, and what ends the reading."""
    limits = limits or BundleLimits()
    found: list[BundleRefused] = []

    def note(fault: BundleRefused) -> None:
        found.append(fault)
        if len(found) >= limits.faults:
            raise fault

    with path.open("rb") as packed:
        try:
            for _ in BundleReader(packed, limits).entries(note):
                pass
        except BundleRefused as error:
            if error not in found:
                found.append(error)
    return tuple(found)
