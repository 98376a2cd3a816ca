"""How many of the names that were asked each list catches, and how many no other list does.

Names come from the week that is kept on this machine, without askers; only counts leave here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schoolguard.dns.names import search_key
from schoolguard.lists.model import Flag, Kind
from schoolguard.lists.stack import Stack


@dataclass(frozen=True, slots=True)
class Counts:
    """How many names each list caught, and how many it and no other of its kind; by list id."""

    caught: Mapping[str, int]
    alone: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Hits:
    """Of ``names`` that were asked: what the gateway's own lists caught, and what the publisher's."""

    names: int
    own: Counts
    province: Counts


def hits_of(own: Stack, province: Stack, names: Iterable[str]) -> Hits:
    """Count names (text shape) by the lists of two stacks; takes some 10 us a name that is listed.

    What an exception lifts is not caught.
    """
    seen = 0
    caught: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    alone: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for name in names:
        seen += 1
        key = search_key(name)
        lists = {(place, each): kind for place, stack in enumerate((own, province))
                 for each, kind in _lists(stack, key).items()}  # fmt: skip
        kinds = Counter(lists.values())
        for (place, each), kind in lists.items():
            caught[place][each] += 1
            alone[place][each] += kinds[kind] == 1
    return Hits(seen, *(Counts(*counts) for counts in zip(caught, alone, strict=True)))


def _lists(stack: Stack, key: str) -> dict[str, Kind]:
    """Return the lists that catch a name, each with its kind."""
    if not stack.mask(key):
        return {}
    return {
        hit.list_id: hit.kind for hit in stack.hits(key) if not hit.lifted and not hit.flags & Flag.EXCEPTION
    }
