"""The page on a school year: what each group can open when, for headmasters, in Vietnamese and English.

It must not decide, and it writes no file. The tables are in Vietnamese; a legend at the top has the English.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.language import N_
from schoolguard.node.probes import PROBES, Judge, State
from schoolguard.node.school_year import Days, spans
from schoolguard.node.year_dates import dates_table, windows_table
from schoolguard.node.year_days import group_year
from schoolguard.node.year_notes import Notes
from schoolguard.node.year_table import group_section
from schoolguard.node.year_words import (
    EVE,
    KINDS,
    LEVELS,
    NO_EVE,
    STATES,
    TRIAL,
    WEEKDAYS,
    Words,
    day_text,
    number_text,
)
from schoolguard.policy.model import School
from schoolguard.settings import Settings

_TITLE = N_("What each group can open, and when: a school year")
_HOW = N_(
    "Made by `schoolguard year` from the configuration and the lists: every hour of the year, and every "
    "change in between, by the plans that the gateway itself would use. Passes are not in it. Do not edit it "
    "by hand."
)
_READ = N_(
    "What is the same all the year stands above each table, what changes stands in it. The small numbers "
    "lead to the notes below the tables: why, and who decided."
)
_MEANING = {
    State.OPEN: N_("can be opened"),
    State.SAFE: N_("opens in the safe form that the site itself offers (YouTube: strict or moderate)"),
    State.LIMITED: N_("open until the minutes of the day are used up"),
    State.CLOSED: N_("cannot be opened"),
}
_WHY, _DATES, _WINDOWS = N_("Why, and who decided"), N_("Dates of the year"), N_("Windows of the day")
_ON_TRIAL = N_("a rule or category on trial would turn it; now it is only counted")


def year_page(settings: Settings, years: Iterable[tuple[School, Days]], judge: Judge, words: Words) -> str:
    """Return the page on some schools as Markdown, each with the days to tell of."""
    parts = [*_top(words)]
    for school, days in years:
        parts += _school(settings, school, days, judge, words)
    return "\n".join(parts).rstrip() + "\n"


def _top(words: Words) -> Iterator[str]:
    yield f"# {words.both(_TITLE)}\n"
    for say in (words.vi, words.en):
        yield f"{say(_HOW)}\n\n{say(_READ)}\n"
    heads = [words.both(head) for head in (N_("in the tables"), N_("meaning"))]
    yield "| " + " | ".join(heads) + " |\n| --- | --- |"
    for state, (sign, word) in STATES.items():
        yield f"| {sign} {words.both(word)} | {words.both(_MEANING[state])} |"
    yield f"| {TRIAL} | {words.both(_ON_TRIAL)} |\n"
    terms = [*KINDS.values(), EVE, NO_EVE, *LEVELS.values(), *WEEKDAYS, *_LABELS]
    yield (
        "; ".join(f"{words.vi(term)} = {words.en(term)}" for term in terms if words.vi(term) != term) + ".\n"
    )


_LABELS = tuple(probe.label for probe in PROBES)


def _school(settings: Settings, school: School, days: Days, judge: Judge, words: Words) -> Iterator[str]:
    year = tuple(spans(school, settings.engines, days))
    notes = Notes(settings, school)
    yield f"## {school.name}\n"
    count = len(list(days))
    total = words.both(N_("{days} days, {hours} hours"), days=count, hours=number_text(count * 24))
    yield f"`{school.id}`, {school.commune}, {day_text(days.first)} – {day_text(days.last)}: {total}\n"
    for place, group in enumerate(school.groups):
        yield from group_section(school, group, group_year(year, place, judge), notes, words)
    yield f"### {words.both(_WHY)}\n"
    yield from notes.lines(words)
    if school.timetable is not None:
        yield f"\n### {words.both(_DATES)}\n"
        yield from dates_table(school.timetable.calendar, days, words)
        yield f"\n### {words.both(_WINDOWS)}\n"
        yield from windows_table(school.timetable, year, words)
    yield ""
