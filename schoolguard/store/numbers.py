"""Which numbers of which worker were taken, exactly and in little room. Pure; no file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

MOST_RANGES = 64
"""Ranges of one worker that are kept apart; what is missing before them is taken for taken."""

Ranges = tuple[tuple[int, int], ...]


class Numbers:
    """For each worker the numbers taken, as ranges: deltas may arrive late, and some never do."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: dict[str, Ranges] = {}

    def __len__(self) -> int:
        return len(self._ranges)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ranges)

    def has(self, worker: str, number: int) -> bool:
        """Return whether a worker's number was taken."""
        ranges = self._ranges.get(worker, ())
        at = bisect_right(ranges, (number, 1 << 62)) - 1
        return at >= 0 and ranges[at][1] >= number

    def add(self, worker: str, number: int) -> None:
        """Take a number."""
        self._ranges[worker] = joined(self._ranges.get(worker, ()), ((number, number),))

    def of(self, worker: str) -> Ranges:
        """Return a worker's ranges, in order."""
        return self._ranges.get(worker, ())

    def put(self, worker: str, ranges: Ranges) -> None:
        """Say what a worker's ranges are."""
        self._ranges[worker] = ranges

    def drop(self, worker: str) -> None:
        """Forget a worker."""
        self._ranges.pop(worker, None)

    def take(self, other: Numbers) -> None:
        """Take all that another holds."""
        for worker, ranges in other._ranges.items():
            self._ranges[worker] = joined(self.of(worker), ranges)


def joined(left: Ranges, right: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges that hold what both hold, neighbours made one."""
    made: list[tuple[int, int]] = []
    for low, high in sorted((*left, *right)):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(high, made[-1][1]))
        else:
            made.append((low, high))
    if len(made) > MOST_RANGES:
        over = len(made) - MOST_RANGES
        made[: over + 1] = [(made[0][0], made[over][1])]
    return tuple(made)


def written(ranges: Ranges) -> str:
    """Return ranges as text: ``1-500,502-502``."""
    return ",".join(f"{low}-{high}" for low, high in ranges)


def read(text: str) -> Ranges:
    """Return the ranges of a text; raises ``ValueError``."""
    pairs = (pair.split("-") for pair in text.split(",")) if text else ()
    return joined((), [(int(low), int(high)) for low, high in pairs])
