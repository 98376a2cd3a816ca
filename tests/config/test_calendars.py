"""The sections `calendar` and `windows`: what is read, what is said of what is wrong, layers on layers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.config import calendar_keys as keys
from schoolguard.config.calendars import calendar_of
from schoolguard.config.files import rows
from schoolguard.config.finding import At, Collector, Finding, Mark, Severity
from schoolguard.config.nodes import read_nodes
from schoolguard.config.timetables import timetable_of, windows_of
from schoolguard.config.types import Fields, Section
from schoolguard.policy.calendar import Calendar, DayKind
from schoolguard.policy.holidays import ByMoon, Days, MonthDay, Tet, Yearly
from schoolguard.policy.timetable import VIETNAM, Timetable
from schoolguard.policy.window import Hours, Window

TODAY = date(2026, 11, 24)
LAYER = Section((keys.CALENDAR, keys.WINDOWS))
ERROR, WARNING = Severity.ERROR, Severity.WARNING

RIGHT = """\
calendar:
  weekdays: [mon, tue, wed, thu, fri]
  years:
    - name: 2026–2027
      terms:
        - {name: Học kỳ I, from: 2026-09-07, to: 2027-01-16}
        - {name: Học kỳ II, from: 2027-01-18, to: 2027-05-28}
  tet: {before: 7, after: 7}
  holidays:
    - {name: Quốc khánh, from: 09-02}
    - {name: Giải phóng và Lao động, from: 04-30, to: 05-01}
    - {name: Nhà giáo Việt Nam, from: 2026-11-20, to: "2026-11-20"}
    - {name: Giỗ Tổ Hùng Vương, lunar: 03-10}
  exams:
    - {name: Thi học kỳ I, from: 2026-12-21, to: 2026-12-26}
    - {name: Thi thử, from: 2027-03-10}
  make-up: [2027-02-27]
windows:
  - {name: gio-hoc-sang, label: Giờ học buổi sáng, days: [school-days], hours: ["07:00-11:30"]}
  - {name: toi-noi-tru, days: [before-school-days], except: [exam-days], hours: [19:00-21:30]}
  - {name: dem, days: [every-day], hours: ["22:00-05:30"]}
  - {name: chu-nhat, days: [sun, holidays], hours: ["00:00-24:00"]}
