"""Names that an update is held against: protected ones, popular ones, and what stands above them. Pure.

Made once from lists of names; what is asked is one look-up in a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice


class Protected:
    """The safety net's names: on or below one is ``inside``, above one is ``above``."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self._above = frozenset(parent for name in self.names for parent in parents(name))

    def inside(self, name: str) -> bool:
        """Return whether a name is protected."""
        return name in self.names or any(parent in self.names for parent in parents(name))

    def above(self, name: str) -> bool:
        """Return whether a name, itself not protected, has a protected one below it."""
        return name in self._above and not self.inside(name)


class Ranking:
    """Popular names, most popular first, as far as ``most``; a name's rank counts from 1."""

    def __init__(self, names: Iterable[str], most: int = 10_000) -> None:
        self._own: dict[str, int] = {}
        self._covered: dict[str, int] = {}
        for rank, name in enumerate(islice(names, most), 1):
            self._own.setdefault(name, rank)
            for covering in (name, *parents(name)):
                self._covered.setdefault(covering, rank)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def rank(self, name: str, *, below: bool) -> int:
        """Return the best rank that an entry covers, with all below it or alone; 0 for none."""
        return (self._covered if below else self._own).get(name, 0)


def parents(name: str) -> Iterator[str]:
    """Yield what stands above a name in text shape, nearest first."""
    at = name.find(".")
    while at >= 0:
        yield name[at + 1 :]
        at = name.find(".", at + 1)
