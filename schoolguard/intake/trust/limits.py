"""How much a repository may make a gateway read, and how slowly.

It must not do anything. What is read before it is verified is bounded by these numbers and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

ROOT_BYTES = 64 << 10
"""A root with 20 keys has 6 KB."""
TIMESTAMP_BYTES = 4 << 10
"""A timestamp with five signatures has 1 KB."""
SNAPSHOT_BYTES = 1 << 20
"""150 bytes a role: room for thousands of partners."""
TARGETS_BYTES = 4 << 20
"""150 bytes a target: room for 25,000 of one role."""

MAX_ROOTS = 256
"""Root versions read in one refresh, as the reference client: a gateway that slept for decades still
arrives."""
MAX_ROLES = 200
"""Delegated roles read: beyond the number of telecoms there are."""
MAX_TARGETS = 20_000
"""Targets of one role."""
MAX_TARGET_BYTES = 512 << 20
"""One target's file; the largest real list, compressed, has 40 MB."""

STICK_AGE = 14 * 86400
"""Seconds that a carried copy's timestamp and snapshot may be over their expiry: a stick travels, a freeze
by the network cannot reach a gateway that has none, and nothing older than what the gateway knows is ever
taken."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The slowest transfer that is waited for: after ``grace`` seconds at least ``floor`` bytes a second on
    average.

    So an endless trickle ends after ``grace`` seconds, and a file of n bytes has ``grace + n / floor``
    seconds in all. The floor of 2 KiB/s is a tenth of a bad school line; 15 s let a satellite line and TLS
    begin.
    """

    grace: float = 15.0
    floor: float = 2048.0

    def allowed(self, received: int) -> float:
        """Return by how many seconds after the start the byte after ``received`` must have come."""
        return self.grace + received / self.floor
