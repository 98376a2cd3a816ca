"""Which plan each group is under at the present moment, and that plan's seat in the front.

A plan that comes back, as the evening's does every evening, finds its seat and the replies it was judged for.
It must not read a clock: it is told when to turn, and says when the next turn is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf
from typing import NamedTuple

from schoolguard.policy.model import Group, School
from schoolguard.policy.plans import NOTHING, Plan, plan_of, strictest
from schoolguard.policy.rule import Rule, next_end
from schoolguard.policy.rulesets import Made
from schoolguard.policy.safe_search import Engines
from schoolguard.policy.timetable import Timetable
from schoolguard.resolver.front import UNSEATED, Seat, seat
from schoolguard.resolver.present import Granted, Present

MAX_SEATS = 1_024
"""Plans with a seat at once. Passes make ever new ones: when all seats are taken they are given out anew,
with an empty front."""

OWN_SEATS = 512
"""Plans of single devices (a used-up budget, a pass of their own) get a seat while there are fewer; then
their queries are judged one by one."""

_MEMO = 256


class Seated(NamedTuple):
    """A plan and its seat."""

    plan: Plan
    seat: Seat


class Standings:
    """All groups of the configuration at the present moment.

    ``crowded`` says that a group found no seat since the last ``clear``.
    """

    def __init__(self, schools: Iterable[School], engines: Engines, present: Present) -> None:
        self._engines = engines
        self._present = present
        self._seats: dict[Plan, Seat] = {}
        self._rulesets: Made = {}
        self.crowded = False
        self._timetables: dict[str, Timetable | None] = {}
        self._standing: dict[tuple[str, str], Standing] = {}
        for school in schools:
            self._timetables[school.id] = school.timetable
            for group in school.groups:
                self._standing[school.id, group.name] = Standing(group)
        self.turn()

    def turn(self) -> float:
        """Bring every group to the present moment; return when the next turn is due (Unix seconds)."""
        now, passes = self._present.now, self._present.passes
        due = inf if now is None else next_end((granted.rule for granted in passes), now) or inf
        windows: dict[str, frozenset[str] | None] = {}
        for school, timetable in self._timetables.items():
            windows[school], change = _open(timetable, now)
            due = min(due, change)
        for (school, name), standing in self._standing.items():
            standing.windows = windows[school]
            standing.granted = [each for each in passes if _concerns(each, school, name)]
            standing.devices = frozenset(each.device for each in standing.granted if each.device is not None)
            standing.seated = self._of(standing, NOTHING, b"")
            if now is not None:
                due = min(due, next_end(standing.group.rules, now) or inf)
        return due

    def clear(self) -> None:
        """Take every seat back: the replies kept for them must be dropped at once."""
        self._seats.clear()
        self._rulesets.clear()
        self.crowded = False
        for standing in self._standing.values():
            standing.made.clear()

    def standing_of(self, group: Group) -> Standing:
        """Return a group's standing, for ``of``."""
        return self._standing[group.school, group.name]

    def of(self, standing: Standing, device: bytes) -> Seated:
        """Return what a device of a group is under now."""
        spent = self._present.spent
        if device not in spent and device not in standing.devices:
            return standing.seated
        return self._of(standing, spent.get(device, NOTHING), device)

    def _of(self, standing: Standing, spent: frozenset[str], device: bytes) -> Seated:
        now, windows, group = self._present.now, standing.windows, standing.group
        passes: tuple[Rule, ...] = ()
        if now is not None:
            here = (each.rule for each in standing.granted if each.device in (None, device))
            passes = tuple(rule for rule in here if rule.holds(now, NOTHING))
        holding = tuple([i for i, rule in enumerate(group.rules) if rule.holds(now, windows)])
        key = (now is None, holding, passes, spent)
        seated = standing.made.get(key)
        if seated is None:
            if now is None:
                plan = strictest(group, self._engines, self._rulesets)
            else:
                plan = plan_of(group, self._engines, now, windows, passes, spent, self._rulesets)
            if orders := self._present.orders.get(group.school, 0):
                plan = replace(plan, orders=orders)
            seated = self._seat(plan, own=bool(device))
            if seated.seat.bit:
                if len(standing.made) >= _MEMO:
                    standing.made.clear()
                standing.made[key] = seated
        return seated

    def _seat(self, plan: Plan, own: bool) -> Seated:
        place = self._seats.get(plan)
        if place is None:
            if len(self._seats) >= (OWN_SEATS if own else MAX_SEATS):
                self.crowded = self.crowded or not own
                return Seated(plan, UNSEATED)
            place = self._seats[plan] = seat(len(self._seats))
        return Seated(plan, place)


class Standing:
    """One group: its open windows (``None``: unknown), its passes, and the plans made for it so far.

    ``devices`` are those with a pass of their own.
    """

    __slots__ = ("devices", "granted", "group", "made", "seated", "windows")

    seated: Seated

    def __init__(self, group: Group) -> None:
        self.group = group
        self.windows: frozenset[str] | None = NOTHING
        self.granted: list[Granted] = []
        self.devices: frozenset[bytes] = frozenset()
        self.made: dict[tuple[bool, tuple[int, ...], tuple[Rule, ...], frozenset[str]], Seated] = {}


def _open(timetable: Timetable | None, now: float | None) -> tuple[frozenset[str] | None, float]:
    """Return the open windows and when they change; ``None`` when nobody knows, as on days of no calendar."""
    if timetable is None or not timetable.names:
        return NOTHING, inf
    if now is None:
        return None, inf
    return timetable.open_at(now) if timetable.covers(now) else None, timetable.next_change(now)


def _concerns(granted: Granted, school: str, group: str) -> bool:
    return granted.school == school and granted.group in (None, group)
