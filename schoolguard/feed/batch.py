"""Which waiting documents travel together: in their order, of one key, not too many, not too large."""

from __future__ import annotations

from collections.abc import Sequence

from schoolguard.feed.compact import MOST_DOCUMENTS
from schoolguard.feed.parcel import Parcel
from schoolguard.store.kept import Waiting

_KEY, _DIGITS = b'"key":"', 64


def batch_of(ready: Sequence[Waiting], most: int, size: int) -> list[Waiting]:
    """Return the first ones that fit into ``most`` documents and ``size`` bytes, at least one if there is."""
    taken: list[Waiting] = []
    total = 0
    for each in ready[: min(most, MOST_DOCUMENTS)]:
        total += len(each.document)
        if taken and (total > size or _key_in(each) != _key_in(taken[0])):
            break  # a delivery is of one key; before a change of it the former one signed
        taken.append(each)
    return taken


def parcel_of(batch: Sequence[Waiting], time: int) -> Parcel:
    """Return the parcel of a batch; a document that has its sequence in itself has no number beside it."""
    numbers = tuple(0 if b'"sequence":' in each.document else each.sequence for each in batch)
    return Parcel(tuple(each.document for each in batch), numbers, time)


def _key_in(waiting: Waiting) -> bytes:
    """Return the key's digits; in canonical form they stand behind the document, before the signature."""
    start = waiting.document.rfind(_KEY) + len(_KEY)
    return waiting.document[start : start + _DIGITS]
