"""A day's document and a standing document: only what k devices share, nothing that keeps a day back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schoolguard.feed.day import MOST_NAMES, MOST_SERVICES, day_document
from schoolguard.feed.documents import MOST_LISTS
from schoolguard.feed.model import Asked, Counted, ListVersion, Span
from schoolguard.feed.rules import Rules
from schoolguard.feed.schema import check
from schoolguard.feed.standing import reference, reference_of, standing_document
from tests.feed.school_day import BEGIN, SCHOOL, STANDING

PLAIN = Counted(SCHOOL, Span(3, BEGIN, BEGIN + 86_400, 86_400), {}, 57, {"thcs": 41, "staff": 13, "guest": 3})


def told(numbers: Counted) -> dict[str, Any]:
    found = day_document(numbers, STANDING, Rules())
    check(found)
    return found


def test_names_stand_there_only_of_k_devices_and_the_most_first() -> None:
    asked = (
        Asked("a.example", "games", 70, 6),
        Asked("b.example", "drugs", 900, 4),
        Asked("c.example", "ads", 9, 23),
    )
    found = told(replace(PLAIN, names=asked, services=(Asked("garena", "games", 70, 6),)))
    assert found["names"] == [
        {"what": "c.example", "cause": "ads", "devices": 20, "queries": 5},
        {"what": "a.example", "cause": "games", "devices": 5, "queries": 50},
    ]
    assert found["services"] == [{"what": "garena", "cause": "games", "devices": 5, "queries": 50}]
    assert "b.example" not in str(found)


def test_devices_are_of_the_tiers_that_are_told() -> None:
    found = told(PLAIN)
    assert found["tiers"] == {"thcs": 40, "staff": 10}
    assert found["devices"] == 50  # 55 of 57 would tell of a guest


def test_acts_are_multiples_of_k() -> None:
    found = told(replace(PLAIN, passes=12, unblock_requests=4, budgets_used_up=31))
    assert (found["passes"], found["budgets-used-up"]) == (10, 30)
    assert "unblock-requests" not in found


def test_no_more_names_than_a_document_takes() -> None:
    asked = tuple(Asked(f"{at}.example", "ads", 10, 10) for at in range(200))
    found = told(replace(PLAIN, names=asked, services=asked))
    assert (len(found["names"]), len(found["services"])) == (MOST_NAMES, MOST_SERVICES)


def test_a_name_of_odd_bytes_does_not_keep_the_day_back() -> None:
    """250 odd bytes are 1,000 characters in text; whoever forges five addresses can ask for them."""
    odd = tuple(
        Asked(name, "ads", 10, 10) for name in ("\\255" * 250, "", "a\x1b[2Jb.example", "\udc80.example")
    )
    found = told(replace(PLAIN, names=(*odd, Asked("\\255\\000.example", "ads", 10, 10))))
    assert [each["what"] for each in found["names"]] == ["\\255\\000.example"]


def test_the_reference_names_the_standing_document() -> None:
    found = standing_document(SCHOOL, STANDING)
    check(found)
    assert told(PLAIN)["standing"] == reference_of(found) == reference(SCHOOL, STANDING)
    assert reference(SCHOOL, replace(STANDING, groups=19)) != reference(SCHOOL, STANDING)
    turned = replace(STANDING, lists=STANDING.lists[::-1])
    assert reference(SCHOOL, turned) == reference(SCHOOL, STANDING)


def test_more_lists_than_fit_leave_the_smallest_out() -> None:
    many = tuple(ListVersion(f"{'l' * 90}{at}", "f" * 16, at, BEGIN) for at in range(MOST_LISTS + 50))
    found: dict[str, Any] = standing_document(SCHOOL, replace(STANDING, lists=many))
    check(found)
    assert {each["entries"] for each in found["lists"]} == set(range(50, MOST_LISTS + 50))
