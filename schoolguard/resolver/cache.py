"""The answer cache: what upstreams said, shared by all plans, bounded in bytes. No clock: ``now`` comes in.

Policy is not in here: an answer is judged again for each plan that takes it (threat 11: stale answers too).
"""

from __future__ import annotations

from typing import NamedTuple

from schoolguard.dns.answer import Answer

OVERHEAD = 700
"""Bytes of one entry besides key and body: dict slot, Answer and its tuples (measured with tracemalloc)."""


class Kept(NamedTuple):
    """An answer and when it came and runs out, in monotonic seconds."""

    answer: Answer
    stored: float
    expires: float


class AnswerCache:
    """Answers by question (lower-case name, type, class, DO, CD), in two generations like ``Front``."""

    def __init__(self, limit: int, keep_stale: float) -> None:
        self._half = limit // 2
        self._keep_stale = keep_stale
        self._young: dict[bytes, Kept] = {}
        self._old: dict[bytes, Kept] = {}
        self._bytes = 0

    def find(self, key: bytes, now: float) -> Kept | None:
        """Return what is kept for a question, fresh or stale; the caller looks at ``expires``."""
        kept = self._young.get(key)
        if kept is None:
            kept = self._old.pop(key, None)
            if kept is None:
                return None
            self._put(key, kept)
        return kept if now < kept.expires + self._keep_stale else None

    def keep(self, key: bytes, answer: Answer, ttl: float, now: float) -> Kept:
        """Keep an answer for ``ttl`` seconds and return it as kept."""
        kept = Kept(answer, now, now + ttl)
        self._put(key, kept)
        return kept

    def _put(self, key: bytes, kept: Kept) -> None:
        if key not in self._young:
            self._bytes += OVERHEAD + len(key) + len(kept.answer.body)
            if self._bytes > self._half:
                self._old, self._young, self._bytes = self._young, {}, 0
        self._young[key] = kept

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old, self._bytes = {}, {}, 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
