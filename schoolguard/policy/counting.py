"""How marks become minutes of use. No clock, no days, no limits: those are the ``meter``'s.

Each *mark* says that a device asked for a budgeted name. Marks at most ``gap`` minutes apart are one
stretch of use, and every minute from its first to its last mark counts; a mark with no other near it is
taken for an application that looks for news by itself, and counts ``lone`` minutes. A simulation chose the
constants.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counting:
    """How marks become minutes: ``gap`` is the longest silence in use, ``lone`` what a single mark costs."""

    gap: int
    lone: int


IN_FORCE = Counting(gap=8, lone=0)
"""Eight: an idle Android telephone lets an application wake once in 9 minutes at most, so that a larger gap
takes a telephone in the pocket for use (4.6 minutes an hour at 9 and 7.5 at 15, against 0.8), and a smaller
one misses more of every game. None for a single mark: one would add a minute for each time that a telephone
wakes.
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What a device has used of a budget: ``minutes`` counted, and its last mark.

    ``last`` is the mark's minute on the steady clock; ``lone`` says that it stands alone so far.
    """

    minutes: int
    last: int
    lone: bool

    def marked(self, minute: int, counting: Counting) -> Used:
        """Return what is used after one more mark."""
        silence = minute - self.last
        if silence == 0:
            return self
        if 0 < silence <= counting.gap:
            first = 1 - counting.lone if self.lone else 0
            return Used(self.minutes + silence + first, minute, False)
        return Used(self.minutes + counting.lone, minute, True)


Table = dict[bytes, dict[str, Used]]
"""Device key -> budget id -> what is used."""


def weight(of_device: dict[str, Used]) -> tuple[int, int]:
    """Return what orders devices by importance: the most minutes, then the latest mark."""
    return max(each.minutes for each in of_device.values()), max(each.last for each in of_device.values())


def added(one: Table, other: Table) -> Table:
    """Return the usage of both tables together."""
    return {device: summed(one.get(device, {}), other.get(device, {})) for device in one | other}


def summed(one: dict[str, Used], other: dict[str, Used]) -> dict[str, Used]:
    """Return the usage of one device in two tables together; the later last mark is the last."""
    out = dict(one)
    for budget, used in other.items():
        if (same := out.get(budget)) is not None:
            latest = max(same, used, key=lambda each: each.last)
            out[budget] = Used(same.minutes + used.minutes, latest.last, latest.lone)
        else:
            out[budget] = used
    return out
