"""Deltas that the store cannot take for now, merged in memory to a bound. Pure; what is lost is counted.

Nothing is added twice: a number that is held, or being stored, is known here, one that is stored is known
to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from schoolguard.store.batch import Batch, merged
from schoolguard.store.kept import Kind, begin_of
from schoolguard.store.model import Cell, Delta

BOUND = 50_000
"""Counts held apart, about 15 MB: 50 groups' 1,500 cells for half an hour of minutes, then a day of hours,
then a month of days.
"""

MOST_WORKERS = 1_000

_COARSER: tuple[Kind, ...] = ("hour", "day")


class Held:
    """What waits for the store.

    At the bound minutes become hours, then days, the oldest first: the counts stay exact, only their time is
    coarser. What finds no room even so is counted in ``lost``, which the store adds to the periods' ``lost``.
    ``stored`` says whether the store has a worker's number (``Store.has``).
    """

    def __init__(self, stored: Callable[[str, int], bool], bound: int = BOUND) -> None:
        self._stored = stored
        self._bound = bound
        self._batch = Batch()
        self._leaving = Batch()
        self._lost = 0

    def __len__(self) -> int:
        return len(self._batch.counts)

    def __bool__(self) -> bool:
        return bool(self._batch)

    @property
    def queries(self) -> int:
        """Queries that are held."""
        return self._batch.queries()

    @property
    def lost(self) -> int:
        """Queries that found no room, since the start."""
        return self._lost

    def has(self, worker: str, number: int) -> bool:
        """Return whether a number is held here, or being stored."""
        return self._batch.numbers.has(worker, number) or self._leaving.numbers.has(worker, number)

    def take(self, deltas: Sequence[Delta]) -> None:
        """Hold deltas; those that are stored or held already are passed over."""
        new = [delta for delta in deltas if not self._stored(delta.worker, delta.number)]
        self._merge(merged(new, self._batch.numbers, self._leaving.numbers))

    def leaving(self) -> Batch:
        """Return all that is held, for the store; until ``arrived`` or ``refused`` it is known here."""
        self._leaving, self._batch = self._batch, Batch()
        return self._leaving

    def arrived(self) -> None:
        """Forget what left: the store has it."""
        self._leaving = Batch()

    def refused(self) -> None:
        """Hold again what left: the store has none of it."""
        batch, self._leaving = self._leaving, Batch()
        self._merge(batch)

    def _merge(self, batch: Batch) -> None:
        self._batch.take(batch)
        for kind in _COARSER:
            if len(self._batch.counts) > self._bound:
                self._coarsen(kind)
        if len(self._batch.counts) > self._bound:
            self._drop(len(self._batch.counts) - self._bound)
        while len(self._batch.numbers) > MOST_WORKERS:
            self._batch.numbers.drop(next(iter(self._batch.numbers)))

    def _coarsen(self, kind: Kind) -> None:
        """Turn the older half of the counts into hours or days."""
        counts: dict[tuple[int, Cell], int] = {}
        keys = sorted(self._batch.counts)
        older = set(keys[: len(keys) - self._bound // 2])
        for key in keys:
            minute, cell = key
            if key in older:
                minute = begin_of(kind, minute * 60) // 60
            counts[minute, cell] = counts.get((minute, cell), 0) + self._batch.counts[key]
        self._batch.counts = counts

    def _drop(self, over: int) -> None:
        """Count as lost what finds no room: the cells with the fewest queries."""
        fewest = sorted(self._batch.counts, key=self._batch.counts.__getitem__)[:over]
        lost = sum(self._batch.counts.pop(key) for key in fewest)
        self._batch.gauges.lost += lost
        self._lost += lost
