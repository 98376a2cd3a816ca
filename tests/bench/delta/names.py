"""Two days of real lists: those of today, and tomorrow's form of the largest one, with names come and gone.

Names that are to come are real ones too, held back today, so that a delta is as hard to pack as in life.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.gateway import CATEGORIES
from tests.bench.processes import Failed

_SAMPLES = 100


@dataclass(frozen=True, slots=True)
class List:
    """A list's id, the product's category for it, and its file."""

    id: str
    category: str
    file: Path


@dataclass(frozen=True, slots=True)
class Days:
    """Today's lists, ``count`` names in all, and tomorrow's form of the one that changes.

    ``witnesses`` are names of today's, one a list; no other entry covers what is ``added`` and ``removed``.
    """

    lists: tuple[List, ...]
    count: int
    tomorrow: List
    witnesses: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def write_days(shared: Path, size: corpus.Size, changes: int, folder: Path, chance: random.Random) -> Days:
    """Write the lists of both days; half of the changes come, half go."""
    folder.mkdir()
    found = {part: list(corpus.category(shared, part, size)) for part in size.categories}
    largest = max(found, key=lambda part: len(found[part]))
    if len(found[largest]) < 2 * changes:
        raise Failed(f"{largest} has {len(found[largest]):,} names, too few for {changes:,} changes")
    changed = chance.sample(found[largest], changes)
    come, go = set(changed[: changes // 2]), set(changed[changes // 2 :])
    today = {**found, largest: [name for name in found[largest] if name not in come]}
    lists = tuple(_written(folder, part, part, names) for part, names in today.items())
    later = [name for name in found[largest] if name not in go]
    count = len({name for names in today.values() for name in names})
    covering = _Covering(found, largest)
    return Days(
        lists,
        count,
        _written(folder, largest, "tomorrow", later),
        tuple(names[0] for names in today.values()),
        tuple(covering.alone(changed[: changes // 2])),
        tuple(covering.alone(changed[changes // 2 :])),
    )


def _written(folder: Path, part: str, stem: str, names: Sequence[str]) -> List:
    file = folder / f"{stem}.txt"
    file.write_text("".join(f"{name}\n" for name in names))
    return List(part, CATEGORIES.get(part, part), file)


class _Covering:
    """Knows which names stand for themselves only."""

    def __init__(self, lists: dict[str, list[str]], changed: str) -> None:
        self._others = {name for part, names in lists.items() if part != changed for name in names}
        self._changed = set(lists[changed])

    def alone(self, names: Sequence[str]) -> list[str]:
        """Return some of the names that no other list has and no entry is above of."""
        return [name for name in names if self._is_alone(name)][:_SAMPLES]

    def _is_alone(self, name: str) -> bool:
        # Of three labels and more: a suffix where anyone registers is left out by the publisher.
        return name.count(".") > 1 and name not in self._others and not any(map(self._listed, _above(name)))

    def _listed(self, name: str) -> bool:
        return name in self._changed or name in self._others


def _above(name: str) -> Iterator[str]:
    while name := name.partition(".")[2]:
        yield name
