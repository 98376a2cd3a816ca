"""The example schools through a whole school year, hour by hour, from their configuration alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import yaml

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.dns.names import search_key
from schoolguard.language import Said
from schoolguard.node.probes import PROBES, Judge, Probe, State, Verdict
from schoolguard.node.school_year import HOUR, Days, spans, year_at
from schoolguard.policy.decide import Rank, decide
from schoolguard.policy.model import Group, School, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.safe_search import Engines, YouTube
from schoolguard.policy.timetable import day_of
from tests.node.example_year import PLACES, ROOT, ExampleYear, example_year, expectations

STEP = 15
"""Minutes in which the test goes through the year; every window of the examples begins and ends on one."""

FIRST_DAYS_OFF = (date(2027, 1, 30), date(2027, 2, 13))
"""Tết of 2027 (the first day is 6 February) with the seven days before and after that the province gives."""

HUNG_KINGS = date(2027, 4, 16)
"""The tenth of the third lunar month in 2027."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> ExampleYear:
    return example_year(tmp_path_factory.mktemp("year"))


ROWS = expectations()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[1]} {row[0]} {row[3]}" for row in ROWS])
def test_a_headmaster_finds_what_he_expects(year: ExampleYear, row: list[str]) -> None:
    *question, seen, rank = row
    verdict = year.verdict(*question)
    assert (shown(verdict), verdict.decision.rank.name) == (seen, rank), verdict.decision


def shown(verdict: Verdict) -> str:
    if verdict.budget is not None:
        return f"{verdict.budget.minutes} min"
    return verdict.state.value if verdict.level is YouTube.OFF else verdict.level.value


def test_the_table_asks_about_every_school_and_every_probe() -> None:
    assert len(ROWS) >= 80
    assert {row[1] for row in ROWS} == {path.stem for path in (ROOT / "config/schools").glob("*.yaml")}
    assert {row[3] for row in ROWS} == set(PLACES)
    assert {row[4] for row in ROWS} == {"open", "safe", "strict", "moderate", "60 min", "closed"}


def test_every_hour_of_the_year_is_gone_through(year: ExampleYear) -> None:
    for simulated in year.schools.values():
        found, days = simulated.spans, simulated.days
        assert (days.first, days.last) == (date(2026, 9, 5), date(2027, 8, 31))
        assert (found[0].start, found[-1].end) == (days.begin, days.end)
        assert all(one.end == other.start for one, other in pairwise(found))
        hours = {span.start for span in found if span.start % HOUR == 0}
        assert len(hours) == (days.end - days.begin) / HOUR == 361 * 24


def test_every_group_has_a_plan_at_every_hour(year: ExampleYear) -> None:
    for simulated in year.schools.values():
        for span in simulated.spans:
            assert span.windows is not None, day_of(span.start)
            assert len(span.plans) == len(simulated.school.groups)


def test_no_plan_changes_unless_it_was_foretold(year: ExampleYear) -> None:
    changes = 0
    for simulated in year.schools.values():
        for before, after in pairwise(simulated.spans):
            if (before.windows, before.plans) != (after.windows, after.plans):
                assert after.due, day_of(after.start)
                changes += 1
    assert changes > 3_000


def test_each_plan_is_the_one_of_its_windows(year: ExampleYear) -> None:
    for simulated, place, group in year.groups():
        firsts = {(span.windows, id(span.plans[place])): span for span in reversed(simulated.spans)}
        assert len(firsts) == len({span.windows for span in firsts.values()})
        for span in firsts.values():
            assert span.plans[place] == plan_of(group, year.settings.engines, span.start, span.windows)


def plans(year: ExampleYear) -> Iterator[tuple[Group, Plan]]:
    """Yield every plan that a group was under at some time, once."""
    for simulated, place, group in year.groups():
        found = {id(span.plans[place]): span.plans[place] for span in simulated.spans}
        yield from ((group, plan) for plan in found.values())


def test_what_is_sealed_is_closed_at_every_hour(year: ExampleYear) -> None:
    keys = [search_key(name) for probe in PROBES for name in probe.names]
    masks = [bit | more for bit in bits(SEALED) for more in (0, ALLOWED, NEVER_BLOCK)]
    for group, plan in plans(year):
        for key in keys:
            for mask in masks:
                decision = decide(plan, key, mask)
                assert decision.blocked, (group.name, key)
                assert decision.rank is Rank.SEALED


