"""Delta layers between two snapshots, and layers laid together again: for publishers, and in a child process.

It must not be called where queries are answered: it walks every name of both sides, some seconds a million.
Memory does not grow with the names: both sides are mapped, what changed goes over the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from pathlib import Path

from schoolguard.lists.delta_build import DeltaTooLarge, Heading, Listed, Written, write_layer
from schoolguard.lists.delta_chain import Chain
from schoolguard.lists.delta_part import ChainBroken, Part, parts_of
from schoolguard.lists.delta_row import DeltaRow
from schoolguard.lists.patterns import Pattern
from schoolguard.lists.snapshot import ABSENT, Snapshot

__all__ = ["Chain", "ChainBroken", "DeltaTooLarge", "Written", "compact", "delta"]

_VOID = (-1,)
"""Stands for a combination with a rule that the new table no longer has: it differs from every new one."""


def delta(old: Snapshot, new: Snapshot, path: Path) -> Written:
    """Write the delta layer that makes ``new`` of ``old``, two whole snapshots, as a file at ``path``.

    The same two give the same bytes; the digest is the name to publish it under. Raises ``ChainBroken`` when
    one of them is a delta layer itself, ``DeltaTooLarge``, ``OSError``.
    """
    for side in (old, new):
        if side.delta is not None:
            raise ChainBroken(f"{side.path}: a delta layer, wanted a whole snapshot")
    ids = {row.id for row in new.sources}
    dropped = tuple(row.id for row in old.sources if row.id not in ids)
    part = Part(old, new, frozenset(dropped))
    patterns = new.patterns or ()
    same = [(part.numbers[rule], text) for rule, text in old.patterns or ()] == list(patterns)
    heading = Heading(new, None if same else patterns, DeltaRow(old.state, dropped))
    return write_layer(_changes(part, new, dropped), heading, path)


def compact(layers: Sequence[Snapshot], path: Path) -> Written:
    """Lay the layers of one chain, oldest first, together in one file at ``path``.

    From a base on, that is a base: byte for byte the same, whether made of a base and its deltas or of the
    snapshot compiled of the new lists alone. From a delta layer on, it is a delta layer. Raises
    ``ChainBroken``, also when what is left does not add up to the names of the newest layer.
    """
    parts = parts_of(layers)
    first, newest = layers[0], layers[-1]
    told = next((part for part in parts if part.layer.patterns is not None), None)
    patterns = None if told is None else _patterns(told)
    if first.delta is None:
        whole = ((key, members) for key, members in _stated(parts) if members)
        return write_layer(_counted(whole, newest), Heading(newest, patterns, None), path)
    dropped = sorted({list_id for layer in layers if layer.delta for list_id in layer.delta.dropped})
    row = DeltaRow(first.delta.follows, tuple(dropped))
    return write_layer(_stated(parts), Heading(newest, patterns, row), path)


def _counted(listed: Listed, newest: Snapshot) -> Listed:
    names = 0
    for key, members in listed:
        names += 1
        yield key, members
    if names != newest.names:
        raise ChainBroken(
            f"{newest.path}: its layers hold {names} names together and not {newest.names}; "
            "fetch the layers anew"
        )


def _patterns(part: Part) -> list[Pattern]:
    """Return a layer's expressions in the numbers of the newest table."""
    numbered = ((part.numbers[rule], text) for rule, text in part.layer.patterns or ())
    return [Pattern(rule, text) for rule, text in numbered if rule is not None]


def _changes(part: Part, new: Snapshot, dropped: Container[str]) -> Listed:
    """Yield every name whose entries differ, with the new ones."""
    old = part.layer
    before, after = _comparable(part, dropped), new.combinations()
    number_before, number_after = old.number_of, new.number_of
    for key, number in new.items():
        was = number_before(key)
        if was == ABSENT or before[was] != after[number]:
            yield key, after[number]
    for key, number in old.items():
        if before[number] and number_after(key) == ABSENT:
            yield key, ()


def _comparable(part: Part, dropped: Container[str]) -> list[tuple[int, ...]]:
    """Return the old combinations in new numbers, ``_VOID`` where a rule of a living list has none."""
    sources, rules = part.layer.sources, part.layer.rules
    lost = {
        number
        for number, rule in enumerate(rules)
        if part.numbers[number] is None and sources[rule.source].id not in dropped
    }
    members = zip(part.layer.combinations(), part.combinations(), strict=True)
    return [_VOID if lost.intersection(old) else new for old, new in members]


def _stated(parts: Sequence[Part]) -> Listed:
    """Yield every name of a chain once, as its newest layer has it."""
    newer: list[Callable[[str], int]] = []
    for part in parts:
        members = part.combinations()
        for key, number in part.layer.items():
            if all(number_of(key) == ABSENT for number_of in newer):
                yield key, members[number]
        newer.append(part.layer.number_of)
