"""The active minutes that each device has used of each time budget today. No clock, no names, no files.

Two clocks are handed in at every ``tick``. The steady one (it never jumps) measures stretches; the wall
clock only says which day it is, so that a step of it neither adds a minute nor takes one. Of days:

- At midnight everything is unused again; a stretch over midnight begins anew.
- When the wall clock jumps forward to another day, that day begins unused, and what was counted is laid aside
  for 24 hours. When the clock goes back meanwhile (it was set wrong, and is right again), to the day laid
  aside, its minutes return and those counted in between are added; to a later day, what was counted last is
  kept: it is of that day at least in part.
- When it goes back otherwise (1970, after a dead battery), the last day goes on until the clock is right
  again, or for 24 hours: nobody gets time, and nobody loses more than a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from schoolguard.policy.budgets import Budget
from schoolguard.policy.counting import IN_FORCE, Counting, Table, Used, added, summed, weight

MAX_DEVICES = 20_000
WARNING_MINUTES = 5
"""A budget with at most so many minutes left is nearly used up."""

_LOCAL_SECONDS = 7 * 3600
"""Viet Nam's time is UTC+7, without summer time since 1975."""

_DAY_SECONDS = 86_400
_JUMP_SECONDS = 60.0
"""NTP slews what is less, and a busy process is late by less."""

_ROOM = 20
"""When there are too many devices, one in so many is forgotten at once."""


class Stage(IntEnum):
    """How far a budget is used."""

    OPEN = 0
    WARNING = 1
    USED_UP = 2


@dataclass(frozen=True, slots=True)
class _Aside:
    """What was counted when the wall clock jumped to another day, and when (steady) that was."""

    day: int
    table: Table
    since: float


def local_day(now: float) -> int:
    """Return the number of the civil day in Viet Nam at ``now`` (Unix seconds); that of 1970-01-01 is 0."""
    return int((now + _LOCAL_SECONDS) // _DAY_SECONDS)


class Meter:
    """Counts marks, for at most ``devices`` devices. ``tick`` tells the time, which is then every mark's."""

    def __init__(
        self, now: float, steady: float, counting: Counting = IN_FORCE, devices: int = MAX_DEVICES
    ) -> None:
        """``now`` is in Unix seconds, ``steady`` in seconds of a clock that never jumps."""
        self._counting = counting
        self._devices = devices
        self._day = local_day(now)
        self._now, self._steady, self._minute = now, steady, int(steady // 60)
        self._table: Table = {}
        self._aside: _Aside | None = None
        self._behind_since: float | None = None
        self._minutes: dict[str, int] = {}

    @property
    def day(self) -> int:
        """The number of the local day that is being counted."""
        return self._day

    @property
    def minute(self) -> int:
        """The minute on the steady clock at the last tick."""
        return self._minute

    def set_budgets(self, budgets: Iterable[Budget]) -> None:
        """Take the budgets of a new configuration; what was used of those whose ids stay is kept."""
        self._minutes = {budget.id: budget.minutes for budget in budgets}

    def resume(self, day: int, table: Table) -> bool:
        """Go on from what was counted before a restart; return whether it is of use.

        Yesterday's is not. That of a day to come is: then the clock is behind, or was wrong.
        """
        if day < self._day:
            return False
        self._day, self._table = day, table
        return True

    def tick(self, now: float, steady: float) -> bool:
        """Move to the present; return whether another day is counted from here on."""
        jumped = abs((now - self._now) - (steady - self._steady)) > _JUMP_SECONDS
        self._now, self._steady, self._minute = now, steady, int(steady // 60)
        if self._aside is not None and steady - self._aside.since >= _DAY_SECONDS:
            self._aside = None
        day = local_day(now)
        if day == self._day:
            self._behind_since = None
            return False
        if day > self._day:
            self._forward(jumped)
        elif self._aside is not None and self._aside.day <= day:
            if self._aside.day == day:
                self._table = added(self._aside.table, self._table)
            self._aside = None
        elif self._waits(steady):
            return False
        self._day, self._behind_since = day, None
        return True

    def _forward(self, jumped: bool) -> None:
        if jumped:
            self._aside = _Aside(self._day, self._table, self._steady)
        self._table = {}

    def _waits(self, steady: float) -> bool:
        """Return whether to go on waiting for a clock that is behind all known days."""
        if self._behind_since is None:
            self._behind_since = steady
        if steady - self._behind_since < _DAY_SECONDS:
            return True
        self._table, self._aside = {}, None
        return False

    def mark(self, device: bytes, budget: str) -> Stage | None:
        """Count one mark at the time of the last tick; return the stage that it newly leads to.

        A budget that is in force no longer is ignored: a worker may speak of it for a moment.
        """
        if budget not in self._minutes:
            return None
        of_device = self._table.get(device)
        if of_device is None:
            if len(self._table) >= self._devices:
                self._make_room()
            of_device = self._table[device] = {}
        before = of_device.get(budget)
        if before is None:
            after = Used(self._counting.lone, self._minute, True)
            was = 0
        else:
            after = before.marked(self._minute, self._counting)
            was = before.minutes
        of_device[budget] = after
        stage = self._stage(budget, after.minutes)
        return stage if stage > self._stage(budget, was) else None

    def _make_room(self) -> None:
        """Forget the devices with the fewest minutes, of those the longest silent.

        So a flood of made-up addresses forgets itself, and nobody gets time back by one.
        """
        order = sorted(self._table, key=lambda device: weight(self._table[device]))
        for device in order[: max(1, len(order) // _ROOM)]:
            del self._table[device]

    def _stage(self, budget: str, minutes: int) -> Stage:
        left = self._minutes[budget] - minutes
        if left <= 0:
            return Stage.USED_UP
        return Stage.WARNING if minutes and left <= WARNING_MINUTES else Stage.OPEN

    def stage(self, device: bytes, budget: str) -> Stage:
        """Return how far a device has used a budget; raises ``KeyError`` for one that is not in force."""
        return self._stage(budget, self.used(device, budget))

    def remaining(self, device: bytes, budget: str) -> int:
        """Return the minutes left; raises ``KeyError`` for a budget that is not in force."""
        return max(0, self._minutes[budget] - self.used(device, budget))

    def used(self, device: bytes, budget: str) -> int:
        """Return the minutes that a device has used of a budget today."""
        used = self._table.get(device, {}).get(budget)
        return used.minutes if used else 0

    def used_up(self, device: bytes) -> frozenset[str]:
        """Return the ids of the budgets that a device has used up."""
        used = self._table.get(device, {})
        limits = self._minutes
        return frozenset(b for b, each in used.items() if b in limits and each.minutes >= limits[b])

    def all_used_up(self) -> dict[bytes, frozenset[str]]:
        """Return ``used_up`` of every device that has used up a budget."""
        return {device: ids for device in self._table if (ids := self.used_up(device))}

    def rename(self, former: bytes, device: bytes) -> None:
        """Count what one key has used to another: an address whose MAC became known."""
        used = self._table.pop(former, None)
        if used is not None:
            self._table[device] = summed(self._table.get(device, {}), used)

    def table(self) -> Iterator[tuple[bytes, str, Used]]:
        """Yield what is used today: device, budget id, and how much; also of budgets not in force."""
        for device, of_device in self._table.items():
            for budget, used in of_device.items():
                yield device, budget, used