def bits(mask: int) -> list[int]:
    return [1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def test_the_safety_net_is_open_at_every_hour(year: ExampleYear) -> None:
    lines = (ROOT / "blocklists/never-block.txt").read_text(encoding="utf-8").splitlines()
    names = [name for line in lines if (name := line.partition("#")[0].strip())]
    asked = [(key, year.masks(key)) for key in map(search_key, names)]
    assert len(asked) > 250
    for group, plan in plans(year):
        closed = [key for key, mask in asked if decide(plan, key, mask).blocked]
        assert not closed, group.name


def test_betting_and_adult_sites_are_closed_for_all_at_every_hour(year: ExampleYear) -> None:
    for group, plan in plans(year):
        verdicts = year.judge.verdicts(plan)
        for probe in ("betting", "adult"):
            assert verdicts[PLACES[probe]].state is State.CLOSED, group.name


def test_staff_are_never_under_a_pupils_plan(year: ExampleYear) -> None:
    pupils = {plan for group, plan in plans(year) if group.tier.name != "staff"}
    staff = {plan for group, plan in plans(year) if group.tier.name == "staff"}
    assert pupils
    assert staff
    assert not pupils & staff
    for plan in staff:
        assert not plan.exams
        assert not plan.safe_search.demanded


def test_windows_are_open_as_long_as_the_calendar_says(year: ExampleYear) -> None:
    for id, simulated in year.schools.items():
        hours: Counter[str] = Counter()
        for span in simulated.spans:
            for window in span.windows or ():
                hours[window] += int(span.end - span.start)
        assert {name: seconds / HOUR for name, seconds in hours.items()} == counted(id)


def counted(id: str) -> dict[str, float]:
    """Return how many hours each window of a school is open, told from nothing but the YAML and the moon."""
    province, school = tree("province.yaml"), tree(f"schools/{id}.yaml")
    communes = [tree(f"communes/{path.name}") for path in (ROOT / "config/communes").glob("*.yaml")]
    own = [each for each in communes if each["commune"]["name"] == school["school"]["commune"]]
    layers = [province, *own, school]
    calendars = [each.get("calendar", {}) for each in layers]
    windows = [window for each in layers for window in each.get("windows", [])]
    day, hours = date(2026, 9, 4), dict.fromkeys((window["name"] for window in windows), 0.0)
    while day <= date(2027, 8, 31):
        kinds = kinds_of(day, calendars)
        for window in windows:
            if kinds & set(window["days"]) and not kinds & set(window.get("except", [])):
                for span in window["hours"]:
                    hours[window["name"]] += sum(inside(day, minute) for minute in minutes(span)) * STEP / 60
        day += timedelta(days=1)
    return {name: count for name, count in hours.items() if count}


def tree(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    return loaded


def minutes(span: str) -> range:
    start, end = (int(hour) * 60 + int(minute) for hour, minute in (t.split(":") for t in span.split("-")))
    assert start % STEP == end % STEP == 0, "choose a finer STEP"
    return range(start, end if end > start else end + 1440, STEP)


def inside(day: date, minute: int) -> bool:
    return date(2026, 9, 5) <= day + timedelta(days=minute // 1440) <= date(2027, 8, 31)


def kinds_of(day: date, calendars: list[dict[str, Any]]) -> set[str]:
    made_up = any(day in each.get("make-up", []) for each in calendars)
    lessons = made_up or has_lessons(day, calendars)
    kinds = {"every-day", day.strftime("%a").lower(), "school-days" if lessons else "days-off"}
    if not made_up and is_holiday(day, calendars):
        kinds.add("holidays")
    if not made_up and day.weekday() >= 5:
        kinds.add("weekends")
    if any(e["from"] <= day <= e.get("to", e["from"]) for each in calendars for e in each.get("exams", [])):
        kinds.add("exam-days")
    next_day = day + timedelta(days=1)
    if any(next_day in each.get("make-up", []) for each in calendars) or has_lessons(next_day, calendars):
        kinds.add("before-school-days")
    return kinds


def has_lessons(day: date, calendars: list[dict[str, Any]]) -> bool:
    assert not any("weekdays" in each for each in calendars), "this test takes Monday to Friday"
    terms = [term for each in calendars for year in each.get("years", []) for term in year["terms"]]
    in_term = any(term["from"] <= day <= term["to"] for term in terms)
    return in_term and day.weekday() < 5 and not is_holiday(day, calendars)


def is_holiday(day: date, calendars: list[dict[str, Any]]) -> bool:
    if FIRST_DAYS_OFF[0] <= day <= FIRST_DAYS_OFF[1]:
        return True
    for holiday in (each for calendar in calendars for each in calendar.get("holidays", [])):
        if "lunar" in holiday:
            assert holiday["lunar"] == "03-10", "write its day in the year 2027 into this test"
            if day == HUNG_KINGS:
                return True
        elif isinstance(first := holiday["from"], date):
            if first <= day <= holiday.get("to", first):
                return True
        elif first <= day.strftime("%m-%d") <= holiday.get("to", first):
            return True
    return False


NOWHERE = School(
    "th-x", "Trường X", "Xã X", "tieu-hoc", (Group("th-x", "Học sinh", Tier("tieu-hoc", "TH", "P", SEALED)),)
)


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-11-24", "2026-09-05"), ("2026-08-31", "2025-09-05"), ("2026-09-01", "2026-09-05")],
)
def test_a_school_without_a_calendar_has_the_usual_year(day: str, first: str) -> None:
    days = year_at(NOWHERE, date.fromisoformat(day))
    assert days == Days(date.fromisoformat(first), date(int(first[:4]) + 1, 8, 31))


def test_a_school_without_a_calendar_is_gone_through_too() -> None:
    found = list(spans(NOWHERE, Engines(), Days(date(2026, 9, 5), date(2026, 9, 6))))
    assert len(found) == 48
    assert {span.windows for span in found} == {frozenset()}
    assert len({span.plans for span in found}) == 1


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-09-05", "2026-09-04", "2026-09-04 lies before 2026-09-05"),
        ("2026-09-05", "2036-09-04", "too long: at most 800 days"),
    ],
)
def test_days_that_cannot_be_gone_through(first: str, last: str, message: str) -> None:
    with pytest.raises(Said, match=message):
        Days(date.fromisoformat(first), date.fromisoformat(last))


def test_the_days_that_a_year_begins_in_summer_belong_to_the_former_one(year: ExampleYear) -> None:
    school = year.schools["th-pa-tan"].school
    assert year_at(school, date(2027, 7, 1)) == year_at(school, date(2026, 9, 5))
    assert year_at(school, date(2027, 9, 1)).first == date(2027, 9, 6)


def test_a_probe_is_closed_when_any_of_its_names_is() -> None:
    blocked = {"com.chat.": 1 << 10}
    probe = Probe("x", "X", ("open.example", "chat.com"))
    judge = Judge(lambda key: blocked.get(key, 0), (probe,))
    assert judge.verdicts(Plan(blocked=SEALED | 1 << 10))[0].state is State.CLOSED
    assert judge.verdicts(Plan())[0].state is State.OPEN