"""
HEAD = RIGHT.split("windows:", maxsplit=1)[0]


class Read(NamedTuple):
    """One layer read alone, or below another."""

    calendar: Calendar
    timetable: Timetable
    windows: tuple[At[Window], ...]
    findings: tuple[Finding, ...]


def read(text: str, *, above: Read | None = None, today: date = TODAY, name: str = "s.yaml") -> Read:
    """Return a layer's text as a school's calendar and timetable, with all that was said of it."""
    out = Collector()
    node = read_nodes(text, name, out)
    assert node is not None, out.all()
    fields: Fields = LAYER.read(node, out)
    section = fields.section(keys.CALENDAR)
    calendar = calendar_of(section, above.calendar if above else None, today, out)
    windows = windows_of(fields.given(keys.WINDOWS), above.windows if above else (), out)
    timetable = timetable_of(windows, calendar, today, section.mark, out)
    return Read(calendar, timetable, windows.all, out.all())


def test_a_right_layer_is_read_without_a_word() -> None:
    found = read(RIGHT)
    assert [str(finding) for finding in found.findings] == []
    calendar = found.calendar
    assert [str(term.first) for term in calendar.years[0].terms] == ["2026-09-07", "2027-01-18"]
    assert calendar.tet == Tet(7, 7)
    assert calendar.holidays == (
        Yearly("Quốc khánh", MonthDay(9, 2), MonthDay(9, 2)),
        Yearly("Giải phóng và Lao động", MonthDay(4, 30), MonthDay(5, 1)),
        Days("Nhà giáo Việt Nam", date(2026, 11, 20), date(2026, 11, 20)),
        ByMoon("Giỗ Tổ Hùng Vương", 3, 10),
    )
    assert calendar.exams[1] == Days("Thi thử", date(2027, 3, 10), date(2027, 3, 10))
    assert calendar.make_up == {date(2027, 2, 27)}
    assert calendar.weekdays is not None
    assert {str(day) for day in calendar.weekdays} == {"mon", "tue", "wed", "thu", "fri"}
    every = {at.value.name: at.value for at in found.windows}
    assert every["gio-hoc-sang"].label == "Giờ học buổi sáng"
    assert every["toi-noi-tru"].label == "toi-noi-tru"
    assert every["toi-noi-tru"].excepting == {DayKind.EXAM_DAY}
    assert (every["dem"].hours, every["chu-nhat"].hours) == ((Hours(1320, 1770),), (Hours(0, 1440),))


def test_the_evening_before_tet_ends() -> None:
    table = read(RIGHT).timetable
    evening = datetime(2027, 2, 14, 20, 30, tzinfo=VIETNAM).timestamp()
    assert table.open_at(evening) == {"toi-noi-tru", "chu-nhat"}
    assert table.open_at(evening - 86_400) == {"chu-nhat"}  # Saturday, a holiday


class Case(NamedTuple):
    """One change to the right layer, and what must be said of which line."""

    old: str
    new: str
    line: int
    words: str
    suggestion: str | None = None
    severity: Severity = ERROR


TO_I, FROM_II = "to: 2027-01-16", "from: 2027-01-18"
EXAMS = "{name: Thi học kỳ I, from: 2026-12-21, to: 2026-12-26}"
NIGHT = 'name: dem, days: [every-day], hours: ["22:00-05:30"]'
MORNING = '["07:00-11:30"]'

WRONG = [
    Case("2027-02-27", "2027-02-29", 17, "there is no such day"),
    Case("2027-02-27", "2027-13-02", 17, "there is no such day", "2027-02-13"),
    Case("2027-02-27", "27/2/2027", 17, "a date belongs here", "2027-02-27"),
    Case("2027-02-27", "2027-2-27", 17, "a date belongs here", "2027-02-27"),
    Case("2027-02-27", "27-02-2027", 17, "a date belongs here", "2027-02-27"),
    Case("2027-02-27", "1927-02-27", 17, "this year is out of range"),
    Case("[2027-02-27]", "2027-02-27", 17, "a list belongs here", "[2027-02-27]"),
    Case("from: 09-02", "from: 2/9", 10, "month and day for every year", "09-02"),
    Case("from: 09-02", "from: 2-9", 10, "month and day for every year", "09-02"),
    Case("from: 04-30", "from: 30-04", 11, "there is no such day", "04-30"),
    Case("from: 04-30", "from: 2026-04-30", 11, "must both have a year or both have none"),
    Case("from: 04-30", "from: 05-02", 11, "there are 366 days, at most 120"),
    Case('to: "2026-11-20"', "to: 2026-11-02", 12, "`to` (2026-11-02) is before `from` (2026-11-20)"),
    Case('to: "2026-11-20"', "to: 2027-11-20", 12, "there are 366 days, at most 120"),
    Case("lunar: 03-10", "lunar: 10/3", 13, "a day of the lunar year", "03-10"),
    Case("lunar: 03-10", "lunar: 03-31", 13, "a day of the lunar year"),
    Case("lunar: 03-10", "lunar: 03-10, from: 04-16", 13, "either `lunar` or `from`"),
    Case(", lunar: 03-10", "", 13, "a holiday needs the day"),
    Case("before: 7", "before: 70", 8, "too small or too large"),
    Case("[mon, tue,", "[mon, tues,", 2, "not one of the words", "tue"),
    Case(TO_I, "to: 2026-01-16", 6, "this term ends (2026-01-16) before it begins (2026-09-07)"),
    Case(FROM_II, "from: 2027-01-16", 7, "this term overlaps Học kỳ I (line 6)"),
    Case("from: 2026-09-07, " + TO_I, "from: 2027-06-07, to: 2027-07-16", 7, "write terms in order"),
    Case("to: 2027-05-28", "to: 2072-05-28", 4, "more than a year: is a date wrong?"),
    Case("      terms:", "      termes:", 5, "unknown key", "terms"),
    Case("to: 2026-12-26", "to: 2026-12-06", 15, "`to` (2026-12-06) is before `from` (2026-12-21)"),
    Case("name: dem,", "name: Giờ đêm,", 21, "small letters, digits and hyphens", "gio-dem"),
    Case("name: dem,", "name: toi-noi-tru,", 21, "another window has this name, in line 20"),
    Case(MORNING, '["7h-11h30"]', 19, "hours belong here", "07:00-11:30"),
    Case(MORNING, '["7:00 - 11:30"]', 19, "hours belong here", "07:00-11:30"),
    Case(MORNING, '["từ 7 giờ đến 11 giờ 30"]', 19, "hours belong here", "07:00-11:30"),
    Case(MORNING, '["7g30–11g"]', 19, "hours belong here", "07:30-11:00"),
    Case(MORNING, '["07.00-11.30"]', 19, "hours belong here", "07:00-11:30"),
    Case(MORNING, '["7h-25h"]', 19, "hours belong here"),
    Case(MORNING, '["24:00-05:00"]', 19, "hours belong here"),
    Case(MORNING, '["07:00-07:00"]', 19, "end when they begin", "00:00-24:00"),
    Case(MORNING, '"07:00-11:30"', 19, "a list belongs here", "[07:00-11:30]"),
    Case(MORNING, "[]", 19, "the list is empty"),
    Case("[school-days]", "[school-day]", 19, "not one of the words", "school-days"),
    Case("[every-day]", "[every-day], except: [every-day]", 21, "`except` takes away every kind"),
    Case("[every-day]", "[mon], except: [every-day]", 21, "`except` takes away every kind"),
    Case("[every-day]", "[mon], except: [school-days, days-off]", 21, "this window never opens"),
    Case("[every-day]", "[every-day], except: [mon, tue, wed, thu, fri, sat, sun]", 21, "never opens"),
    Case("days: [every-day]", "on: [every-day]", 21, "unknown key"),
]

ODD = [
    Case(TO_I, "to: 2026-12-23", 15, "this exam lies outside the terms: 2026-12-26"),
    Case("from: 2027-03-10", "from: 2027-06-10", 16, "this exam lies outside the terms: 2027-06-10"),
    Case("2027-02-27", "2027-02-26", 17, "this day has lessons anyway"),
    Case("2027-02-27", "2028-02-27", 17, "this make-up day lies in no school year"),
    Case("2027-02-27", "2027-02-27, 2027-02-27", 17, "this day stands twice, first in line 17"),
    Case('2026-11-20, to: "2026-11-20"', "2028-11-20", 12, "this holiday lies in no school year"),
    Case(MORNING, '["07:00-11:30", "11:00-12:00"]', 19, "these hours overlap the window's 07:00-11:30"),
    Case('["22:00-05:30"]', '["22:00-05:30", "05:00-06:00"]', 21, "overlap the window's 22:00-05:30"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.new[:40])
def test_what_is_wrong_is_said(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", ODD, ids=lambda case: case.new[:40])
def test_what_is_odd_is_said(case: Case) -> None:
    check(case._replace(severity=WARNING))


def check(case: Case) -> None:
    assert RIGHT.count(case.old) == 1, case.old
    found = read(RIGHT.replace(case.old, case.new)).findings
    fitting = [f for f in found if f.line == case.line and case.words in str(f)]
    assert fitting, [str(finding) for finding in found]
    assert fitting[0].severity is case.severity
    assert case.suggestion in (None, fitting[0].suggestion)
    if case.severity is WARNING:
        assert len(found) == 1, [str(finding) for finding in found]


@pytest.mark.parametrize(
    "windows",
    ['[{name: dem, days: [sun], hours: ["22:00-08:00", "07:00-09:00"]}]', "[]"],
)
def test_what_is_right_after_all(windows: str) -> None:
    assert read(HEAD + f"windows: {windows}\n").findings == ()


def test_every_fault_is_said_at_once() -> None:
    text = RIGHT
    for case in (WRONG[0], WRONG[7], WRONG[14], *[c for c in WRONG if c.new.startswith('["7h-11')]):
        text = text.replace(case.old, case.new)
    assert {finding.line for finding in read(text).findings} == {10, 13, 17, 19}


def test_years_that_overlap() -> None:
    more = "    - {name: Lại, terms: [{name: I, from: 2027-05-01, to: 2027-12-31}]}\n  tet:"
    (found,) = read(RIGHT.replace("  tet:", more, 1)).findings
    assert (found.line, found.severity) == (8, ERROR)
    assert "this school year overlaps 2026–2027 (line 4)" in str(found)


@pytest.mark.parametrize("today", [date(2026, 5, 31), date(2027, 9, 1), date(2030, 1, 1)])
def test_a_calendar_without_the_current_year(today: date) -> None:
    """No error: the clock may be wrong, and a gateway must start after a power cut with a dead battery."""
    findings = read(RIGHT, today=today).findings
    assert [f for f in findings if f.severity is ERROR] == []
    (found,) = [f for f in findings if f"no school year covers today, {today}" in str(f)]
    assert "gio-hoc-sang, toi-noi-tru" in str(found)
    first = today.year if today.month >= 6 else today.year - 1
    assert f"from: {first}-09-05" in str(found.accepted)


def test_what_to_add_is_right_when_added() -> None:
    (accepted,) = {f.accepted for f in read(RIGHT, today=date(2027, 9, 1)).findings if f.accepted}
    text = RIGHT.replace("  tet:", f"    - {accepted}\n  tet:", 1)
    assert read(text, today=date(2027, 9, 1)).findings == ()


def test_a_calendar_that_is_over_matters_less_when_no_window_needs_it() -> None:
    text = HEAD + 'windows: [{name: dem, days: [every-day], hours: ["22:00-05:30"]}]\n'
    (found,) = read(text, today=date(2027, 9, 1)).findings
    assert found.severity is WARNING
    assert "is over since 2027-08-31" in str(found)


def test_without_any_section_nothing_is_said() -> None:
    found = read("{}")
    assert found.findings == ()
    assert found.calendar == Calendar()
    assert found.timetable.names == frozenset()


def test_a_window_that_needs_a_year_where_no_layer_has_one() -> None:
    text = 'windows:\n  - {name: a, days: [school-days], hours: ["07:00-08:00"]}\n'
    (found,) = read(text).findings
    assert "no school year covers today, 2026-11-24" in str(found)
    assert "these windows need: a;" in str(found)


ABOVE = """\
calendar:
  years: [{name: 2026–2027, terms: [{name: I, from: 2026-09-07, to: 2027-05-28}]}]
  tet: {before: 7, after: 7}
  holidays: [{name: Quốc khánh, from: 09-02}]
