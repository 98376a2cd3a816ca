"""Whether the wall clock can be believed. It reads no clock: both are handed in.

A box whose battery is dead wakes up in 1970, or at the hour it was switched off, until its time service has
reached the network. Whoever can move the clock could move himself into the evening. So a time before what
certainly has passed is not believed, and neither is the time just after a jump.
"""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
"""Before this release was written it cannot be running."""

JUMP = 5.0
"""Seconds that the wall clock may move against the steady one between two looks: time services slew smaller
errors, and step larger ones (ntp.conf(5): from 0.128 s on; chrony's makestep: usually from 1 s on)."""

SETTLED = 30.0
"""Seconds without a jump after which the time is believed again; a time service that corrects itself after a
first wrong guess does so within one or two exchanges."""


class WallClock:
    """Follows the wall clock from second to second."""

    def __init__(self, floor: float = EARLIEST) -> None:
        """Believe no time before ``floor`` (Unix seconds)."""
        self._floor = max(floor, EARLIEST)
        self._offset: float | None = None
        self._believed_from = 0.0

    def raise_floor(self, floor: float) -> None:
        """Believe no time before ``floor`` from now on, if that is later than what was said before."""
        self._floor = max(self._floor, floor)

    def read(self, wall: float, steady: float) -> float | None:
        """Return the time (Unix seconds), or ``None`` when it cannot be believed.

        ``wall`` is what the wall clock says, ``steady`` a clock that never jumps, in seconds.
        """
        offset = wall - steady
        if self._offset is not None and abs(offset - self._offset) > JUMP:
            self._believed_from = steady + SETTLED
        self._offset = offset
        return wall if wall >= self._floor and steady >= self._believed_from else None
