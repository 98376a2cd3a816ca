"""What dead workers left in the folder of counts: their last counts, and what their kill lost.

It must not touch what a living worker holds: a lock on its tally tells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schoolguard.categories import Category
from schoolguard.resolver.meaning import meaning
from schoolguard.serve.tally import left_by_the_dead
from schoolguard.serve.telling import SPILLED, Numbered, SpillBroken, Spilled, read_spill
from schoolguard.store.model import Cell, Delta

LOSS_NUMBER = 1 << 40
"""The number of the delta that tells a loss: no worker lives for so many seconds."""

_TAKEN = ".taken"
_log = logging.getLogger("schoolguard.counts")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A dead worker's deltas, and the files to remove when they are stored."""

    deltas: tuple[Delta, ...]
    files: tuple[Path, ...]


def leftovers(folder: Path, received: Mapping[str, int]) -> Iterator[Leftover]:
    """Yield what dead workers left; ``received`` are the queries that this process had from each, by word.

    A file that cannot be read is set aside as ``*.broken`` and said; what it held is then part of the loss.
    """
    for path in sorted(folder.glob("*.tally")):
        try:
            tally = left_by_the_dead(path)
            if tally is None:
                continue
            word, spilled = path.stem, _spilled(path.with_suffix(SPILLED))
        except OSError as error:
            _log.error("counts left behind cannot be read", extra={"file": path.name, "problem": str(error)})
            continue
        told = spilled.stored + sum(each.queries for each in spilled.told) if spilled else tally.stored
        known = max(told, received.get(word, 0))
        deltas = (
            [delta_of(word, each, _named(spilled.categories)) for each in spilled.told] if spilled else []
        )
        lost = max(tally.answered - known, 0)
        if lost:
            deltas.append(Delta(word, LOSS_NUMBER, 0, lost=lost))
            _log.warning("a worker ended with queries not counted", extra={"queries": lost})
        yield Leftover(tuple(deltas), (path.with_suffix(SPILLED), path))
    yield from _without_tally(folder)


def _without_tally(folder: Path) -> Iterator[Leftover]:
    """Yield what workers left that had no room for a tally: nobody knows whether they live.

    The file is taken under another name first: one that still lives may put a newer one in its place.
    """
    for path in sorted(folder.glob(f"*{SPILLED}")):
        taken = path.with_suffix(_TAKEN)
        if not path.with_suffix(".tally").exists() and not taken.exists():
            path.rename(taken)
    for taken in sorted(folder.glob(f"*{_TAKEN}")):
        try:
            spilled = _spilled(taken)
        except OSError as error:
            _log.error("counts left behind cannot be read", extra={"file": taken.name, "problem": str(error)})
            continue
        if spilled is not None:
            named = _named(spilled.categories)
            yield Leftover(tuple(delta_of(taken.stem, each, named) for each in spilled.told), (taken,))


def delta_of(word: str, told: Numbered, categories: Mapping[int, Category]) -> Delta:
    """Return what a worker told, in words; ``categories`` is the table it counted under."""
    queries: dict[Cell, int] = {}
    for school, group, tier, outcome, number in told.counts["queries"]:
        meant = meaning(outcome, categories)
        bypass = meant.bypass.word if meant.bypass is not None else ""
        cell = Cell(school, group, tier, meant.outcome, meant.blocked or "", bypass, meant.shadow or "")
        queries[cell] = queries.get(cell, 0) + number
    return Delta(word, told.number, told.minute, queries, tuple(told.counts["latency"]))


def _spilled(path: Path) -> Spilled | None:
    try:
        return read_spill(path)
    except FileNotFoundError:
        return None
    except SpillBroken as error:
        _log.error(
            "counts left behind are broken, set aside", extra={"file": path.name, "problem": str(error)}
        )
        path.rename(path.with_suffix(".broken"))
        return None


def _named(categories: Mapping[int, str]) -> dict[int, Category]:
    """Return categories of which only bit and name are known."""
    return {bit: Category(name, bit, "", "") for bit, name in categories.items()}
