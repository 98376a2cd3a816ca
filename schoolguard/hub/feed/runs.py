"""Which sequences came, as runs without a hole: what is missing is what lies between them. Values only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grown:
    """How a sequence changed the runs: those that ended (by their first), and the one that is now."""

    gone: tuple[int, ...]
    first: int
    last: int


class Runs:
    """Runs of whole numbers, ``first`` to ``last`` each, in order, never touching one another."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        ordered = sorted(runs)
        self._firsts = [first for first, _ in ordered]
        self._lasts = [last for _, last in ordered]

    def __contains__(self, number: int) -> bool:
        """Return whether a number came."""
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __len__(self) -> int:
        """Return how many runs there are."""
        return len(self._firsts)

    @property
    def last(self) -> int:
        """The highest number that came, 0 without one."""
        return self._lasts[-1] if self._lasts else 0

    def add(self, number: int) -> Grown:
        """Take in a number that did not come before."""
        at = bisect_right(self._firsts, number)
        joins_left = at > 0 and self._lasts[at - 1] == number - 1
        joins_right = at < len(self._firsts) and self._firsts[at] == number + 1
        first = self._firsts[at - 1] if joins_left else number
        last = self._lasts[at] if joins_right else number
        begin, end = at - joins_left, at + joins_right
        gone = tuple(each for each in self._firsts[begin:end] if each != first)
        self._firsts[begin:end], self._lasts[begin:end] = [first], [last]
        return Grown(gone, first, last)

    def pairs(self) -> list[tuple[int, int]]:
        """Return first and last of each run, in order."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def gaps(self) -> list[tuple[int, int]]:
        """Return what is missing between the first and the last that came: first and last of each hole."""
        return [(end + 1, begin - 1) for end, begin in zip(self._lasts[:-1], self._firsts[1:], strict=True)]

    def count(self) -> int:
        """Return how many numbers came."""
        return sum(last - first + 1 for first, last in zip(self._firsts, self._lasts, strict=True))


def union(*lines: Iterable[tuple[int, int]]) -> Runs:
    """Return the runs of what came in any of several lines; they may overlap."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(run for line in lines for run in line):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return Runs(found)
