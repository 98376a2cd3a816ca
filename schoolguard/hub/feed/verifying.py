"""Verifies the documents of a delivery, each by itself: what is wrong with one is said of that one.

It must not hold the loop for long: after some documents others have their turn, and a large delivery is
unpacked in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from schoolguard.feed.compact import Packing, unpacked_size
from schoolguard.feed.delivery import Judged, Verdict, digest_of
from schoolguard.feed.parcel import Opened, Parcel, opened
from schoolguard.feed.refused import FeedRefused
from schoolguard.hub.feed.document import read_document
from schoolguard.hub.feed.storing import Arrived

_TURN = 4
"""Documents that are verified at a stretch; one takes about half a millisecond."""

_SMALL = 64 << 10
"""Unpacked bytes of some documents; more are unpacked in a thread."""

_MOST = 1 << 20
"""Unpacked bytes of a delivery over the line; a gateway sends a quarter. Who sends them is not known before
they are unpacked: a tenth of a second's work at most."""


class UnknownSender(Exception):
    """The key that a delivery is from is no enrolled gateway's."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One entry for each document, in order: its verdict, None for one that is among ``arrived``."""

    judged: tuple[Judged | None, ...]
    arrived: tuple[Arrived, ...]
    skew: int


class Verifying:
    """``key_of`` gives a gateway's key by its id on the wire; ``refresh`` reads anew which are enrolled."""

    def __init__(
        self,
        packing: Packing,
        key_of: Callable[[bytes], bytes | None],
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._packing = packing
        self._key_of = key_of
        self._refresh = refresh

    async def verify(self, body: bytes, now: float) -> Verified:
        """Verify a delivery that came at ``now``; raises ``UnknownSender``, ``FeedRefused``."""
        packed = opened(body)
        key = self._key_of(packed.sender)
        if key is None:
            await self._refresh()
            key = self._key_of(packed.sender)
        if key is None:
            raise UnknownSender
        parcel = await self._unpacked(packed, key)
        skew = parcel.time - int(now)
        judged: list[Judged | None] = []
        arrived: list[Arrived] = []
        for number, (beside, content) in enumerate(parcel.pairs(), 1):
            found = verify(content, beside, skew)
            judged.append(found if isinstance(found, Judged) else None)
            arrived.extend([found] if isinstance(found, Arrived) else [])
            if number % _TURN == 0:
                await asyncio.sleep(0)
        return Verified(tuple(judged), tuple(arrived), skew)

    async def _unpacked(self, packed: Opened, key: bytes) -> Parcel:
        size = unpacked_size(packed.body)
        if size is not None and size <= _SMALL:
            return packed.unpack(self._packing, key, _SMALL)
        return await asyncio.to_thread(packed.unpack, self._packing, key, _MOST)


def verify(content: bytes, beside: int, skew: int | None) -> Judged | Arrived:
    """Return a verified document, or why it is none."""
    digest = digest_of(content)
    try:
        return Arrived(read_document(content, digest, beside), skew)
    except FeedRefused as error:
        return Judged(digest, Verdict.REFUSED, f"{error.code}: {error}"[:200])
