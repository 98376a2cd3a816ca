"""The keys of the pseudonyms: one for each school and day, in a file of its own, destroyed with the day.

It must not decide when a day is over. A key is on the disk before anything is hashed with it, so that a
device can be found again, to be erased, as long as its rows are kept; without the key nobody can tell whose
they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from schoolguard.querylog.model import day_number, day_text
from schoolguard.querylog.pseudonym import KEY_SIZE

OfDay = tuple[str, int]
"""School and day."""


class DayKeys:
    """The keys below one folder; every call may raise ``OSError``."""

    def __init__(self, folder: Path, random: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._random = random

    def all(self) -> dict[OfDay, bytes]:
        """Return every whole key."""
        found = {}
        for of, path in self._files().items():
            if len(key := path.read_bytes()) == KEY_SIZE:
                found[of] = key
        return found

    def make(self, school: str, day: int) -> bytes:
        """Return the key of a day, which is on the disk then.

        A short file is what a power cut left of a key that nobody has used yet: it is made anew.
        """
        path = self._path(school, day)
        if path.exists():
            if len(key := path.read_bytes()) == KEY_SIZE:
                return key
            path.unlink()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = self._random(KEY_SIZE)
        try:
            _write_new(path, key)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)
        return key

    def destroy(self, of: OfDay) -> None:
        """Overwrite a key and remove its file."""
        path = self._path(*of)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            os.pwrite(fd, bytes(KEY_SIZE), 0)
            os.fsync(fd)
        finally:
            os.close(fd)
        path.unlink()
        sync_folder(self._folder)

    def days(self) -> set[OfDay]:
        """Return the days that have a file, whole or not."""
        return set(self._files())

    def _files(self) -> dict[OfDay, Path]:
        found: dict[OfDay, Path] = {}
        for path in sorted(self._folder.glob("????-??-??.?*")):
            day, _, school = path.name.partition(".")
            try:
                found[school, day_number(day)] = path
            except ValueError:
                continue  # no file of ours
        return found

    def _path(self, school: str, day: int) -> Path:
        return self._folder / f"{day_text(day)}.{school}"


def _write_new(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if os.write(fd, content) < len(content):
            raise OSError(28, os.strerror(28))
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(folder: Path) -> None:
    """Put on the disk which files a folder has; raises ``OSError``."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
