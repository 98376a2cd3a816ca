"""Snapshots looked up together, as if they were one: the province's, the school's own, and an overlay.

A delta layer joins the snapshot that it stands right above, and says nothing of any other: a tombstone of the
province's takes nothing from the school's own lists, nor from the overlay. Immutable; a new list or order
makes a new stack. Entries of all layers are settled together, so an exception that reaches every list reaches
every layer, and splitting lists over layers changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from schoolguard.categories import ALLOWED, NEVER_BLOCK
from schoolguard.dns.names import from_key
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.delta_chain import Chain, chained
from schoolguard.lists.model import Flag, Kind
from schoolguard.lists.rules import settle
from schoolguard.lists.snapshot import Covering, Hit, Snapshot, told

OVERLAY = "overlay"
"""Stands for the list in the hits that come from the overlay."""

_EMPTY: Mapping[str, int] = MappingProxyType({})


class Stack:
    """A tuple of snapshots and an overlay: search key -> mask, for the name and everything below.

    ``snapshots`` are the files as they were given, ``layers`` what they make: a snapshot each, or a chain of
    one and its deltas. No exception and no tombstone lifts what the overlay says. ``exact`` is its part for
    names alone; its masks may have bits above those of lists.
    """

    __slots__ = ("_exact", "_overlay", "_quicks", "_tops", "_with_patterns", "layers", "snapshots")

    def __init__(
        self,
        snapshots: Sequence[Snapshot],
        overlay: Mapping[str, int] = _EMPTY,
        exact: Mapping[str, int] = _EMPTY,
    ) -> None:
        """Join snapshots, lowest first; raises ``ChainBroken`` for a delta that does not fit its place."""
        self.snapshots = tuple(snapshots)
        self._join(tuple(chained(self.snapshots)), overlay, exact)

    @classmethod
    def open(cls, paths: Sequence[Path], former: Stack | None = None) -> Self:
        """Open a stack of files, lowest first, with the overlay of ``former``.

        What ``former`` has open is not opened again (files are named by their content), so that a new
        delta costs a worker the opening of the delta. Raises ``SnapshotBroken``.
        """
        known = {} if former is None else {snapshot.path: snapshot for snapshot in former.snapshots}
        opened = [known.get(path) or Snapshot.open(path) for path in paths]
        return cls(opened) if former is None else cls(opened, former._overlay, former._exact)

    def with_overlay(self, overlay: Mapping[str, int], exact: Mapping[str, int] = _EMPTY) -> Stack:
        """Return a stack of the same layers, shared and not opened again, with another overlay."""
        other = Stack.__new__(Stack)
        other.snapshots = self.snapshots
        other._join(self.layers, overlay, exact)
        return other

    def _join(
        self, layers: tuple[Snapshot | Chain, ...], overlay: Mapping[str, int], exact: Mapping[str, int]
    ) -> None:
        self.layers = layers
        self._exact = dict(exact)
        self._overlay = dict(overlay)
        self._tops = _tops(self._overlay)
        self._quicks = tuple(layer.quick for layer in layers)
        self._with_patterns = tuple(layer for layer in layers if layer.has_patterns)

    def mask(self, key: str, qtype: int = 0) -> int:
        """Return the categories of a search key in all layers; ``qtype`` as in ``Snapshot.mask``."""
        mask = 0
        for quick in self._quicks:
            mask |= quick(key)
        if mask == UNSETTLED or (self._with_patterns and self._matches(key)):
            mask = settle(covering.found for covering in self._covering(key, qtype))
        if self._overlay:
            tops = self._tops
            if tops is None or key[: key.find(".", key.find(".") + 1)] in tops:
                for _, more in self._overlaid(key):
                    mask |= more
        if self._exact:
            mask |= self._exact.get(key, 0)
        return mask

    def hits(self, key: str, qtype: int = 0) -> tuple[Hit, ...]:
        """Return every entry that covers a search key, by layer, the overlay's last."""
        overlaid = (
            Hit(from_key(name), OVERLAY, _kind(mask), mask, Flag.SUBTREE)
            for name, mask in self._overlaid(key)
        )
        alone = self._exact.get(key, 0)
        exact = (Hit(from_key(key), OVERLAY, _kind(alone), alone, Flag(0)),) if alone else ()
        return (*told(list(self._covering(key, qtype))), *overlaid, *exact)

    def _covering(self, key: str, qtype: int) -> Iterator[Covering]:
        for layer in self.layers:
            yield from layer.covering(key, qtype)

    def _matches(self, key: str) -> bool:
        return any(layer.matches(key) for layer in self._with_patterns)

    def _overlaid(self, key: str) -> Iterator[tuple[str, int]]:
        end = key.find(".") + 1
        while end:
            name = key[:end]
            if name in self._overlay:
                yield name, self._overlay[name]
            end = key.find(".", end) + 1


def _tops(overlay: Mapping[str, int]) -> frozenset[str] | None:
    """Return the first two labels of every key, which its children share; ``None`` if a key has but one."""
    if any(key.find(".") == len(key) - 1 for key in overlay):
        return None
    return frozenset(key[: key.find(".", key.find(".") + 1)] for key in overlay)


def _kind(mask: int) -> Kind:
    if mask & NEVER_BLOCK:
        return Kind.NEVER_BLOCK
    return Kind.ALLOW if mask & ALLOWED else Kind.BLOCK
