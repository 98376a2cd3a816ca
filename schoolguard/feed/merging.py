"""Counts merged until none is about fewer than k devices: disjoint parts of all queries, each told once.

Because the parts are disjoint and no sum of them is told beside them, every number that can be had by
adding and taking off is a sum of whole parts, each about at least k devices. How many devices a merged part
has is not known, only its cells' numbers, and two cells may be of the same devices: so a part counts for
the largest of its cells, and small cells never add up to k. They go with the cell of most devices around
them, whether there are small ones or not, so that the form does not tell that a rare thing was asked at
all. It must not see a device.

Of a small cell no more goes in than one device of the part asked on average: else a pupil who asks for
something rare two hundred times in an hour would stand out of the part's number, as a day is like another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from schoolguard.feed.model import Cell, Number

BLOCKED = "blocked"
ALL = "all"
OTHER = "+other"
"""Follows the word of the part that the small cells beside it went with."""


class Part(NamedTuple):
    """One published number: the words it goes under, the cells it is of, and the small ones with it.

    ``devices`` are the distinct devices of ``of``, at least as many.
    """

    cell: Cell
    of: tuple[Cell, ...]
    devices: int
    small: tuple[Cell, ...] = ()


def partition(cells: Mapping[Cell, int], by_tier: Mapping[str, int], devices: int, k: int) -> list[Part]:
    """Return the parts of all cells; none when the whole school has fewer than ``k`` devices.

    The numbers are of distinct devices: of each cell, each tier, the school.
    """
    parts: list[Part] = []
    homeless: list[Cell] = []
    for tier in sorted({cell.tier for cell in cells}):
        own = {cell: number for cell, number in cells.items() if cell.tier == tier}
        found, small = _of_tier(tier, own, by_tier.get(tier, 0), k)
        parts += found
        homeless += small
    if parts:
        return _carried(parts, homeless)
    return [Part(Cell(ALL, ALL), tuple(sorted(homeless)), devices)] if devices >= k and homeless else []


def queries(
    parts: Iterable[Part], cells: Mapping[Cell, Number], most: Callable[[int, int], int]
) -> dict[Cell, int]:
    """Return how many queries each part tells of.

    ``most`` returns how many of a small cell go in at most, of a part's own queries and devices.
    """
    found: dict[Cell, int] = {}
    for part in parts:
        own = sum(cells[cell].queries for cell in part.of)
        each = most(own, part.devices)
        found[part.cell] = own + sum(min(each, cells[cell].queries) for cell in part.small)
    return found


def _of_tier(tier: str, cells: Mapping[Cell, int], devices: int, k: int) -> tuple[list[Part], list[Cell]]:
    """Return a tier's parts, and its cells that found none."""
    large = {cell: Part(cell, (cell,), number) for cell, number in cells.items() if number >= k}
    small = [cell for cell in cells if cell not in large]
    if not large:
        whole = devices >= k
        return ([Part(Cell(tier, ALL), tuple(sorted(small)), devices)], []) if whole else ([], small)
    blocked = _most((cell for cell in large if cell.outcome == BLOCKED), cells)
    open_ = _most((cell for cell in large if cell.outcome != BLOCKED), cells)
    shut = [cell for cell in small if cell.outcome == BLOCKED]
    rest = [cell for cell in small if cell.outcome != BLOCKED]
    if blocked is not None:
        large[blocked] = _with(large[blocked], shut if open_ is not None else small)
    if open_ is not None:
        large[open_] = _with(large[open_], rest if blocked is not None else small)
    return list(large.values()), []


def _most(among: Iterable[Cell], cells: Mapping[Cell, int]) -> Cell | None:
    return max(among, key=lambda cell: (cells[cell], cell), default=None)


def _with(part: Part, cells: Iterable[Cell]) -> Part:
    """Return a part that small cells went with; it is called so though there be none."""
    tier, outcome, cause = part.cell
    cell = Cell(tier, outcome, cause + OTHER) if outcome == BLOCKED else Cell(tier, outcome + OTHER, cause)
    return part._replace(cell=cell, small=tuple(sorted((*part.small, *cells))))


def _carried(parts: list[Part], homeless: Iterable[Cell]) -> list[Part]:
    """Let the part of most devices take the tiers that are too small to be told of."""
    carrier = max(parts, key=lambda part: (part.devices, part.cell))
    tier, outcome, cause = carrier.cell
    small = tuple(sorted((*carrier.small, *homeless)))
    taken = carrier._replace(cell=Cell(tier + OTHER, outcome, cause), small=small)
    return [taken if part is carrier else part for part in parts]
