"""How long each kind of count is kept, and how large the file may grow: what ``store:`` in the settings
decides.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400

LOG = 8 << 20
"""Bytes of the bound that are left for the write-ahead log beside the file: twice its 4 MB, and its index."""

LEAST_SIZE = 4 * LOG
"""The smallest bound: below it a school's hours of one term find no room."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times in seconds, the size in bytes.

    ``minutes`` 14 days: a complaint is looked into within two weeks. ``hours`` 100 days: a term, so that a
    month can be set beside the one before. ``days`` 1,100 days: three school years, as the yearly report
    compares them. ``outbox`` 120 days: a line that is cut off for the summer. ``size`` 256 MiB: a hundredth
    of the smallest SD card that boxes have, and ten times what a school with five groups fills.

    Minutes may not be kept longer than hours, nor hours longer than days: raises ``ValueError``.
    """

    minutes: int = 14 * DAY
    hours: int = 100 * DAY
    days: int = 1_100 * DAY
    outbox: int = 120 * DAY
    size: int = 256 << 20

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= self.hours <= self.days:
            raise ValueError("minutes are kept at most as long as hours, and these as days")
