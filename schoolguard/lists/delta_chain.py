"""A snapshot and the delta layers above it, looked up as if they were the snapshot of today.

It says of every name, to the last hit, what a compile of today's lists would. It opens no file; the layers
are shared with every other chain that they are part of. A name that no delta lists takes the quick path: a
walk of each delta that finds nothing, then the snapshot's own look-up. A walk takes 0.2 to 0.4 us (a filter
in front of it takes as much: much is asked below few names, and those stand in deltas too), so whoever
installs deltas lays them together (``delta.compact``) and leaves one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from schoolguard.dns.names import from_key
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.delta_part import ChainBroken, Part, parts_of
from schoolguard.lists.patterns import Pattern
from schoolguard.lists.rows import SourceRow
from schoolguard.lists.rules import covers, settle
from schoolguard.lists.snapshot import Covering, Hit, Snapshot, covering_of, told

Listed = Callable[[str], list[str]]
Quick = Callable[[str], int]


class Chain:
    """One base and its delta layers, oldest first; the same look-ups as a ``Snapshot``, also ``quick``."""

    __slots__ = ("_expressions", "_newest", "_parts", "layers", "quick")

    def __init__(self, layers: Sequence[Snapshot]) -> None:
        if layers[0].delta is not None:
            raise ChainBroken(f"{layers[0].path}: a delta layer without the snapshot that it follows")
        self.layers = tuple(layers)
        self._parts = parts_of(layers)
        self._newest = layers[-1]
        # The base may be read by another table now (a list moved): then its own quick look-up is not right.
        base = self._parts[-1]
        over = partial(_over, self._parts)
        walks = [part.layer.prefixes_if_one() for part in self._parts[:-1]]
        self.quick = _quick(walks, over, base.layer.quick if base.own is base.layer.own else over)
        self._expressions = next(part for part in self._parts if part.layer.patterns is not None)

    @property
    def sources(self) -> tuple[SourceRow, ...]:
        """The lists as the newest layer has them."""
        return self._newest.sources

    @property
    def names(self) -> int:
        """Distinct names in force."""
        return self._newest.names

    @property
    def digest(self) -> str:
        """The digest of the newest layer, which determines all below it."""
        return self._newest.digest

    @property
    def state(self) -> str:
        """The digest of the snapshot compiled whole that the chain says the same as."""
        return self._newest.state

    @property
    def path(self) -> Path:
        """The newest layer's file."""
        return self._newest.path

    def mask(self, key: str, qtype: int = 0) -> int:
        """Return the categories of a search key, as ``Snapshot.mask``."""
        mask = self.quick(key)
        if mask == UNSETTLED or (self.has_patterns and self.matches(key)):
            return settle(covering.found for covering in self.covering(key, qtype))
        return mask

    def hits(self, key: str, qtype: int = 0) -> tuple[Hit, ...]:
        """Return every entry that covers a search key, as ``Snapshot.hits`` and in the same order."""
        return told(list(self.covering(key, qtype)))

    def matches(self, key: str) -> bool:
        """Return whether an expression matches, as ``Snapshot.matches``."""
        return any(True for _ in self._matching(key))

    @property
    def has_patterns(self) -> bool:
        """Whether there is a second stage to ask at all."""
        return self._expressions.layer.has_patterns

    def covering(self, key: str, qtype: int) -> Iterator[Covering]:
        """Yield every entry that covers a search key, parents first, expressions last. Slow."""
        rules, origins = self._newest.rules, self._newest.origins
        for prefix, part, number in sorted(_stated(self._parts, key), key=lambda stated: len(stated[0])):
            for rule in sorted(part.members(number)):
                if covers(rules[rule], len(prefix) == len(key), qtype):
                    yield covering_of(origins, from_key(prefix), rules[rule], pattern=False)
        for pattern in self._matching(key):
            if covers(rules[pattern.rule], True, qtype):
                yield covering_of(origins, pattern.text, rules[pattern.rule], pattern=True)

    def _matching(self, key: str) -> Iterator[Pattern]:
        numbers = self._expressions.numbers
        for pattern in self._expressions.layer.matching(key):
            number = numbers[pattern.rule]
            if number is not None:
                yield Pattern(number, pattern.text)


def _over(parts: Sequence[Part], key: str) -> int:
    size, mask = len(key), 0
    for prefix, part, number in _stated(parts, key):
        mask |= (part.own if len(prefix) == size else part.above)[number]
    return mask


def _stated(parts: Sequence[Part], key: str) -> Iterator[tuple[str, Part, int]]:
    """Yield each listed key above ``key`` once, with the newest part that lists it."""
    seen: set[str] = set()
    for part in parts:
        for prefix, number in part.layer.listed(key):
            if prefix not in seen:
                seen.add(prefix)
                yield prefix, part, number


def _quick(walks: Sequence[Listed], over: Quick, base: Quick) -> Quick:
    """Return the look-up of masks: a closure, since looking attributes up costs as much as the walk."""
    if len(walks) == 1:
        (walk,) = walks
        return lambda key: over(key) if walk(key) else base(key)

    def quick(key: str) -> int:
        for listed_in in walks:
            if listed_in(key):
                return over(key)
        return base(key)

    return quick


def chained(layers: Sequence[Snapshot]) -> list[Snapshot | Chain]:
    """Return layers in order, each snapshot joined with the delta layers right above it.

    Raises ``ChainBroken`` when a delta layer does not follow what stands below it.
    """
    groups: list[list[Snapshot]] = []
    for layer in layers:
        if layer.delta is None or not groups:
            groups.append([layer])
        else:
            groups[-1].append(layer)
    return [group[0] if len(group) == 1 and group[0].delta is None else Chain(group) for group in groups]
