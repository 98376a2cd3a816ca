"""A dictionary bounded in bytes that forgets what was not asked for longest. No clock, no knowledge of DNS.

Two generations: a hit in the young one costs one look-up and no bookkeeping, which is why it can stand on the
hottest path; a hit in the old one moves the entry to the young. When new values have filled the young one to
three quarters of the bound, all becomes old; what is left of the former old goes first, and while it goes,
what is still asked for moves up again. Nothing is dropped while there is room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

V = TypeVar("V")


class Bounded(Generic[V]):
    """Values by key within ``limit`` bytes, as ``size_of(key, value)`` counts them."""

    __slots__ = ("_aged", "_limit", "_size_of", "_total", "_turn", "_victims", "old", "young")

    def __init__(self, limit: int, size_of: Callable[[bytes, V], int]) -> None:
        self.young: dict[bytes, V] = {}
        self.old: dict[bytes, V] = {}
        self._limit = limit
        self._turn = limit * 3 // 4
        self._size_of = size_of
        self._total = 0
        self._aged = 0
        # The old generation's keys, oldest first. A dict popped from its front again and again would be
        # scanned from its beginning each time.
        self._victims: Iterator[bytes] = iter(())

    def find(self, key: bytes) -> V | None:
        """Return a value from either generation."""
        value = self.young.get(key)
        if value is None:
            value = self.old.pop(key, None)
            if value is not None:
                self._aged -= self._size_of(key, value)
                self.young[key] = value
        return value

    def put(self, key: bytes, value: V) -> None:
        """Keep a value, making room for it; one larger than the whole bound is not kept."""
        if (former := self.find(key)) is not None:
            del self.young[key]
            self._total -= self._size_of(key, former)
        size = self._size_of(key, value)
        if size > self._limit:
            return
        if former is None and self._total - self._aged > self._turn:
            self._age()
        self._total += size
        self.young[key] = value
        while self._total > self._limit:
            self._forget_one()

    def _age(self) -> None:
        rest, self.old, self.young = self.old, self.young, {}
        self._victims = iter((*rest, *self.old))
        self.old.update(rest)
        self._aged = self._total

    def _forget_one(self) -> None:
        if not self.old:
            self._age()
        victim = next(self._victims)
        value = self.old.pop(victim, None)
        if value is not None:
            size = self._size_of(victim, value)
            self._total -= size
            self._aged -= size

    def release(self, count: int) -> bool:
        """Drop ``count`` values of one that is not used any more, and return whether some are left.

        Freeing 100,000 values at once takes tens of milliseconds, in which nobody is answered.
        """
        for generation in (self.young, self.old):
            while generation and count:
                generation.popitem()
                count -= 1
        return bool(self.young or self.old)

    @property
    def size(self) -> int:
        """Bytes that all values take, as ``size_of`` counts them."""
        return self._total

    def __len__(self) -> int:
        return len(self.young) + len(self.old)
