"""The section ``windows`` of the layers, and with a school's calendar its timetable. It knows no rule.

A window's name stands for the same hours in every layer: were a school to give ``gio-hoc`` other hours, a
lock of the province during it would be the school's to lift.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from schoolguard.config import calendar_keys as keys
from schoolguard.config.calendar_checks import example_year
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.calendar import WEEK, Calendar, DayKind
from schoolguard.policy.timetable import Timetable
from schoolguard.policy.window import DAY_MINUTES, Hours, Window

Given = At[tuple[At[Fields], ...]] | None


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of one layer's file and those of the layers above, with their places."""

    own: tuple[At[Window], ...] = ()
    above: tuple[At[Window], ...] = ()

    @property
    def all(self) -> tuple[At[Window], ...]:
        """Every window in force here; the ``above`` of the next layer."""
        return self.above + self.own


def windows_of(given: Given, above: tuple[At[Window], ...], out: Collector) -> Windows:
    """Return a layer's windows; what can be told to be wrong without a calendar is recorded."""
    higher = {window.name: mark for window, mark in above}
    own: dict[str, At[Window]] = {}
    for section, _ in given.value if given else ():
        name = section.given(keys.WINDOW_NAME)
        if name is None:
            continue
        if place := higher.get(name.value):
            msgid = N_("a higher layer ({path}, line {line}) has a window of this name; choose another")
            out.error(name.mark, Wrong(msgid, path=place.path, line=place.line, found=name.value))
        elif first := own.get(name.value):
            msgid = N_("another window has this name, in line {line}")
            out.error(name.mark, Wrong(msgid, line=first.mark.line, found=name.value))
        elif window := _window(name.value, section, out):
            own[name.value] = At(window, name.mark)
    return Windows(tuple(own.values()), above)


def timetable_of(windows: Windows, calendar: Calendar, today: date, mark: Mark, out: Collector) -> Timetable:
    """Return a school's timetable; ``mark`` is the place for what is missing in its calendar.

    Recorded: no school year covers ``today`` though a window needs one, and windows of the school's own that
    never open.
    """
    timetable = Timetable(calendar, tuple(at.value for at in windows.all))
    needing = sorted(at.value.name for at in windows.all if at.value.needs_years)
    unknown = bool(needing) and not calendar.covers(today)
    if unknown:
        msgid = N_(
            "no school year covers today, {today}, so the strictest holds for what these windows need:"
            " {names}; add it to `years`, or set the clock"
        )
        wrong = Wrong(msgid, today=today, names=", ".join(needing), accepted=example_year(today))
        # No error: the clock may be what is wrong, and a gateway that does not start serves nobody.
        out.warning(mark, wrong)
    never = timetable.never_open(today)
    for window, place in windows.own:
        if window.name in never and not _is_closed(window) and not (unknown and window.needs_years):
            msgid = N_("this window never opens: the calendar has no day of these kinds that is not excepted")
            out.error(place, Wrong(msgid, found=", ".join(sorted(window.on))))
    return timetable


def _window(name: str, fields: Fields, out: Collector) -> Window | None:
    label, days, hours = fields.given(keys.LABEL), fields.given(keys.DAYS), fields.given(keys.HOURS)
    if not (days and days.value and hours and hours.value):
        return None
    given = fields.given(keys.EXCEPT)
    excepting = frozenset(DayKind(at.value) for at in (given.value if given else ()))
    on = frozenset(DayKind(at.value) for at in days.value)
    spans = tuple(dict.fromkeys(at.value for at in hours.value))
    window = Window(name, label.value if label else name, on, excepting, spans)
    _check_hours(hours.value, on, out)
    if _is_closed(window):
        msgid = N_("this window never opens: `except` takes away every kind of day in `days`")
        out.error(fields.mark_of(keys.EXCEPT), Wrong(msgid, found=", ".join(sorted(excepting))))
    return window


def _is_closed(window: Window) -> bool:
    return window.on <= window.excepting or DayKind.EVERY_DAY in window.excepting


def _check_hours(hours: tuple[At[Hours], ...], on: frozenset[DayKind], out: Collector) -> None:
    """Record hours of one window that overlap, on one day or from one day into the next."""
    spans = sorted(hours, key=lambda at: at.value)
    for (before, _), (after, mark) in pairwise(spans):
        if after.start < before.end:
            _overlap(before, after, mark, out)
    latest = max((at.value for at in spans), key=lambda each: each.end)
    one_weekday = len(on) == 1 and on <= frozenset(WEEK)
    if not one_weekday and latest.end - DAY_MINUTES > spans[0].value.start:
        _overlap(latest, *spans[0], out)


def _overlap(before: Hours, after: Hours, mark: Mark, out: Collector) -> None:
    msgid = N_("these hours overlap the window's {hours}")
    out.warning(mark, Wrong(msgid, hours=str(before), found=str(after)))
