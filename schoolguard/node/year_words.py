"""The words of the page on a school year: cells, kinds of days, hours, dates. It finds nothing out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from schoolguard.language import N_, Translate
from schoolguard.node.probes import State, Verdict
from schoolguard.node.year_days import KindOfDay, kind_of
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.safe_search import YouTube
from schoolguard.policy.window import DAY_MINUTES, clock

STATES: Mapping[State, tuple[str, str]] = {
    State.OPEN: ("✓", N_("open")),
    State.SAFE: ("◐", N_("safe")),
    State.LIMITED: ("◔", N_("limited")),
    State.CLOSED: ("✗", N_("closed")),
}
"""A sign and a word for each state."""

LEVELS: Mapping[YouTube, str] = {YouTube.MODERATE: N_("moderate"), YouTube.STRICT: N_("strict")}

KINDS: Mapping[KindOfDay, str] = {
    KindOfDay.SCHOOL: N_("school days"),
    KindOfDay.MAKE_UP: N_("make-up days"),
    KindOfDay.EXAM: N_("exam days"),
    KindOfDay.WEEKEND: N_("weekends"),
    KindOfDay.HOLIDAY: N_("public holidays"),
    KindOfDay.TET: N_("Tết holidays"),
    KindOfDay.BREAK: N_("days between terms"),
    KindOfDay.SUMMER: N_("summer holidays"),
    KindOfDay.UNKNOWN: N_("days that no school year covers"),
}

EVE, NO_EVE = N_("lessons the next day"), N_("no lessons the next day")
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))

TRIAL = "*"
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_DATES = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Words:
    """The page's two languages; ``vi`` is the table's."""

    vi: Translate
    en: Translate

    def both(self, msgid: str, /, **values: object) -> str:
        """Return a message in Vietnamese, then in English."""
        one, other = self.vi(msgid).format(**values), self.en(msgid).format(**values)
        return one if one == other else f"{one} / {other}"


def cell_text(verdicts: Iterable[Verdict], translate: Translate) -> str:
    """Return what a cell says of verdicts that people see as one: ``✗ closed``, ``◐ safe (strict)``."""
    found = list(verdicts)
    sign, word = STATES[found[0].state]
    return f"{sign} {translate(word)}{detail_text(found, translate)}"


def detail_text(verdicts: Iterable[Verdict], translate: Translate) -> str:
    """Return what stands behind the state: a budget's minutes, YouTube's level, a mark for a trial."""
    _ = translate
    found = list(verdicts)
    details = []
    if found[0].budget is not None:
        details.append(_("{minutes} minutes a day").format(minutes=found[0].budget.minutes))
    if found[0].level is not YouTube.OFF:
        details.append(_(LEVELS[found[0].level]))
    text = f" ({', '.join(details)})" if details else ""
    return text + (TRIAL if any(each.trial for each in found) else "")


def superscript(numbers: Iterable[int]) -> str:
    """Return the numbers of notes as they stand behind a word."""
    return "".join(f" {str(number).translate(_SUPERSCRIPT)}" for number in sorted(set(numbers)))


def hours_text(start: int, end: int, translate: Translate) -> str:
    """Return minutes of a day as ``07:00–11:30``."""
    _ = translate
    if (start, end) == (0, DAY_MINUTES):
        return _("all day")
    return f"{clock(start)}–{clock(end if end <= DAY_MINUTES else end - DAY_MINUTES)}"


def day_text(day: date) -> str:
    """Return a day as people in Viet Nam write it."""
    return f"{day.day}/{day.month}/{day.year}"


def number_text(number: float) -> str:
    """Return a number with a thin gap between thousands; a part of an hour has one decimal."""
    text = f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")


def days_text(days: Sequence[date], all_days: Sequence[date], calendar: Calendar, _: Translate) -> str:
    """Return which of all days these are: ``school days, weekends (Sun)``."""
    kinds = {day: kind_of(calendar, day) for day in all_days}
    texts = []
    for kind in KindOfDay:
        wanted = frozenset(day for day in days if kinds[day] is kind)
        if wanted:
            of_kind = [day for day in all_days if kinds[day] is kind]
            texts.append(_(KINDS[kind]) + _which(wanted, of_kind, calendar, _))
    text = "; ".join(texts)
    return text[:1].upper() + text[1:]


def _which(wanted: frozenset[date], of_kind: Sequence[date], calendar: Calendar, _: Translate) -> str:
    """Return what sets the wanted days apart from others of their kind, in the fewest words."""
    eves = {calendar.is_school_day(day + _DAY) for day in wanted}
    weekdays = sorted({day.weekday() for day in wanted})
    by_eve = f", {_(EVE if True in eves else NO_EVE)}"
    by_weekday = f" ({_weekdays(weekdays, _)})"
    like = {day for day in of_kind if calendar.is_school_day(day + _DAY) in eves}
    same = {day for day in of_kind if day.weekday() in weekdays}
    for text, days in (
        ("", set(of_kind)),
        (by_eve, like),
        (by_weekday, same),
        (by_weekday + by_eve, same & like),
    ):
        if wanted == days:
            return text
    dates = ", ".join(f"{day.day}/{day.month}" for day in sorted(wanted)[:_MOST_DATES])
    return f" ({dates}{', …' if len(wanted) > _MOST_DATES else ''})"


def _weekdays(numbers: Sequence[int], _: Translate) -> str:
    """Return days of the week, three or more in a row as a span."""
    texts = []
    for _gap, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        names = [_(WEEKDAYS[number]) for _place, number in run]
        texts += [f"{names[0]}–{names[-1]}"] if len(names) > 2 else names
    return ", ".join(texts)
