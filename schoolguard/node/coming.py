"""The plans that a group will be under in some span of time, each pair of two configurations' once.

Passes and used-up budgets are left out: they belong to a day, not to a configuration. It judges no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from schoolguard.policy.model import Group, School
from schoolguard.policy.plans import NOTHING, Plan, plan_of
from schoolguard.policy.rule import next_end
from schoolguard.policy.safe_search import Engines

WEEK = 7 * 86_400.0
Windows = frozenset[str] | None
"""The windows that are open, ``None`` where the calendar does not know the day."""


@dataclass(slots=True)
class State:
    """Two plans that hold at the same time, first at ``first`` (Unix seconds), and while which windows (those
    of the new configuration) are open."""

    former: Plan
    new: Plan
    first: float
    windows: set[Windows]


class Standing:
    """One group of one configuration as time goes by."""

    def __init__(self, school: School, group: Group, engines: Engines) -> None:
        self.school = school
        self.group = group
        self._engines = engines
        self._plans: dict[tuple[int, ...], Plan] = {}

    def windows(self, now: float) -> Windows:
        """Return the windows that are open at ``now`` (Unix seconds)."""
        timetable = self.school.timetable
        if timetable is None or not timetable.names:
            return NOTHING
        return timetable.open_at(now) if timetable.covers(now) else None

    def plan(self, now: float) -> Plan:
        """Return the plan at ``now``; the same object whenever the same rules hold."""
        rules, windows = self.group.rules, self.windows(now)
        holding = tuple([i for i, rule in enumerate(rules) if rule.holds(now, windows)])
        plan = self._plans.get(holding)
        if plan is None:
            plan = self._plans[holding] = plan_of(self.group, self._engines, now, windows)
        return plan

    def next_change(self, now: float) -> float:
        """Return when the plan may be another one after ``now``."""
        timetable = self.school.timetable
        change = inf if timetable is None else timetable.next_change(now)
        return min(change, next_end(self.group.rules, now) or inf)


def coming_states(former: Standing, new: Standing, start: float, until: float) -> list[State]:
    """Return the states from ``start`` to before ``until``; with the two equal, that of the one moment."""
    states: dict[tuple[int, int], State] = {}
    for now in _moments(former, new, start, until):
        plans = former.plan(now), new.plan(now)
        state = states.setdefault((id(plans[0]), id(plans[1])), State(*plans, now, set()))
        state.windows.add(new.windows(now))
    return list(states.values())


def _moments(former: Standing, new: Standing, start: float, until: float) -> Iterator[float]:
    yield start
    now = min(former.next_change(start), new.next_change(start))
    while now < until:
        yield now
        now = min(former.next_change(now), new.next_change(now))