windows:
  - {name: gio-hoc, days: [every-day], hours: ["07:00-11:30"]}
"""


def test_a_school_below_a_province() -> None:
    above = read(ABOVE, name="province.yaml")
    assert above.findings == ()
    text = """\
calendar:
  holidays: [{name: Ngày hội, from: 2026-12-10}]
windows: [{name: tu-hoc, days: [before-school-days], hours: ["19:00-21:00"]}]
"""
    found = read(text, above=above)
    assert found.findings == ()
    assert found.timetable.names == {"gio-hoc", "tu-hoc"}
    assert [holiday.name for holiday in found.calendar.holidays] == ["Quốc khánh", "Ngày hội"]
    assert DayKind.HOLIDAY in found.calendar.kinds(date(2026, 12, 10))


def test_a_layer_below_cannot_have_a_window_of_a_name_above() -> None:
    text = '\nwindows: [{name: gio-hoc, days: [sun], hours: ["07:00-07:01"]}]\n'
    found = read(text, above=read(ABOVE, name="province.yaml"))
    (finding,) = found.findings
    assert finding.line == 2
    assert "a higher layer (province.yaml, line 6) has a window of this name" in str(finding)
    assert found.timetable.windows[0].on == {DayKind.EVERY_DAY}


def test_a_window_above_that_never_opens_here_is_no_fault_of_the_school() -> None:
    above = read(ABOVE.replace("every-day", "exam-days"), name="province.yaml")
    assert ["never opens" in str(finding) for finding in above.findings] == [True]
    assert read("{}", above=above).findings == ()


def test_the_order_of_windows_does_not_matter() -> None:
    head, tail = RIGHT.split("windows:\n")
    turned = head + "windows:\n" + "".join(reversed(tail.splitlines(keepends=True)))
    assert read(turned).timetable == read(RIGHT).timetable


def test_the_schema_accepts_what_is_right_as_yaml_1_1_reads_it() -> None:
    jsonschema.Draft202012Validator(LAYER.schema()).validate(yaml.safe_load(RIGHT))


SEEN_BY_EDITORS = ["27/2/2027", "2027-2-27", "2/9", "10/3", "tues", "Giờ đêm", "7h-11h30", "7:00 - 11:30"]


@pytest.mark.parametrize("new", SEEN_BY_EDITORS)
def test_the_schema_refuses_what_editors_can_see_to_be_wrong(new: str) -> None:
    case = next(case for case in WRONG if new in case.new)
    tree = yaml.safe_load(RIGHT.replace(case.old, case.new))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(LAYER.schema()).validate(tree)


WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["09-02", "2026-11-20", "2027-02-29", "07:00-11:30", "22:00-05:30", "mon", "every-day"]),
    st.sampled_from(["school-days", "7h-11h", "٠٧:٠٠-١١:٣٠", "٢٠٢٦-٠٩-٠٥", "10/3", "²-³", "0000-00-00"]),
    st.from_regex(r"[0-9]{1,4}[-/][0-9]{1,2}([-/][0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}[:h][0-9]{0,2} ?[-–] ?[0-9]{1,2}[:h][0-9]{0,2}", fullmatch=True),
    st.integers(-(10**6), 10**6),
    st.none(),
)
PATHS = sorted({part for row in rows(LAYER) for part in row.path.replace("[]", "").split(".")})
TREES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(PATHS), inner, max_size=5)
    ),
    max_leaves=25,
)


def replaced(tree: Any, spot: int, value: object) -> Any:
    """Return the right layer's tree with its value number ``spot`` replaced."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for place in node if isinstance(node, dict) else range(len(node)):
            places.append((node, place))
            if isinstance(node[place], dict | list):
                walk(node[place])

    walk(tree)
    node, place = places[spot % len(places)]
    node[place] = value
    return tree


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 200), TREES, st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_whatever_stands_there_is_read_or_said(spot: int, value: object, today: date) -> None:
    tree = replaced(yaml.safe_load(RIGHT), spot, value)
    text = yaml.safe_dump(tree, allow_unicode=True)
    found = read(text, today=today)
    assert all(str(finding).isprintable() for finding in found.findings)
    if not any(finding.severity is ERROR for finding in found.findings):
        jsonschema.Draft202012Validator(LAYER.schema()).validate(yaml.safe_load(text))
    assert found.timetable.next_change(1.8e9) > 1.8e9


@pytest.mark.parametrize("text", ["٢٠٢٦-٠٩-٠٥", "²-³"])
def test_only_plain_digits_make_a_date(text: str) -> None:
    out = Collector()
    node = read_nodes(f"calendar: {{make-up: ['{text}']}}", "x", out)
    assert node is not None
    LAYER.read(node, out)
    assert out.failures == 1
    assert out.all()[0].path == Mark("x", 1).path
