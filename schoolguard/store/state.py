"""The store's own sense of time, and what restoring lost: small numbers under a name, each sealed.

No clock is believed. ``clock`` is what counts are old by: it follows the given time back at once, and
forward by a day at first, then two, four and so on while the given time stays ahead. ``lived`` is what
documents are old by: seconds that the store was in use, whatever the clock said; a jump adds a day at most,
and none backwards.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiosqlite

from schoolguard.store.bounds import DAY
from schoolguard.store.seal import checked, seal

CLOCK, AHEAD, SEEN, LIVED, ROUND = "clock", "ahead", "seen", "lived", "round"
_MOST_DOUBLINGS = 20
_STATE = "SELECT name, value, seal FROM state"
_PUT = "INSERT OR REPLACE INTO state VALUES (?, ?, ?)"


async def state_of(connection: aiosqlite.Connection) -> dict[str, int]:
    """Return all numbers by name."""
    found = {}
    for name, value, mark in await connection.execute_fetchall(_STATE):
        checked("state", name, value, mark=mark)
        found[name] = value
    return found


async def put_state(connection: aiosqlite.Connection, numbers: Mapping[str, int]) -> None:
    """Write numbers."""
    rows = [(name, value, seal("state", name, value)) for name, value in sorted(numbers.items())]
    await connection.executemany(_PUT, rows)


def advanced(state: Mapping[str, int], now: int) -> dict[str, int]:
    """Return the store's times after it was told that it is ``now`` (Unix seconds)."""
    clock, ahead = state.get(CLOCK, now), state.get(AHEAD, 0)
    step = DAY << min(ahead, _MOST_DOUBLINGS)
    caught_up = now - clock <= step
    return {
        CLOCK: now if caught_up else clock + step,
        AHEAD: 0 if caught_up else ahead + 1,
        SEEN: now,
        LIVED: state.get(LIVED, 0) + min(max(now - state.get(SEEN, now), 0), DAY),
    }
