"""Documents for spreadsheets: every number a row, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from schoolguard.feed.day import day_document
from schoolguard.feed.rules import Rules
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.feed.table import Row, csv_text
from tests.feed.school_day import SCHOOL, STANDING, counted, day_counted, school_day

PERIODS = list(school_day(1, 3_600, hours=(9,)))
SUMMARY: dict[str, Any] = document(counted(PERIODS[0], 7), STANDING, Rules())
DAY: dict[str, Any] = day_document(day_counted(PERIODS, 8), STANDING, Rules())
STATE: dict[str, Any] = standing_document(SCHOOL, STANDING)


def rows(*documents: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(documents), newline="")))


def test_the_columns_stand_first() -> None:
    assert csv_text([]) == ",".join(Row._fields) + "\r\n"


def test_the_queries_of_a_period_add_up() -> None:
    told = sum(
        number
        for parts in SUMMARY["queries"].values()
        for numbers in parts.values()
        for number in numbers.values()
    )
    found = [row for row in rows(SUMMARY) if row["kind"] == "queries"]
    assert sum(int(row["number"]) for row in found) == told
    assert {row["sequence"] for row in found} == {"7"}
    assert {row["outcome"] for row in found} >= {"blocked", "local"}


@pytest.mark.parametrize("found", [SUMMARY, DAY], ids=["summary", "day"])
def test_every_number_is_a_row(found: dict[str, Any]) -> None:
    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(map(count, value.values()))
        return sum(map(count, value)) if isinstance(value, list) else type(value) is int

    of_the_head = 2  # the sequence and k stand beside every number
    assert len(rows(found)) == count(found) - of_the_head


def test_a_list_has_its_entries_and_when_it_changed() -> None:
    first = rows(STATE)[0]
    assert (first["kind"], first["what"], first["number"]) == ("list-entries", "list-1", "10000")
    assert first["begin"] == STATE["lists"][0]["changed"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    asked = {"what": name, "cause": "ads", "devices": 5, "queries": 5}
    found = rows({**DAY, "school": name, "names": [asked], "services": [asked]})
    assert {row["school"] for row in found} == {f"'{name}"}
    assert {row["what"] for row in found if row["kind"] == "names-queries"} == {f"'{name}"}


def test_a_negative_number_stays_a_number() -> None:
    found = rows({**SUMMARY, "queries": {"thcs": {"outcomes": {"allowed": -3}}}})
    assert [row["number"] for row in found if row["kind"] == "queries"] == ["-3"]
