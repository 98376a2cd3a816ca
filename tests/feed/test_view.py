"""A document for people: every number that is sent is shown, with words, and nothing writes on the screen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schoolguard.feed.day import day_document
from schoolguard.feed.rules import Rules
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.feed.view import lines
from tests.feed.school_day import SCHOOL, STANDING, counted, day_counted, school_day

PERIODS = list(school_day(1, 3_600, hours=(9,)))
SUMMARY: dict[str, Any] = document(counted(PERIODS[0], 7), STANDING, Rules())
DAY: dict[str, Any] = day_document(day_counted(PERIODS, 8), STANDING, Rules())
STATE: dict[str, Any] = standing_document(SCHOOL, STANDING)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("vietnamese", [False, True])
@pytest.mark.parametrize("found", [SUMMARY, DAY, STATE], ids=["summary", "day", "standing"])
def test_nothing_that_is_sent_is_hidden(found: dict[str, Any], vietnamese: bool) -> None:
    shown = " ".join(lines(found, vietnamese=vietnamese))
    words = set(re.split(r"[\s%,]+", shown))
    missing = [leaf for leaf in leaves(found) if str(leaf) not in words and not isinstance(leaf, bool)]
    assert [leaf for leaf in missing if str(leaf) not in shown] == []
    assert {leaf for leaf in missing if isinstance(leaf, int)} == set()


def test_members_are_said_in_the_readers_language() -> None:
    assert any(line.startswith("Số thiết bị đã hỏi") for line in lines(SUMMARY, vietnamese=True))
    assert any(line.startswith("Devices that asked") for line in lines(SUMMARY, vietnamese=False))


def test_a_newer_documents_members_are_shown_too() -> None:
    found = list(lines({"format": "schoolguard-summary/9", "new": {"thing": 3}}, vietnamese=False))
    assert found == ["format: schoolguard-summary/9", "new", "  thing: 3"]


def test_nothing_writes_on_the_screen() -> None:
    shown = "".join(
        lines({"format": "a\x1b[2J", "b\x1b]0;x": 1, "list": [{"c\x07": "d\x9b"}]}, vietnamese=False)
    )
    assert shown.isprintable()
