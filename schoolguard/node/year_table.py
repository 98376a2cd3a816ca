"""A group's part of the page on a school year: what is the same all the year, and the table of what changes.

It must not decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schoolguard.language import N_
from schoolguard.node.probes import PROBES, State, Verdict
from schoolguard.node.year_days import Block, GroupYear, Row, kind_of
from schoolguard.node.year_notes import Notes
from schoolguard.node.year_words import (
    STATES,
    Words,
    cell_text,
    days_text,
    detail_text,
    hours_text,
    number_text,
    superscript,
)
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.model import Group, School

_ALWAYS = {
    State.OPEN: N_("Always open"),
    State.SAFE: N_("Always in its safe form"),
    State.LIMITED: N_("Always within a time budget"),
    State.CLOSED: N_("Always closed"),
}
_DAYS, _HOURS, _IN_ALL = N_("days"), N_("hours"), N_("hours in the year")


def group_section(school: School, group: Group, year: GroupYear, notes: Notes, words: Words) -> Iterator[str]:
    """Yield the lines of a group's part."""
    tier = group.tier
    yield f"### {group.name} ({tier.label_vi} / {tier.label_en})\n"
    for state, always in _ALWAYS.items():
        texts = list(_constant(year, state, group, notes, words))
        if texts:
            yield f"- **{words.both(always)}:** {'; '.join(texts)}"
    yield ""
    if year.columns:
        yield from _table(school, group, year, notes, words)
        yield ""


def _constant(year: GroupYear, state: State, group: Group, notes: Notes, words: Words) -> Iterator[str]:
    varying = {place for column in year.columns for place in column}
    for place, verdicts in enumerate(year.verdicts):
        if place not in varying and next(iter(verdicts)).state is state:
            text = words.vi(PROBES[place].label) + detail_text(verdicts, words.vi)
            yield text + superscript(notes.numbers(verdicts, group.tier))


def _table(school: School, group: Group, year: GroupYear, notes: Notes, words: Words) -> Iterator[str]:
    _ = words.vi
    columns = ["; ".join(_(PROBES[place].label) for place in column) for column in year.columns]
    heads = [_(_DAYS), _(_HOURS), *columns]
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " --- |" * len(heads)
    calendar = school.timetable.calendar if school.timetable is not None else Calendar()
    all_days = sorted(day for block in year.blocks for day in block.days)

    def first_kind(block: Block) -> tuple[int, int]:
        return min(kind_of(calendar, day) for day in block.days), -len(block.days)

    for block in sorted(year.blocks, key=first_kind):
        label = f"**{days_text(block.days, all_days, calendar, _)}** ({len(block.days)})"
        for row in block.rows:
            cells = [_cell(row, column, group, notes, words) for column in year.columns]
            yield f"| {label} | {' | '.join([_when(row, school, group, words), *cells])} |"
            label = ""
    totals = [_total(year, column[0], words) for column in year.columns]
    yield f"| **{_(_IN_ALL)}** | | {' | '.join(totals)} |"


def _cell(row: Row, column: Sequence[int], group: Group, notes: Notes, words: Words) -> str:
    verdicts = frozenset[Verdict]().union(*(row.verdicts[place] for place in column))
    return cell_text(verdicts, words.vi) + superscript(notes.numbers(verdicts, group.tier))


def _when(row: Row, school: School, group: Group, words: Words) -> str:
    """Return the hours of a row, with those windows of the group's rules that are open throughout."""
    used = {name for rule in group.rules for name in rule.during}
    windows = school.timetable.windows if school.timetable is not None else ()
    labels = [window.label for window in windows if window.name in row.windows & used]
    return " ".join(
        [hours_text(row.start, row.end, words.vi), *([f"({'; '.join(labels)})"] if labels else [])]
    )


def _total(year: GroupYear, place: int, words: Words) -> str:
    return ", ".join(
        f"{words.vi(STATES[state][1])} {number_text(hours)}" for state, hours in year.hours[place].items()
    )
