"""One layer of a chain read by the newest layer's table: its rules renumbered, its masks made to fit.

It must not copy what is mapped. Where no list changed its category and none was dropped, the layer's own
masks are taken as they are, so that opening a delta costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from schoolguard.lists.combinations import quick_mask
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.rules import Rule
from schoolguard.lists.snapshot import Snapshot


class ChainBroken(SnapshotBroken):
    """Layers do not follow one another; the message says which two, and what to do."""


class Part:
    """One layer: ``own`` and ``above`` as in a snapshot, ``numbers`` its rules' numbers in the newest table.

    A rule's number is ``None`` where the newest table has no such rule: its list was dropped, or every name
    that it stood on is listed anew further up.
    """

    __slots__ = ("above", "layer", "numbers", "own")

    def __init__(self, layer: Snapshot, newest: Snapshot, dropped: frozenset[str]) -> None:
        self.layer = layer
        places = {row.id: place for place, row in enumerate(newest.sources) if row.id not in dropped}
        alive = [places.get(row.id) for row in layer.sources]
        known = {rule: number for number, rule in enumerate(newest.rules)}
        self.numbers = [_number(rule, alive[rule.source], known) for rule in layer.rules]
        used = {rule.source for rule in layer.rules}
        self.own, self.above = layer.own, layer.above
        if any(not _same(layer, source, newest, alive[source]) for source in used):
            self.own, self.above = self._masks(newest)

    def combinations(self) -> list[tuple[int, ...]]:
        """Return the members of every combination of the layer as numbers of the newest table, sorted."""
        return [tuple(sorted(self.members(number))) for number in range(len(self.layer.own))]

    def members(self, number: int) -> list[int]:
        """Return the rules of one combination, as numbers of the newest table."""
        numbers = (self.numbers[rule] for rule in self.layer.combination(number))
        return [found for found in numbers if found is not None]

    def _masks(self, newest: Snapshot) -> tuple[Sequence[int], Sequence[int]]:
        found = [
            [newest.rules[number] for number in self.members(combination)]
            for combination in range(len(self.layer.own))
        ]
        origins = newest.origins
        own = [quick_mask(rules, origins, own=True) for rules in found]
        return own, [quick_mask(rules, origins, own=False) for rules in found]


def parts_of(layers: Sequence[Snapshot]) -> tuple[Part, ...]:
    """Return the layers of one chain, oldest first, as parts, newest first.

    Raises ``ChainBroken`` when a layer does not follow the one before it.
    """
    for before, after in pairwise(layers):
        if after.delta is None or after.delta.follows != before.state:
            raise ChainBroken(
                f"{after.path}: does not follow {before.path} (follows "
                f"{after.delta.follows if after.delta else 'nothing'}, wanted {before.state}); "
                "fetch the layers anew"
            )
    dropped: frozenset[str] = frozenset()
    parts = []
    for layer in reversed(layers):
        parts.append(Part(layer, layers[-1], dropped))
        dropped |= frozenset(layer.delta.dropped if layer.delta else ())
    return tuple(parts)


def _number(rule: Rule, source: int | None, known: dict[Rule, int]) -> int | None:
    return None if source is None else known.get(rule._replace(source=source))


def _same(layer: Snapshot, source: int, newest: Snapshot, place: int | None) -> bool:
    return place is not None and layer.sources[source].mask == newest.sources[place].mask
