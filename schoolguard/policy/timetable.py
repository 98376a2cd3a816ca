"""Which windows of a school are open at an instant, and when that next changes. It never asks for the time.

Instants are Unix seconds; days and hours are Viet Nam's. A day's changes are computed once and kept for some
days, so that the groups of a school can share one timetable at a switch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from itertools import combinations
from typing import NamedTuple

from schoolguard.policy.calendar import Calendar
from schoolguard.policy.window import DAY_MINUTES, Hours, Window

__all__ = ["HORIZON", "VIETNAM", "Hours", "Timetable", "Window", "day_of", "midnight"]

VIETNAM = timezone(timedelta(hours=7), "+07")
"""Civil time of Viet Nam: no other offset since 1975 and no summer time, so a fixed one is exact. It needs no
zone files on the box and does not follow whatever zone somebody set there."""

HORIZON = 8
"""How many days ahead a change is looked for: more than a week, so that weekly windows are found at once."""

_ZONE, _DAY = 7 * 3_600, 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_MEMO = 64


def day_of(now: float) -> date:
    """Return the civil day of an instant; ``ValueError`` or ``OverflowError`` outside the years 1 to 9999."""
    return date.fromordinal(int((now + _ZONE) // _DAY) + _EPOCH)


def midnight(day: date) -> float:
    """Return the instant at which a civil day begins."""
    return float((day.toordinal() - _EPOCH) * _DAY - _ZONE)


class _State(NamedTuple):
    open: frozenset[str]
    known: bool


class _Day(NamedTuple):
    """A day's changes: instants, the first one its midnight, and what holds from each on."""

    instants: tuple[float, ...]
    states: tuple[_State, ...]


@dataclass(frozen=True, slots=True)
class Timetable:
    """A school's calendar and its windows, each name once; their order means nothing.

    ``ValueError`` for a name that stands twice.
    """

    calendar: Calendar
    windows: tuple[Window, ...]
    _days: dict[int, _Day] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        windows = tuple(sorted(self.windows, key=lambda window: window.name))
        if len({window.name for window in windows}) < len(windows):
            raise ValueError("a window's name stands twice")
        object.__setattr__(self, "windows", windows)

    @property
    def names(self) -> frozenset[str]:
        """The names of all windows."""
        return frozenset(window.name for window in self.windows)

    def open_at(self, now: float) -> frozenset[str]:
        """Return the names of the open windows; where ``covers`` is false, those that need no calendar."""
        return self._state(now).open

    def covers(self, now: float) -> bool:
        """Return whether the calendar knows the day, or no window needs it to."""
        return self._state(now).known

    def next_change(self, now: float) -> float:
        """Return the first instant after ``now`` at which ``open_at`` or ``covers`` gives something else.

        When nothing changes within ``HORIZON`` days, the midnight after them, at which to ask again.
        """
        state = self._state(now)
        number = _number(now)
        for each in range(number, number + HORIZON):
            day = self._day(each)
            for instant, found in zip(day.instants, day.states, strict=True):
                if instant > now and found != state:
                    return instant
        return float((number + HORIZON) * _DAY - _ZONE)

    def never_open(self, since: date) -> frozenset[str]:
        """Return the windows that open on no day of the known years, nor in a year from ``since`` on."""
        closed = self.windows
        for day in self.calendar.days(since):
            kinds, known = self.calendar.kinds(day), self.calendar.covers(day)
            closed = tuple(
                window
                for window in closed
                if not window.opens_on(kinds) or (window.needs_years and not known)
            )
        return frozenset(window.name for window in closed)

    def overlapping(self, since: date) -> frozenset[tuple[str, str]]:
        """Return each two windows that are open at one time in the known years or a year from ``since`` on.

        The names of a pair are in order of the alphabet.
        """
        together = set()
        for day in self.calendar.days(since):
            together |= {state.open for state in self._built(day.toordinal() - _EPOCH).states}
        return frozenset(pair for names in together for pair in combinations(sorted(names), 2))

    def _state(self, now: float) -> _State:
        day = self._day(_number(now))
        return day.states[bisect_right(day.instants, now) - 1]

    def _day(self, number: int) -> _Day:
        if (day := self._days.get(number)) is None:
            if len(self._days) >= _MEMO:
                self._days.clear()
            day = self._days[number] = self._built(number)
        return day

    def _built(self, number: int) -> _Day:
        day = date.fromordinal(number + _EPOCH)
        known = self.calendar.covers(day) or not any(window.needs_years for window in self.windows)
        spans = [*self._spans(day, 0), *self._spans(day - timedelta(days=1), DAY_MINUTES)]
        start = float(number * _DAY - _ZONE)
        edges = {edge for _, hours in spans for edge in hours if 0 < edge < DAY_MINUTES}
        instants: list[float] = []
        states: list[_State] = []
        for minute in sorted({0, *edges}):
            names = frozenset(name for name, hours in spans if hours.start <= minute < hours.end)
            if not states or states[-1].open != names:
                instants.append(start + minute * 60)
                states.append(_State(names, known))
        return _Day(tuple(instants), tuple(states))

    def _spans(self, day: date, past: int) -> Iterator[tuple[str, Hours]]:
        """Yield what opens on a day, in minutes of the day that begins ``past`` minutes later."""
        kinds = self.calendar.kinds(day)
        for window in self.windows:
            if window.opens_on(kinds):
                for hours in window.hours:
                    yield window.name, Hours(hours.start - past, hours.end - past)

    def __reduce__(self) -> tuple[object, ...]:
        return Timetable, (self.calendar, self.windows)


def _number(now: float) -> int:
    return int((now + _ZONE) // _DAY)
