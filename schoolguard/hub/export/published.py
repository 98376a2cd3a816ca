"""The folder of one exported zone: rulings, the differences between successive ones, and which are served.

``current.json`` names the files that count; it changes by one rename, after everything that it names is
whole and synced. It must not serve anything, and only one process may publish into a folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from schoolguard.hub.export.model import ExportZone, Published, Ruling, Step, Verdict
from schoolguard.intake.transfer.serial import after
from schoolguard.lists.archive import sync_folder, write_synced
from schoolguard.lists.folder import locked

_CURRENT = "current.json"
_PARTIAL = "partial-"
_FORMAT = "schoolguard-export/1"


class ExportBroken(Exception):
    """The folder does not hold what its index says; the message says what to do."""


class ExportFolder:
    """One zone's folder under ``root``."""

    def __init__(self, root: Path, export: ExportZone) -> None:
        self.folder = root / export.zone
        self._export = export

    def current(self) -> Published | None:
        """Return what is served, ``None`` before the first export; raises ``ExportBroken``."""
        found = self._index()
        if found is None:
            return None
        try:
            steps = tuple(Step(**step) for step in found["differences"])
            return Published(found["serial"], found["file"], found["rulings"], steps)
        except (KeyError, TypeError) as error:
            raise self._broken(error) from error

    def rulings(self, published: Published) -> Iterator[Ruling]:
        """Yield the rulings of an export, in order; raises ``ExportBroken`` and ``OSError``."""
        yield from self._read(published.file)

    def changes(self, step: Step, sign: str) -> Iterator[Ruling]:
        """Yield what a step takes away (``-``) or adds (``+``), as rulings that say only that."""
        with (self.folder / step.file).open(encoding="ascii") as file:
            for line in file:
                if line[0] == sign:
                    yield _ruling(line[1:])

    def publish(self, rulings: Iterable[Ruling], now: float) -> Published:
        """Write rulings as the zone's newest state and return it; the same rulings as before change nothing.

        The serial is ``now`` in Unix seconds, or one more than the last one if that is not newer. Raises
        ``OSError``, and ``CompileBusy`` while another process publishes the zone.
        """
        with locked(self.folder):
            return self._publish(rulings, now)

    def _publish(self, rulings: Iterable[Ruling], now: float) -> Published:
        for left in self.folder.glob(_PARTIAL + "*"):
            left.unlink()
        before = self.current() if self._same_settings() else None
        last = self._index()
        serial = after(last["serial"], int(now)) if last else int(now) & 0xFFFF_FFFF
        with self._new(f"{serial}.rulings") as file:
            count = 0
            for ruling in rulings:
                file.write(_line(ruling))
                count += 1
        differences = self._differences(before, serial, count) if before else ()
        if before and differences is None:
            (self.folder / f"{serial}.rulings").unlink()
            return before
        published = Published(serial, f"{serial}.rulings", count, differences or ())
        self._install(published)
        return published

    def _differences(self, before: Published, serial: int, count: int) -> tuple[Step, ...] | None:
        """Return the steps to keep, ``None`` when nothing changed."""
        name = f"{before.serial}-{serial}.changes"
        old, new = self._read(before.file), self._read(f"{serial}.rulings")
        with self._new(name) as file:
            changes = 0
            for line in changed(old, new):
                file.write(line)
                changes += 1
        if not changes:
            (self.folder / name).unlink()
            return None
        steps = [*before.differences, Step(before.serial, serial, name, changes)][-self._export.journal :]
        most = count * self._export.journal_share
        while steps and sum(step.changes for step in steps) > most:
            steps.pop(0)
        return tuple(steps)

    def _install(self, published: Published) -> None:
        sync_folder(self.folder)
        index = {"format": _FORMAT, "action": self._export.action.value, **asdict(published)}
        write_synced(self.folder / _CURRENT, json.dumps(index, sort_keys=True).encode())
        named = {_CURRENT, published.file, *(step.file for step in published.differences)}
        for path in self.folder.iterdir():
            if path.suffix in (".rulings", ".changes") and path.name not in named:
                path.unlink()

    @contextmanager
    def _new(self, name: str) -> Iterator[IO[str]]:
        partial = self.folder / (_PARTIAL + name)
        with partial.open("w", encoding="ascii") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)

    def _read(self, name: str) -> Iterator[Ruling]:
        try:
            with (self.folder / name).open(encoding="ascii") as file:
                yield from map(_ruling, file)
        except (FileNotFoundError, ValueError) as error:
            raise self._broken(error) from error

    def _same_settings(self) -> bool:
        """Return whether what was published before means the same records as now."""
        found = self._index()
        return found is not None and found.get("action") == self._export.action.value

    def _index(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / _CURRENT).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._broken(error) from error
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise self._broken("another format")
        return found

    def _broken(self, found: object) -> ExportBroken:
        return ExportBroken(
            f"{self.folder}: not an export that this program wrote ({found}); delete the folder and export "
            "again: secondaries then take the whole zone"
        )


def changed(old: Iterable[Ruling], new: Iterable[Ruling]) -> Iterator[str]:
    """Yield a line for each record that one of two exports, both in order, has and the other has not."""
    before, after_ = iter(old), iter(new)
    a, b = next(before, None), next(after_, None)
    while a is not None or b is not None:
        if a == b:
            a, b = next(before, None), next(after_, None)
        elif b is None or (a is not None and a.key < b.key):
            assert a is not None  # noqa: S101 - one of the two is left
            yield "-" + _line(a)
            a = next(before, None)
        elif a is None or b.key < a.key:
            yield "+" + _line(b)
            b = next(after_, None)
        else:
            yield from _one_name(a, b)
            a, b = next(before, None), next(after_, None)


def _one_name(old: Ruling, new: Ruling) -> Iterator[str]:
    """Yield the lines for a name whose ruling changed: what is the same in both is in neither."""
    own = (Verdict.NONE, Verdict.NONE) if old.own is new.own else (old.own, new.own)
    below = (Verdict.NONE, Verdict.NONE) if old.below is new.below else (old.below, new.below)
    for sign, at in (("-", 0), ("+", 1)):
        if own[at] is not Verdict.NONE or below[at] is not Verdict.NONE:
            yield sign + _line(Ruling(old.key, own[at], below[at]))


def _line(ruling: Ruling) -> str:
    return f"{ruling.key}\t{ruling.own}{ruling.below}\n"


def _ruling(line: str) -> Ruling:
    key, _, verdicts = line.partition("\t")
    return Ruling(key, Verdict(verdicts[:1]), Verdict(verdicts[1:2]))
