"""What a worker tells of its counts: numbered, kept until stored, left in a file when nobody is there.

It must not count, and it must not write anything while control listens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPILLED = ".spill"
MOST_KEPT = 900
"""Numbered counts kept: a quarter of an hour in which control takes them and cannot store them. Control holds
what it took, so what is dropped here is lost only if control dies as well; the tally tells."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Counts as ``Counts.take`` gives them, with the number and the Unix minute they were taken at."""

    number: int
    minute: int
    counts: dict[str, Any]

    @property
    def queries(self) -> int:
        """How many queries they count."""
        return sum(row[-1] for row in self.counts["queries"])


class Telling:
    """The counts of one worker that are not known to be stored; ``worker`` is its random word.

    ``queries_stored`` is how many queries are known to be.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.queries_stored = 0
        self._number = 0
        self._kept: dict[int, Numbered] = {}
        self._dropped = self._dropped_to = 0

    def tell(self, counts: dict[str, Any], minute: int) -> Numbered:
        """Return the counts under their number, and keep them."""
        self._number += 1
        told = self._kept[self._number] = Numbered(self._number, minute, counts)
        if len(self._kept) > MOST_KEPT:
            self._dropped_to = next(iter(self._kept))
            self._dropped += self._kept.pop(self._dropped_to).queries
        return told

    def stored(self, number: int) -> None:
        """Let go of everything up to ``number``; what was dropped before was held by who stored it."""
        if number >= self._dropped_to:
            self.queries_stored += self._dropped
            self._dropped = 0
        for each in list(self._kept):
            if each <= number:
                self.queries_stored += self._kept.pop(each).queries

    def spill(self, folder: Path, categories: dict[int, str]) -> None:
        """Leave what is kept to the next control; ``categories`` are the names by bit. Raises ``OSError``."""
        if not self._kept:
            return
        document = {
            "worker": self.worker,
            "stored": self.queries_stored,
            "categories": {str(bit): name for bit, name in categories.items()},
            "told": [[each.number, each.minute, each.counts] for each in self._kept.values()],
        }
        path = folder / f"{self.worker}{SPILLED}"
        unfinished = path.with_suffix(".new")
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(document, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError:
            unfinished.unlink(missing_ok=True)  # half a file on a disk that has no room
            raise


class SpillBroken(ValueError):
    """A file of spilled counts that is none."""


@dataclass(frozen=True, slots=True)
class Spilled:
    """What a worker left: its word, queries it knew to be stored, categories' names by bit, its counts."""

    worker: str
    stored: int
    categories: dict[int, str]
    told: list[Numbered]


def read_spill(path: Path) -> Spilled:
    """Return what a worker left; raises ``SpillBroken`` and ``OSError``."""
    try:
        document = json.loads(path.read_bytes())
        categories = {int(bit): str(name) for bit, name in document["categories"].items()}
        told = list(_numbered(document["told"]))
        return Spilled(str(document["worker"]), int(document["stored"]), categories, told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SpillBroken(f"{path}: {error!r}") from error


def _numbered(told: list[Any]) -> Iterator[Numbered]:
    for number, minute, counts in told:
        queries = [(str(s), str(g), str(t), int(o), int(n)) for s, g, t, o, n in counts["queries"]]
        latency = [int(n) for n in counts["latency"]]
        events = {str(event): int(n) for event, n in counts["events"].items()}
        rest = {"latency": latency, "latency_sum": float(counts["latency_sum"]), "events": events}
        yield Numbered(int(number), int(minute), {"queries": queries} | rest)
