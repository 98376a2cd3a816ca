"""Finished replies by plan: what a cache hit is answered from. It must not parse, await or decide.

The key is every byte of a query after its ID, so that a hit needs no parse and nothing that could change the
answer is left out of the key (case, flags, EDNS size, DO). Only queries in canonical spelling are kept
(``Query.plain``), so that odd spellings cannot fill the memory; they are answered by the parsed path.
"""

from __future__ import annotations

FrontEntry = tuple[float, int, bytes, int]
"""(valid until, monotonic seconds; reply size; the reply after its ID; outcome number for the counts)."""

OVERHEAD = 330
"""Bytes of one entry besides key and reply: dict slot, tuple, three objects' headers (sys.getsizeof)."""


class Front:
    """The replies of one plan, in two generations: an entry is found in either, the old one is dropped whole.

    That is a least-recently-used cache for the price of one dict look-up on a hit.
    """

    __slots__ = ("old", "young")

    def __init__(self) -> None:
        self.young: dict[bytes, FrontEntry] = {}
        self.old: dict[bytes, FrontEntry] = {}

    def rotate(self) -> None:
        """Make the young generation the old one; what was old is gone."""
        self.old, self.young = self.young, {}


class Fronts:
    """All fronts of a worker under one bound in bytes."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._bytes = 0
        self._fronts: list[Front] = []

    def new(self) -> Front:
        """Return an empty front that counts against the bound."""
        front = Front()
        self._fronts.append(front)
        return front

    def put(self, front: Front, key: bytes, entry: FrontEntry) -> None:
        """Keep a finished reply; when the young generations fill half the bound, all fronts rotate."""
        if key not in front.young:
            self._bytes += OVERHEAD + len(key) + entry[1]
            if self._bytes > self._half:
                self._bytes = 0
                for each in self._fronts:
                    each.rotate()
        front.young[key] = entry

    def find(self, front: Front, key: bytes, now: float) -> FrontEntry | None:
        """Return a reply still valid from either generation, moving an old one to the young."""
        entry = front.young.get(key)
        if entry is None:
            entry = front.old.pop(key, None)
            if entry is not None and entry[0] > now:
                self.put(front, key, entry)
        return entry if entry is not None and entry[0] > now else None

    def __len__(self) -> int:
        return sum(len(front.young) + len(front.old) for front in self._fronts)
