"""The page on the school year: up to date, true at every hour of the simulation, and readable."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schoolguard.cli import main
from schoolguard.language import translator
from schoolguard.node.probes import PROBES, State
from schoolguard.node.school_year import HOUR, Days, spans
from schoolguard.node.year_days import Block, GroupYear, KindOfDay, Row, face, group_year, kind_of
from schoolguard.node.year_page import year_page
from schoolguard.node.year_words import Words, days_text, hours_text, number_text
from schoolguard.policy.calendar import Calendar, SchoolYear, Term
from schoolguard.policy.holidays import Days as Span
from schoolguard.policy.holidays import MonthDay, Tet, Yearly
from schoolguard.policy.timetable import day_of, midnight
from tests.node.example_year import ROOT, ExampleYear, Simulated, example_year
from tests.site import Site

PAGE = ROOT / "config/YEAR.md"
REFRESH = "type: .venv/bin/python -m schoolguard year --from 2026-09-05 > YEAR.md; mv YEAR.md config/"
MOST_LINES = 110
"""Lines of a school's part: two screens."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> ExampleYear:
    return example_year(tmp_path_factory.mktemp("year"))


@pytest.fixture(scope="module")
def told(year: ExampleYear) -> list[tuple[Simulated, int, GroupYear]]:
    return [(each, place, group_year(each.spans, place, year.judge)) for each, place, _ in year.groups()]


def page(year: ExampleYear) -> str:
    years = [(each.school, each.days) for each in year.schools.values()]
    return year_page(year.settings, years, year.judge, Words(translator("vi"), translator("en")))


def test_the_page_is_what_configuration_and_code_say(year: ExampleYear) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(year), REFRESH


def test_each_school_is_on_two_screens() -> None:
    _top, *schools = PAGE.read_text(encoding="utf-8").split("\n## ")
    assert len(schools) == 3
    for text in schools:
        assert len(text.splitlines()) <= MOST_LINES, text[:40]


def test_each_number_in_a_table_has_its_note() -> None:
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    for text in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        marks = {word.translate(digits) for word in text.split() if word[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹"}
        numbers = {mark.strip(";|") for mark in marks}
        notes = {line.partition(".")[0] for line in text.splitlines() if line[:1].isdigit() and ". " in line}
        assert numbers == notes != set()


def test_every_day_stands_in_one_block(told: list[tuple[Simulated, int, GroupYear]]) -> None:
    for simulated, _place, group in told:
        days = [day for block in group.blocks for day in block.days]
        assert sorted(days) == list(simulated.days)


def test_the_hours_of_a_block_are_a_whole_day(told: list[tuple[Simulated, int, GroupYear]]) -> None:
    for _simulated, _place, group in told:
        for block in group.blocks:
            assert sum(row.end - row.start for row in block.rows) == 24 * 60
            assert all(one.end == other.start for one, other in zip(block.rows, block.rows[1:], strict=False))


def test_the_tables_say_at_every_hour_what_the_simulation_does(
    year: ExampleYear, told: list[tuple[Simulated, int, GroupYear]]
) -> None:
    for simulated, place, group in told:
        blocks = {day: block for block in group.blocks for day in block.days}
        for span in simulated.spans:
            day = day_of(span.start)
            row = row_at(blocks[day], int(span.start - midnight(day)) // 60)
            verdicts = year.judge.verdicts(span.plans[place])
            assert all(verdicts[probe] in row.verdicts[probe] for probe in range(len(PROBES)))
            for column in group.columns:
                for probe in column:
                    assert {face(each) for each in row.verdicts[probe]} == {face(verdicts[probe])}


def row_at(block: Block, minute: int) -> Row:
    (row,) = [row for row in block.rows if row.start <= minute < row.end or minute + 1440 < row.end]
    return row


def test_what_stands_in_no_column_is_the_same_all_the_year(
    told: list[tuple[Simulated, int, GroupYear]],
) -> None:
    for _simulated, _place, group in told:
        changing = {probe for column in group.columns for probe in column}
        for probe, verdicts in enumerate(group.verdicts):
            assert (len({face(verdict) for verdict in verdicts}) > 1) == (probe in changing)


def test_the_hours_of_all_states_are_those_of_the_spans(
    year: ExampleYear, told: list[tuple[Simulated, int, GroupYear]]
) -> None:
    for simulated, place, group in told:
        counted: Counter[tuple[int, State]] = Counter()
        for span in simulated.spans:
            for probe, verdict in enumerate(year.judge.verdicts(span.plans[place])):
                counted[probe, verdict.state] += int(span.end - span.start)
        hours = {(probe, state): h for probe, of in enumerate(group.hours) for state, h in of.items()}
        assert hours == {key: seconds / HOUR for key, seconds in counted.items()}


CALENDAR = Calendar(
    years=(
        SchoolYear(
            "2026–2027",
            (
                Term("I", date(2026, 9, 7), date(2026, 12, 18)),
                Term("II", date(2027, 1, 4), date(2027, 5, 28)),
            ),
        ),
    ),
    tet=Tet(7, 7),
    holidays=(Yearly("30/4", MonthDay(4, 30), MonthDay(5, 1)),),
    exams=(Span("thi", date(2026, 12, 14), date(2026, 12, 19)),),
    make_up=frozenset({date(2027, 2, 20)}),
)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-11-25", KindOfDay.SCHOOL),
        ("2026-11-28", KindOfDay.WEEKEND),
        ("2026-12-16", KindOfDay.EXAM),
        ("2026-12-19", KindOfDay.EXAM),
        ("2026-12-23", KindOfDay.BREAK),
        ("2027-02-06", KindOfDay.TET),
        ("2027-02-20", KindOfDay.MAKE_UP),
        ("2027-04-30", KindOfDay.HOLIDAY),
        ("2027-05-01", KindOfDay.HOLIDAY),
        ("2027-07-10", KindOfDay.SUMMER),
        ("2026-07-10", KindOfDay.SUMMER),
        ("2027-09-10", KindOfDay.UNKNOWN),
    ],
)
def test_people_have_a_name_for_each_day(day: str, kind: KindOfDay) -> None:
    assert kind_of(CALENDAR, date.fromisoformat(day)) is kind


NOVEMBER = [date(2026, 11, 2) + timedelta(days=n) for n in range(28)]


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (NOVEMBER, "School days; weekends"),
        ([day for day in NOVEMBER if day.weekday() < 5], "School days"),
        ([day for day in NOVEMBER if day.weekday() < 4], "School days, lessons the next day"),
        (
            [day for day in NOVEMBER if day.weekday() in (4, 5)],
            "School days, no lessons the next day; weekends, ",
        ),
        ([day for day in NOVEMBER if day.weekday() in (1, 3)], "School days (Tue, Thu)"),
        ([day for day in NOVEMBER if day.weekday() < 3], "School days (Mon–Wed)"),
        ([date(2026, 11, 4), date(2026, 11, 10)], "School days (4/11, 10/11)"),
        ([day for day in NOVEMBER if day.weekday() == 6], "Weekends, lessons the next day"),
    ],
)
def test_alike_days_are_named_in_few_words(days: list[date], text: str) -> None:
    assert days_text(days, NOVEMBER, CALENDAR, str).startswith(text)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (0, 1440, "all day"),
        (420, 690, "07:00–11:30"),
        (1320, 1740, "22:00–05:00"),
        (1170, 1440, "19:30–24:00"),
    ],
)
def test_hours_are_written_as_on_a_timetable(start: int, end: int, text: str) -> None:
    assert hours_text(start, end, str) == text


