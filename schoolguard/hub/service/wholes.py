"""Whole lists as bundles, kept by the digest of the file that was pushed, whether that was whole or a delta.

Named by content and written before anything is published, so that a push which is judged again after a kill
finds what it found before. What the partners' published metadata say decides which are in force.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from schoolguard.hub.push.bundle import BundleEntry, BundleHeader, Match, Sign
from schoolguard.hub.push.reading import BundleReader
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.hub.push.writing import apply
from schoolguard.language import N_
from schoolguard.lists.archive import write_synced
from schoolguard.lists.model import Entry, Flag

_NO_BASE = N_("the publisher has no list that this delta is a change to; push it whole")
YOUNG = 86_400.0
"""Seconds within which a list that was judged is published, or never."""

_BUNDLE, _DROPPED, _NOTED = ".sgl.zst", ".dropped", ".noted"
_FLAGS = {Match.SUBTREE: Flag.SUBTREE, Match.EXACT: Flag.EXACT, Match.BELOW: Flag.BELOW}
_LINES = {Match.SUBTREE: "||{}^\n", Match.EXACT: "|{}^\n", Match.BELOW: "||*.{}^\n"}


class Wholes:
    """The folder; one process changes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, pushed: str) -> Path:
        """Return where the whole list of a pushed file (SHA-256) stands."""
        return self._folder / (pushed + _BUNDLE)

    def take(self, pushed: str, file: Path, before: str | None) -> None:
        """Keep the whole list that a pushed file makes; ``before`` is the one pushed last.

        Raises ``BundleRefused``, ``OSError``.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self.path(pushed)
        if place.is_file():
            return
        partial = place.with_suffix(".partial")
        if header_of(file).base is None:
            shutil.copyfile(file, partial)
        else:
            self._apply(file, before, partial)
        partial.replace(place)

    def dropped(self, pushed: str | None) -> frozenset[str]:
        """Return the names that the guardrails leave out of a whole list."""
        path = self._folder / f"{pushed}{_DROPPED}"
        return frozenset(json.loads(path.read_bytes())) if path.is_file() else frozenset()

    def drop(self, pushed: str, names: Collection[str]) -> None:
        """Keep which names are left out of a whole list."""
        write_synced(self._folder / (pushed + _DROPPED), json.dumps(sorted(names)).encode())

    def note(self, pushed: str, told: Mapping[str, Any]) -> None:
        """Keep what the guardrails said of a pushed file; written before anything of it is published."""
        write_synced(self._folder / (pushed + _NOTED), json.dumps(told, sort_keys=True).encode())

    def noted(self, pushed: str) -> dict[str, Any]:
        """Return what the guardrails said of a pushed file, nothing for one that was never judged."""
        path = self._folder / f"{pushed}{_NOTED}"
        found: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
        return found

    def held(self, content: str) -> bool:
        """Return whether people must agree to a content: the guardrails said so, or what they said is lost.

        No list at all, the empty text, is held by nothing.
        """
        return bool(content) and bool(self.noted(content).get("held", True))

    def write_list(self, pushed: str, path: Path) -> None:
        """Write a whole list, without what is left out, as a list file (adblock) for the compiler."""
        dropped = self.dropped(pushed)
        partial = path.with_name(path.name + ".partial")
        with self.path(pushed).open("rb") as packed, partial.open("w", encoding="ascii") as out:
            for entry in BundleReader(packed).entries():
                if entry.name not in dropped:
                    out.write(_LINES[entry.match].format(entry.name))
        partial.replace(path)

    def collect(self, wanted: Collection[str], now: float) -> None:
        """Delete old whole lists but those of the pushed files ``wanted``; young ones may be on their way."""
        for path in self._folder.glob("*"):
            if path.name.partition(".")[0] not in wanted and path.stat().st_mtime < now - YOUNG:
                path.unlink()

    def _apply(self, file: Path, before: str | None, out: Path) -> None:
        base = None if before is None else self.path(before)
        if base is None or not base.is_file():
            raise BundleRefused("wrong-base", 1, _NO_BASE)
        with base.open("rb") as old, file.open("rb") as delta, out.open("wb") as packed:
            apply(old, delta, packed)


def header_of(file: Path) -> BundleHeader:
    """Return the header of a bundle; raises ``BundleRefused``."""
    with file.open("rb") as packed:
        return BundleReader(packed).header


def entries_of(file: Path, sign: Sign = Sign.ADD) -> Iterator[Entry]:
    """Yield the entries of a bundle that come (or go) as the guardrails see them."""
    with file.open("rb") as packed:
        for number, entry in enumerate(BundleReader(packed).entries(), 1):
            if entry.sign is sign:
                yield _entry(entry, number)


def _entry(entry: BundleEntry, number: int) -> Entry:
    return Entry(entry.name, _FLAGS[entry.match], number)
