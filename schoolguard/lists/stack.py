"""Snapshots looked up together, as if they were one: the province's, the school's own, and an overlay.

Immutable; a new list or order makes a new stack. Entries of all layers are settled together, so an exception
that reaches every list reaches every layer, and splitting lists over layers changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from schoolguard.categories import ALLOWED, NEVER_BLOCK
from schoolguard.dns.names import from_key
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.model import Flag, Kind
from schoolguard.lists.rules import settle
from schoolguard.lists.snapshot import Covering, Hit, Snapshot, told

OVERLAY = "overlay"
"""Stands for the list in the hits that come from the overlay."""

_EMPTY: Mapping[str, int] = MappingProxyType({})


class Stack:
    """A tuple of snapshots and an overlay: search key -> mask, for the name and everything below.

    No exception lifts what the overlay says.
    """

    __slots__ = ("_overlay", "_quicks", "_with_patterns", "layers")

    def __init__(self, layers: Sequence[Snapshot], overlay: Mapping[str, int] = _EMPTY) -> None:
        self.layers = tuple(layers)
        self._overlay = dict(overlay)
        self._quicks = tuple(layer.quick for layer in self.layers)
        self._with_patterns = tuple(layer for layer in self.layers if layer.has_patterns)

    def mask(self, key: str, qtype: int = 0) -> int:
        """Return the categories of a search key in all layers; ``qtype`` as in ``Snapshot.mask``."""
        mask = 0
        for quick in self._quicks:
            mask |= quick(key)
        if mask == UNSETTLED or (self._with_patterns and self._matches(key)):
            mask = settle(covering.found for covering in self._covering(key, qtype))
        if self._overlay:
            for _, more in self._overlaid(key):
                mask |= more
        return mask

    def hits(self, key: str, qtype: int = 0) -> tuple[Hit, ...]:
        """Return every entry that covers a search key, by layer, the overlay's last."""
        overlaid = (
            Hit(from_key(name), OVERLAY, _kind(mask), mask, Flag.SUBTREE)
            for name, mask in self._overlaid(key)
        )
        return (*told(list(self._covering(key, qtype))), *overlaid)

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


def _kind(mask: int) -> Kind:
    if mask & NEVER_BLOCK:
        return Kind.NEVER_BLOCK
    return Kind.ALLOW if mask & ALLOWED else Kind.BLOCK
