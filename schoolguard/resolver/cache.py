"""The answer cache: what upstreams said, shared by all plans, bounded in bytes. No clock: ``now`` comes in.

Policy is not in here: an answer is judged again for each plan that takes it (threat 11: stale answers too).
Most answers are alike in all but a few bytes, so what they share is kept once: 80,000 answers take 25 MB
instead of 57.
"""

from __future__ import annotations

from typing import NamedTuple

from schoolguard.dns.addresses import is_private
from schoolguard.dns.answer import Answer
from schoolguard.dns.resolver_addresses import ResolverAddresses
from schoolguard.resolver.bounded import Bounded

_OVERHEAD = 320
"""Bytes of one entry besides key and body: dict slot, tuple, times and the objects' headers (tracemalloc)."""

_PER_TARGET = 100
NO_RESOLVERS = ResolverAddresses()
_SHAPES_SHARED = 1_024


class Shape(NamedTuple):
    """What many answers have in common; ``ttls_at`` are the TTLs' offsets in the body.

    ``cost`` is what a shape weighs that is not shared, in bytes: the table of shared ones is bounded.
    """

    rcode: int
    flags: int
    counts: bytes
    ttls_at: tuple[int, ...]
    cost: int = 0


class Kept(NamedTuple):
    """An answer as it is kept, from ``stored`` for ``life`` (monotonic seconds).

    Of its addresses only what policy asks of them is kept: whether one lies in a private network, and whether
    one is a ``resolver``'s, of encrypted DNS.
    """

    body: bytes
    targets: tuple[bytes, ...]
    shape: Shape
    stored: float
    life: float
    private: bool
    resolver: bool = False

    @property
    def expires(self) -> float:
        """When it runs out."""
        return self.stored + self.life

    @property
    def answer(self) -> Answer:
        """The answer, whole."""
        rcode, flags, counts, ttls_at, _ = self.shape
        body = self.body
        ttls = tuple([(at, int.from_bytes(body[at : at + 4])) for at in ttls_at])
        return Answer(rcode, flags, counts, body, ttls, int(self.life), self.targets)


class AnswerCache:
    """Answers by question (lower-case name, type, class, DO, CD)."""

    def __init__(self, limit: int, keep_stale: float, resolvers: ResolverAddresses = NO_RESOLVERS) -> None:
        self._keep_stale = keep_stale
        self._resolvers = resolvers
        self._answers: Bounded[Kept] = Bounded(limit, _size)
        self._shapes: dict[Shape, Shape] = {}

    def find(self, key: bytes, now: float) -> Kept | None:
        """Return what is kept for a question, fresh or stale; the caller looks at ``expires``."""
        kept = self._answers.find(key)
        return kept if kept is not None and now < kept.expires + self._keep_stale else None

    def keep(self, key: bytes, answer: Answer, life: float, now: float) -> Kept:
        """Keep an answer for ``life`` seconds, 0 for not at all, and return it as kept."""
        shape = Shape(answer.rcode, answer.flags, answer.counts, tuple([at for at, _ in answer.ttls]))
        private = any(is_private(address) for address in answer.addresses)
        resolver = any(address in self._resolvers for address in answer.addresses)
        kept = Kept(answer.body, answer.targets, self._shared(shape), now, life, private, resolver)
        if life > 0:
            self._answers.put(key, kept)
        return kept

    def _shared(self, shape: Shape) -> Shape:
        """Return the one copy of a shape, or the shape with its cost when there are too many to share."""
        shared = self._shapes.get(shape)
        if shared is None:
            if len(self._shapes) >= _SHAPES_SHARED or len(shape.ttls_at) > 16:
                return shape._replace(cost=250 + 40 * len(shape.ttls_at))
            self._shapes[shape] = shared = shape
        return shared

    @property
    def size(self) -> int:
        """Bytes that the answers take."""
        return self._answers.size

    def __len__(self) -> int:
        return len(self._answers)


def _size(key: bytes, kept: Kept) -> int:
    return _OVERHEAD + len(key) + len(kept.body) + _PER_TARGET * len(kept.targets) + kept.shape.cost
