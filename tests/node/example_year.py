"""The example schools' year 2026-2027, simulated once, and the table of what a headmaster expects of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from schoolguard.config import load
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.snapshot import Snapshot
from schoolguard.node.probes import PROBES, Judge, Verdict
from schoolguard.node.school_year import Days, Span, spans, year_at
from schoolguard.policy.model import Group, School
from schoolguard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 24)
PLACES = {probe.id: place for place, probe in enumerate(PROBES)}


def at(text: str) -> float:
    """Return Unix seconds of ``Wed 2026-11-25 08:00``, Viet Nam's time; the day of the week must be right."""
    moment = datetime.strptime(f"{text} +0700", "%a %Y-%m-%d %H:%M %z")
    assert moment.strftime("%a") == text[:3], text
    return moment.timestamp()


@dataclass(frozen=True, repr=False)
class Simulated:
    """One school and its year."""

    school: School
    days: Days
    spans: tuple[Span, ...]

    @cached_property
    def _starts(self) -> list[float]:
        return [span.start for span in self.spans]

    def at(self, now: float) -> Span:
        """Return the span that an instant lies in."""
        assert self.days.begin <= now < self.days.end
        return self.spans[bisect_right(self._starts, now) - 1]

    def place(self, group: str) -> int:
        """Return the group's place."""
        return [each.name for each in self.school.groups].index(group)


@dataclass(frozen=True, repr=False)
class ExampleYear:
    """All schools of the example configuration, with its lists."""

    settings: Settings
    masks: Callable[[str], int]
    judge: Judge
    schools: dict[str, Simulated]

    def groups(self) -> list[tuple[Simulated, int, Group]]:
        """Return each group with its school and its place there."""
        return [
            (each, place, group)
            for each in self.schools.values()
            for place, group in enumerate(each.school.groups)
        ]

    def verdict(self, when: str, school: str, group: str, probe: str) -> Verdict:
        """Return what a group's plan made of a probe at a time."""
        simulated = self.schools[school]
        plan = simulated.at(at(when)).plans[simulated.place(group)]
        return self.judge.verdicts(plan)[PLACES[probe]]


def example_year(folder: Path) -> ExampleYear:
    """Return the year, with the lists compiled in ``folder``."""
    resolv_conf = folder / "resolv.conf"
    resolv_conf.write_text("nameserver 192.0.2.53\n")
    settings = load(ROOT / "config", resolv_conf=resolv_conf, cores=1, today=TODAY).settings
    masks = Snapshot.open(compile_lists(settings.lists, folder / "snapshot").path).mask
    schools = {}
    for school in settings.schools:
        days = year_at(school, TODAY)
        schools[school.id] = Simulated(school, days, tuple(spans(school, settings.engines, days)))
    return ExampleYear(settings, masks, Judge(masks), schools)


def expectations() -> list[list[str]]:
    """Return the rows of the table: when, school, group, probe, verdict, rank."""
    text = Path(__file__).with_name("year_expectations.txt").read_text(encoding="utf-8")
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line and line[0] != "#"]
    heading, *rest = rows
    assert heading == ["when", "school", "group", "probe", "verdict", "rank"]
    return rest
