"""Finished replies: what a cache hit is answered from. It must not parse, await or decide.

The key is every byte of a query after its ID, so that a hit needs no parse and nothing that could change the
answer is left out of the key (case, flags, EDNS size, DO). Only queries in canonical spelling are kept
(``Query.plain``), so that odd spellings cannot fill the memory; they are answered by the parsed path.

One entry serves every plan that was *judged* to give this very reply: it carries a bit a plan. A plan with
another verdict has an entry of its own, under the key with the plan's prefix. So fifty groups cost hardly
more than one, and no reply reaches a plan it was not made for (threat 25).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from schoolguard.resolver.bounded import Bounded
from schoolguard.resolver.counts import is_allowed


class Entry(NamedTuple):
    """A finished reply.

    ``until`` is monotonic seconds; ``size`` the length of the whole reply, ``reply`` its bytes after the ID;
    ``outcome`` a number for the counts; ``plans`` the bits of the plans it is for; ``origin`` the kept answer
    it depends on, ``None`` when the question alone decided.
    """

    until: float
    size: int
    reply: bytes
    outcome: int
    plans: int
    origin: object


PLANS: Final = 4
"""Index of ``Entry.plans``: on the hottest path an index costs half of what a name does."""

_OVERHEAD = 335
"""Bytes of an entry besides key and reply: dict slot, tuple, time and the objects' headers (tracemalloc)."""


class Seat(NamedTuple):
    """A plan's place in the front: its bit, and the prefix of keys that are its own.

    The prefix begins with flags that have QR set, which no kept query has, so it is no other key's beginning.
    """

    bit: int
    prefix: bytes


UNSEATED: Final = Seat(0, b"")
"""For a plan with no place: nothing is kept for it, every query is judged anew."""


def seat(number: int) -> Seat:
    """Return the seat of the plan with this number, from 0."""
    return Seat(1 << number, b"\xff\xff" + number.to_bytes(4))


class Front:
    """The finished replies of all plans under one bound in bytes."""

    __slots__ = ("entries",)

    def __init__(self, limit: int) -> None:
        self.entries: Bounded[Entry] = Bounded(limit, _size)

    def find(self, key: bytes, plan: Seat, now: float) -> Entry | None:
        """Return the plan's reply if it still holds; the hot path looks into ``entries.young`` by itself."""
        if not plan.bit:
            return None
        entry = self.entries.find(key)
        if entry is None or not entry.plans & plan.bit:
            entry = self.entries.find(plan.prefix + key)
        return entry if entry is not None and entry.until > now else None

    def put(self, key: bytes, plan: Seat, entry: Entry, now: float) -> None:
        """Keep a reply that was judged for ``plan``; ``entry.plans`` must be its bit."""
        if not plan.bit:
            return
        shared = self.entries.find(key)
        if shared is None or shared.plans == plan.bit:
            self.entries.put(key, entry)
        elif _same(shared, entry):
            self.entries.put(key, entry._replace(plans=shared.plans | plan.bit))
        elif shared.until <= now or _renewed(shared, entry):
            # The other plans have yet to judge it anew.
            self.entries.put(key, entry)
        elif not shared.plans & (shared.plans - 1):
            # It serves one plan alone, an exam's say: that one makes room, or all others had a copy each.
            self.entries.put(seat(shared.plans.bit_length() - 1).prefix + key, shared)
            self.entries.put(key, entry)
        else:
            self.entries.put(plan.prefix + key, entry)

    @property
    def size(self) -> int:
        """Bytes that the replies take."""
        return self.entries.size

    def __len__(self) -> int:
        return len(self.entries)


def _same(shared: Entry, entry: Entry) -> bool:
    """Whether the verdict of the one is that of the other, on the same answer; TTLs may have aged.

    A rewritten answer (ECH keys stripped) has another size.
    """
    if shared.origin is not entry.origin or shared.outcome != entry.outcome or shared.size != entry.size:
        return False
    return shared.reply == entry.reply or (is_allowed(entry.outcome) and entry.origin is not None)


def _renewed(shared: Entry, entry: Entry) -> bool:
    return shared.origin is not None and entry.origin is not None and shared.origin is not entry.origin


def _size(key: bytes, entry: Entry) -> int:
    return _OVERHEAD + len(key) + entry.size
