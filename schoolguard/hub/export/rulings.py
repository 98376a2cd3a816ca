"""From snapshots to rulings: each name on which a tier's verdict changes, parents before what is below them.

It must not hold all names: what needs a ruling is sorted on disk. What comes out means the same to every
reader of policy zones. A name needs no ruling where its parent's wildcard says the same; and where a name
below a wildcard has a ruling of its own, the empty names between them get one too, since a wildcard does not
reach past a name that exists (RFC 4592 2.2.1; BIND and Unbound keep to that, PowerDNS's recursor does not).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType

import marisa_trie

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.hub.export.model import Left, Ruling, Verdict
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.layout import Mapped, open_mapped
from schoolguard.lists.rules import Found, settle
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

SORTED_AT_ONCE = 200_000
"""Rulings that are in memory at a time, some 30 MB; more are sorted in files and merged."""

_ADDRESS_TYPES = (1, 28, 65)
_EMPTY: Mapping[str, int] = MappingProxyType({})
_BELOW = "!."
"""A label that no list can name: what is said of it is said of everything below that is not listed."""


def rulings_of(
    layers: Sequence[Path],
    blocked: int,
    overlay: Mapping[str, int],
    spool: Path,
    left: Left,
    exact: Mapping[str, int] = _EMPTY,
) -> Iterator[Ruling]:
    """Yield the rulings of a tier that blocks ``blocked``, in order.

    ``layers`` are snapshot files, bottom first, ``overlay`` and ``exact`` are those of ``Stack``, and
    ``spool`` a folder with room. Raises ``SnapshotBroken``, ``ChainBroken`` and ``OSError``.
    """
    opened = [open_mapped(path) for path in layers]
    snapshots = [Snapshot(mapped) for mapped in opened]
    judge = Judge(snapshots, overlay, blocked, left, exact)
    left.patterns = sum(len(mapped.main["patterns"] or ()) for mapped in opened)
    names = (key for mapped in opened for key in keys_in(mapped))
    found = (ruling for key in chain(names, overlay, exact) if (ruling := judge.ruling(key)) is not None)
    with ExitStack() as files:
        yield from _filled(_sorted(found, spool, files))


def keys_in(mapped: Mapped) -> Iterator[str]:
    """Yield the search keys that a snapshot lists; one of a single label may come more than once."""
    for number in range(len(mapped.main["shards"])):
        trie = marisa_trie.Trie().map(mapped.sections[f"trie-{number}"])
        yield from trie.iterkeys()


class Judge:
    """Says what a tier makes of names, by the layers' own semantics."""

    def __init__(
        self,
        layers: Sequence[Snapshot],
        overlay: Mapping[str, int],
        blocked: int,
        left: Left,
        exact: Mapping[str, int] = _EMPTY,
    ) -> None:
        self._stack = Stack(layers, overlay, exact)
        self._layers = self._stack.layers
        self._bare = Stack((), overlay)
        self._blocked = blocked
        self._left = left

    def ruling(self, key: str) -> Ruling | None:
        """Return the ruling that a listed name needs, ``None`` when its parents' say it all."""
        mask = self._stack.mask(key)
        own = self._verdict(mask)
        if own is Verdict.NONE:
            self._left.typed += self._blocked_for_types(key)
        below = self._verdict(self._below(key))
        inherited = self._verdict(self._below(key[: key.rfind(".", 0, -1) + 1]))
        if inherited is not Verdict.NONE:
            # What an exception opens has to be said: to say nothing would leave it to the wildcard above.
            own = Verdict.OPEN if own is Verdict.NONE else own
            below = Verdict.OPEN if below is Verdict.NONE else below
        return None if own is inherited and below is inherited else Ruling(key, own, below)

    def _blocked_for_types(self, key: str) -> bool:
        """Return whether an open name is blocked for some query types: no export can say that."""
        if all(layer.quick(key) != UNSETTLED for layer in self._layers):
            return False
        asked = ((layer, qtype) for layer in self._layers for qtype in _ADDRESS_TYPES)
        found = (each for layer, qtype in asked for each in layer.covering(key, qtype))
        return any(each.rule.types and each.found.origin.mask & self._blocked for each in found)

    def _below(self, parent: str) -> int:
        """Return the mask of what is below a name and not listed; expressions are left aside."""
        if not parent:
            return 0
        key, mask = parent + _BELOW, 0
        for layer in self._layers:
            mask |= layer.quick(key)
        if mask == UNSETTLED:
            mask = settle(self._found(key))
        return mask | self._bare.mask(key)

    def _found(self, key: str) -> Iterator[Found]:
        for layer in self._layers:
            yield from (each.found for each in layer.covering(key, 0) if not each.pattern)

    def _verdict(self, mask: int) -> Verdict:
        if mask & SEALED:
            return Verdict.BLOCK
        if mask & (NEVER_BLOCK | ALLOWED):
            return Verdict.OPEN
        return Verdict.BLOCK if mask & self._blocked else Verdict.NONE


def _sorted(rulings: Iterator[Ruling], spool: Path, files: ExitStack) -> Iterator[Ruling]:
    """Yield rulings by key, each key once: a name stands before what is below it, and that stays together."""
    parts = []
    lines = (f"{each.key}\t{each.own}{each.below}\n" for each in rulings)
    while batch := sorted(islice(lines, SORTED_AT_ONCE)):
        part = tempfile.TemporaryFile("w+", dir=spool, encoding="ascii")  # noqa: SIM115 - closed by ``files``
        parts.append(files.enter_context(part))
        parts[-1].writelines(batch)
        parts[-1].seek(0)
    before = ""
    for line in merge(*parts):
        key, _, verdicts = line.rstrip("\n").partition("\t")
        if key != before:
            yield Ruling(key, Verdict(verdicts[0]), Verdict(verdicts[1]))
        before = key


def _filled(rulings: Iterable[Ruling]) -> Iterator[Ruling]:
    """Yield rulings with those of the empty names between a wildcard and a name below it put in."""
    above: list[Ruling] = []
    for ruling in rulings:
        while above and not ruling.key.startswith(above[-1].key):
            above.pop()
        if above and (verdict := above[-1].below) is not Verdict.NONE:
            for between in _between(above[-1].key, ruling.key):
                above.append(Ruling(between, verdict, verdict))
                yield above[-1]
        above.append(ruling)
        yield ruling


def _between(parent: str, key: str) -> Iterator[str]:
    at = key.find(".", len(parent)) + 1
    while at < len(key):
        yield key[:at]
        at = key.find(".", at) + 1
