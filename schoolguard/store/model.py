"""What workers counted, as values: cells and the deltas that add to them.

Words and integers only, no client, no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Cell(NamedTuple):
    """What a count is of.

    ``outcome`` is a word of ``resolver.meaning`` (``allowed``, ``blocked``, ``safe-search``, ``failed`` ...);
    ``cause`` a category's name or ``rule``, ``exam``, ``budget`` ... for what was blocked, else ``""``;
    ``bypass`` the kind of an attempt to get round the gateway, else ``""``; ``shadow`` the category or cause
    that would block if what is on trial were enforced, else ``""``.
    """

    school: str
    group: str
    tier: str
    outcome: str
    cause: str = ""
    bypass: str = ""
    shadow: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one worker counted in about a second.

    ``worker`` is a random hexadecimal word that a worker process takes at its start; ``number`` rises by one
    from 1 with each of its deltas, so that none is added twice. ``minute`` is Unix time divided by 60.
    ``latency`` are the counts of the histogram's buckets (``resolver.counts.BOUNDS`` and one more). ``lost``
    is a number of queries that were answered and never told, of a worker that was killed.
    """

    worker: str
    number: int
    minute: int
    queries: Mapping[Cell, int] = field(default_factory=dict)
    latency: tuple[int, ...] = ()
    lost: int = 0
