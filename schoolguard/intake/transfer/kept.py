"""One transferred zone on disk, as a master file that the lists' reader takes. No network.

::

    ; comment | $ORIGIN zone. | $TTL 300 | @ SOA … | records, relative, no TTL | ; N records, M name servers

The last line is the proof that the file is whole; the SOA in it is the serial that is kept, so that the two
cannot disagree. A new file is written beside, synced and renamed: a kill or a power cut at any moment leaves
the old zone or the new one. The file's time is when a primary last confirmed the zone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from schoolguard.intake.transfer.incoming import Difference
from schoolguard.intake.transfer.model import TransferRefused
from schoolguard.intake.transfer.soa import Soa, soa_of_line
from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder

_HEAD = b"; Kept by zone transfer and overwritten by the next one: changes here are lost.\n"
_HEAD_LINES = 4
_NAME_SERVER = b"@ NS "
_TAIL = re.compile(rb"; ([0-9]{1,10}) records, ([0-9]{1,10}) name servers\n\Z")
_BLOCK = 1 << 18
_TAIL_SIZE = 80


class Kept(NamedTuple):
    """What the file says of itself."""

    soa: Soa
    records: int
    name_servers: int


class KeptZone:
    """The file of one zone; only one process may write it."""

    def __init__(self, folder: Path, transfer_id: str, zone: str) -> None:
        self.path = folder / f"{transfer_id}.rpz"
        self._partial = folder / f"partial-{transfer_id}.rpz"
        self._zone = zone.encode("ascii")

    def read(self) -> Kept | None:
        """Return what is kept, ``None`` when there is nothing, or nothing whole, of this zone."""
        try:
            with self.path.open("rb") as file:
                head = [file.readline(_BLOCK) for _ in range(_HEAD_LINES)]
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_SIZE))
                tail = _TAIL.search(file.read())
        except FileNotFoundError:
            return None
        if tail is None or head[1] != self._origin():
            return None
        try:
            return Kept(soa_of_line(head[3]), int(tail[1]), int(tail[2]))
        except ValueError:
            return None

    def refreshed(self) -> float:
        """Return when a primary last confirmed the zone, in Unix seconds; 0 without a zone."""
        return self.path.stat().st_mtime if self.path.exists() else 0.0

    def confirm(self, now: float) -> None:
        """Note that a primary confirmed the zone at ``now``."""
        os.utime(self.path, (now, now))

    def writer(self) -> ZoneWriter:
        """Return a writer of a whole zone; it changes nothing before ``install``."""
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        return ZoneWriter(self._partial, self.path, self._origin())

    def apply(self, difference: Difference, soa: Soa) -> Kept:
        """Install the zone with a difference applied, and return it; reads and writes the whole zone.

        The zone is streamed; in memory is only the difference. Raises ``TransferRefused`` (``mismatch`` when
        it does not fit what is kept, ``no-ns``) and ``OSError``; then the old zone stays.
        """
        with self.writer() as writer:
            writer.begin(soa)
            missing = set(difference.removed)
            for lines in self._records():
                writer.lines(_without(lines, difference, missing))
            if missing:
                raise TransferRefused("mismatch", N_("the differences do not fit the zone that is kept"))
            # In order, so that a name and its wildcard stand side by side for the lists' reader.
            writer.lines(
                sorted(difference.added, key=lambda line: (line.removeprefix(b"*."), line[:1] == b"*"))
            )
            return writer.install()

    def _origin(self) -> bytes:
        return b"$ORIGIN " + self._zone + b".\n"

    def _records(self) -> Iterator[list[bytes]]:
        with self.path.open("rb") as file:
            for _ in range(_HEAD_LINES):
                file.readline()
            while lines := file.readlines(_BLOCK):
                if _TAIL.match(lines[-1]):
                    lines.pop()
                yield lines


class ZoneWriter:
    """Writes a zone beside the one in force; leaving it without ``install`` deletes what was written."""

    def __init__(self, partial: Path, target: Path, origin: bytes) -> None:
        self._partial, self._target, self._origin = partial, target, origin
        self._file: IO[bytes] = partial.open("wb")
        self._kept: Kept | None = None

    def __enter__(self) -> ZoneWriter:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()  # writes what is buffered, which a full disk refuses again
        finally:
            self._partial.unlink(missing_ok=True)

    def begin(self, soa: Soa) -> None:
        """Start the zone, from nothing."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(_HEAD + self._origin + b"$TTL 300\n" + soa.line())
        self._kept = Kept(soa, 0, 0)

    def lines(self, lines: Iterable[bytes]) -> None:
        """Append records."""
        assert self._kept is not None  # noqa: S101 - records come after the SOA
        batch = list(lines)
        self._file.writelines(batch)
        servers = sum(line.startswith(_NAME_SERVER) for line in batch)
        self._kept = Kept(self._kept.soa, self._kept.records + len(batch), self._kept.name_servers + servers)

    def install(self) -> Kept:
        """Put the zone in place of the old one; raises ``TransferRefused`` (``no-ns``) and ``OSError``."""
        kept = self._kept
        if kept is None or not kept.name_servers:
            raise TransferRefused(
                "no-ns", N_("the zone has no name server (NS) at its top, so it is no zone")
            )
        self._file.write(b"; %d records, %d name servers\n" % (kept.records, kept.name_servers))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._partial.replace(self._target)
        sync_folder(self._target.parent)
        return kept


def _without(lines: list[bytes], difference: Difference, missing: set[bytes]) -> list[bytes]:
    """Return the lines that stay; raises ``TransferRefused`` for one that is to be added and is there."""
    if not difference.added.isdisjoint(lines):
        raise TransferRefused("mismatch", N_("the differences do not fit the zone that is kept"))
    if difference.removed.isdisjoint(lines):
        return lines
    missing.difference_update(lines)
    return [line for line in lines if line not in difference.removed]
