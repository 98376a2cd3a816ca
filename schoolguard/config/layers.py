"""One layer's file on top of the layers above: calendar, windows, rules and budgets, handed down to groups.

It must not know schools or groups, and it compares no rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schoolguard.config import policy_keys
from schoolguard.config.budgets import ReadBudget, budgets_of
from schoolguard.config.calendar_keys import CALENDAR, WINDOW_NAME, WINDOWS
from schoolguard.config.calendars import calendar_of
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.rules import Known, ReadRule, rules_of
from schoolguard.config.timetables import windows_of
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.rule import Layer
from schoolguard.policy.window import Window


@dataclass(frozen=True, slots=True)
class Heritage:
    """What all layers so far say together; not ``complete`` when one could not be read.

    ``calendar`` is ``None`` when no layer has one. ``window_names`` holds those of faulty windows too.
    """

    calendar: Calendar | None = None
    windows: tuple[At[Window], ...] = ()
    window_names: frozenset[str] = frozenset()
    rules: tuple[ReadRule, ...] = ()
    budgets: tuple[ReadBudget, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose file it is: the layer, the name that stands under its rules, and what begins its budgets' ids."""

    layer: Layer
    name: str
    scope: str


def heritage_of(fields: Fields, speaker: Speaker, above: Heritage, known: Known, out: Collector) -> Heritage:
    """Return ``above`` with what one layer's file adds; what is wrong in the file is recorded."""
    dated = _dated(fields, above, known, out)
    rules = rules_of(fields, speaker.layer, speaker.name, known, out)
    _check_windows(rules, dated, out)
    budgets = _budgets(fields, speaker, known, out)
    return replace(dated, rules=above.rules + rules, budgets=above.budgets + budgets)


def group_rules_of(
    fields: Fields, speaker: Speaker, above: Heritage, known: Known, out: Collector
) -> tuple[tuple[ReadRule, ...], tuple[ReadBudget, ...]]:
    """Return the rules and budgets in a group's own section; ``above`` is its school's."""
    rules = rules_of(fields, speaker.layer, speaker.name, known, out)
    _check_windows(rules, above, out)
    budgets = _budgets(fields, speaker, known, out)
    for budget in budgets:
        if budget.tiers:
            msgid = N_("a budget in a group's own section is for this group alone; remove `tiers`")
            out.error(budget.mark, Wrong(msgid))
    return rules, budgets


def commune_of(fields: Fields) -> At[str] | None:
    """Return the name that a commune's file gives."""
    return fields.section(policy_keys.COMMUNE_SECTION).given(policy_keys.COMMUNE_NAME)


def _dated(fields: Fields, above: Heritage, known: Known, out: Collector) -> Heritage:
    section = fields.given(CALENDAR)
    calendar = above.calendar
    if section:
        calendar = calendar_of(section.value, above.calendar, known.today, out)
    given = fields.given(WINDOWS)
    names = (item.value.given(WINDOW_NAME) for item in (given.value if given else ()))
    return replace(
        above,
        calendar=calendar,
        windows=windows_of(given, above.windows, out).all,
        window_names=above.window_names | {name.value for name in names if name},
        complete=above.complete and (given is not None or not fields.tried(WINDOWS)),
    )


def _budgets(fields: Fields, speaker: Speaker, known: Known, out: Collector) -> tuple[ReadBudget, ...]:
    if known.services is None:
        return ()
    return budgets_of(fields, speaker.layer, speaker.name, known.services, known.table, out, speaker.scope)


def _check_windows(rules: Iterable[ReadRule], heritage: Heritage, out: Collector) -> None:
    if not heritage.complete:
        return
    accepted = tuple(sorted(heritage.window_names))
    for rule in rules:
        for name, mark in rule.during:
            if name not in heritage.window_names:
                _unknown_window(name, mark, accepted, out)


def _unknown_window(name: str, mark: Mark, accepted: tuple[str, ...], out: Collector) -> None:
    if accepted:
        msgid = N_("no window of this layer or a higher one has this name")
        out.error(mark, Wrong(msgid, found=name, accepted=accepted))
    else:
        msgid = N_("there are no windows; name them under `windows`, here or in a higher layer's file")
        out.error(mark, Wrong(msgid, found=name))
