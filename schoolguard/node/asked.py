"""The names that this gateway was asked for in the last days: what a change of policy is tried on.

Names alone, by day: no client, no count, no hour. They are kept on this machine for its own user only, and
nothing sends them anywhere.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from schoolguard.dns.names import InvalidName, text_of_wire, to_ascii

DAYS = 8
"""Today and the seven days before it."""

MOST_NAMES = 100_000
"""Names of one day; a large boarding school asks for some ten thousand."""

SAVE_SECONDS = 600.0
_log = logging.getLogger("schoolguard.asked")


class AskedNames:
    """Gathers the names of a day and writes those that are new to the day's file."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "asked"
        self._day: date | None = None
        self._known: set[str] = set()
        self._new: set[str] = set()
        self._failing = False

    def add(self, names: Iterable[bytes], day: date) -> None:
        """Take names (lower-case wire shape) that were asked for on ``day``."""
        if day != self._day:
            self.save()
            self._begin(day)
        room = MOST_NAMES - len(self._known) - len(self._new)
        for wire in names:
            if room <= 0:
                return
            name = _plain(wire)
            if name and name not in self._known and name not in self._new:
                self._new.add(name)
                room -= 1

    def forget(self) -> None:
        """Remove every name: the configuration wants none to be kept."""
        self._day, self._new, self._known = None, set(), set()
        try:
            for path in _files(self._folder):
                path.unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)

    def save(self) -> None:
        """Append what is new to the day's file; a full disk is said once, and the names wait in memory."""
        if not self._new or self._day is None:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lines = "".join(f"{name}\n" for name in sorted(self._new)).encode()
            _append(self._folder / self._day.isoformat(), lines)
        except OSError as error:
            self._fail(error)
            return
        self._failing = False
        self._known |= self._new
        self._new = set()

    def _begin(self, day: date) -> None:
        self._day, self._new, self._known = day, set(), set()
        try:
            self._known.update(_read(self._folder / day.isoformat()))
            for path in _files(self._folder):
                if path.name <= (day - timedelta(days=DAYS)).isoformat():
                    path.unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._failing:
            _log.error("names asked cannot be saved", extra={"problem": error.strerror})
        self._failing = True


def asked_names(state: Path) -> set[str]:
    """Return the names asked for in the days that are kept, in text shape."""
    return {name for path in _files(state / "asked") for name in _read(path)}


def _append(path: Path, lines: bytes) -> None:
    """Append lines whole or not at all; what a power cut left of another line stays a line of its own."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        rest = memoryview(b"\n" + lines if torn else lines)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("????-??-??"))


def _read(path: Path) -> Iterator[str]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield to_ascii(line.decode("utf-8", "replace"))
        except InvalidName:
            continue  # the end of a line that a power cut took


def _plain(wire: bytes) -> str:
    """Return the name in text shape, ``""`` for one that no list and no rule can name."""
    try:
        return to_ascii(text_of_wire(wire))
    except InvalidName:
        return ""