def test_numbers_are_written_as_in_viet_nam() -> None:
    assert [number_text(each) for each in (84.0, 142.5, 8664)] == ["84", "142,5", "8\u202f664"]


def test_a_day_that_nobody_knows_has_the_strictest_plan(year: ExampleYear) -> None:
    simulated = year.schools["th-pa-tan"]
    unknown = tuple(spans(simulated.school, year.settings.engines, Days(date(2031, 9, 3), date(2031, 9, 3))))
    assert {span.windows for span in unknown} == {None}
    group = group_year(unknown, simulated.place("Học sinh"), year.judge)
    youtube = next(place for place, probe in enumerate(PROBES) if probe.id == "youtube")
    assert {verdict.state for verdict in group.verdicts[youtube]} == {State.CLOSED}
    assert group.columns == ()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, 5300, 9153, upstreams=["127.0.0.1@5353"]).write()


def run(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["year", *arguments, "--config", str(site.config), "--language", "en"])


def test_the_command_prints_the_page(site: Site) -> None:
    result = run(site, "--from", "2026-11-23", "--to", "2026-11-29")
    assert result.exit_code == 0, result.output
    assert "23/11/2026 – 29/11/2026: 7 ngày, 168 giờ / 7 days, 168 hours" in result.output
    assert not (site.state / "snapshots").exists(), "the running gateway's lists are left alone"


def test_the_command_tells_of_the_present_school_year(site: Site) -> None:
    result = run(site, "--school", "thu-nghiem")
    assert result.exit_code == 0, result.output
    assert result.output.count("\n## ") == 1
    assert re.search(r"5/9/20\d\d – 31/8/20\d\d: ", result.output)


def test_the_command_says_why_there_are_no_lists(site: Site) -> None:
    site.lists = {name: [] for name in site.lists}
    result = run(site.write())
    assert result.exit_code == 1
    assert "no blocking list has any entry" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--school", "th-zzz"], "no school 'th-zzz'; known are: "),
        (["--from", "2026-11-23", "--to", "2026-11-22"], "2026-11-22 lies before 2026-11-23"),
    ],
)
def test_the_command_says_what_is_wrong(site: Site, arguments: list[str], message: str) -> None:
    result = run(site, *arguments)
    assert result.exit_code == 1
    assert message in result.output
