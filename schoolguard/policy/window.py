"""A named window: on which kinds of days it opens, and at what hours. It knows no calendar and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schoolguard.policy.calendar import YEARS_NEEDED, DayKind

DAY_MINUTES = 24 * 60


class Hours(NamedTuple):
    """A span of minutes, counted from the midnight that begins its day; ``end`` is not in it.

    An ``end`` after 1440 lies in the next day: 22:00-05:30 is ``Hours(1320, 1770)`` and belongs to the day
    that it begins on.
    """

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{clock(self.start)}-{clock(end)}"


def clock(minutes: int) -> str:
    """Return minutes after midnight as people write them; the day's end is 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Window:
    """Open at its hours on days of a kind in ``on`` and of none in ``excepting``; ``label`` is for people."""

    name: str
    label: str
    on: frozenset[DayKind]
    excepting: frozenset[DayKind]
    hours: tuple[Hours, ...]

    def opens_on(self, kinds: frozenset[DayKind]) -> bool:
        """Return whether it opens on a day that is all of ``kinds``."""
        return not self.on.isdisjoint(kinds) and self.excepting.isdisjoint(kinds)

    @property
    def needs_years(self) -> bool:
        """Whether nobody can tell when it opens on a day outside the known school years."""
        return not YEARS_NEEDED.isdisjoint(self.on | self.excepting)
