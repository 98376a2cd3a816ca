"""Which signed requests are new: not too old, not from the future, each only once. The clock is handed in.

What was seen is kept in memory for as long as it could be fresh. After a restart that memory is gone, so
nothing that was signed before the start is fresh: who is refused for it signs anew.
"""

from __future__ import annotations

from collections import OrderedDict

from schoolguard.hub.push.signature import SignatureRefused, Signed

OLDEST, NEWEST = 300, 60
"""Seconds that a signature may be old, and that the signer's clock may be ahead."""
MOST_SEEN = 200_000


class Freshness:
    """The signatures seen; ``started`` is when this process began, in Unix seconds."""

    def __init__(self, started: float, most: int = MOST_SEEN) -> None:
        self._started = int(started)
        self._most = most
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def check(self, signed: Signed, now: float) -> None:
        """Take a signature in, once.

        Raises ``SignatureRefused``: ``stale``, ``early``, ``replayed``, ``busy``.
        """
        self._forget(now)
        if signed.created < max(now - OLDEST, self._started):
            raise SignatureRefused("stale", f"signed too long ago; the server's time is {int(now)}")
        if signed.created > now + NEWEST:
            raise SignatureRefused("early", f"signed in the future; the server's time is {int(now)}")
        mark = (signed.keyid, signed.nonce)
        if mark in self._seen:
            raise SignatureRefused("replayed", "a request with this nonce was taken already")
        if len(self._seen) >= self._most:
            raise SignatureRefused("busy", "too many requests; come again in a few minutes")
        self._seen[mark] = int(now)

    def _forget(self, now: float) -> None:
        while self._seen:
            mark, taken = next(iter(self._seen.items()))
            if taken >= now - OLDEST - NEWEST:
                return
            del self._seen[mark]
