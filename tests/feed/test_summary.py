"""A period's document: what is exact, what is coarse, and what nobody can take off."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.feed.documents import LATENCY_MILLISECONDS
from schoolguard.feed.model import Cell, Counted, Number, Span
from schoolguard.feed.rules import Rules
from schoolguard.feed.schema import check
from schoolguard.feed.summary import document
from schoolguard.resolver.counts import BOUNDS
from tests.feed.school_day import BEGIN, SCHOOL, STANDING, counted, school_day

SPAN = Span(7, BEGIN, BEGIN + 300, 300)
ALLOWED, ADS, DRUGS = (
    Cell("thcs", "allowed"),
    Cell("thcs", "blocked", "ads"),
    Cell("thcs", "blocked", "drugs"),
)
PLAIN = Counted(
    SCHOOL,
    SPAN,
    {
        ALLOWED: Number(4_321, 41),
        ADS: Number(987, 33),
        DRUGS: Number(200, 2),
        Cell("guest", "allowed"): Number(9, 3),
    },
    44,
    {"thcs": 41, "guest": 3},
    bypass={"alias": Number(77, 12), "canary": Number(40, 20)},
    shadow={"streaming": Number(33, 9), "social": Number(12, 2)},
    latency=(4_000, 1_000, 500, *(0,) * 11),
)


def told(numbers: Counted, rules: Rules | None = None) -> dict[str, Any]:
    found = document(numbers, STANDING, rules or Rules(), Random(1).getrandbits)
    check(found)
    return found


def test_what_k_devices_asked_is_exact_and_what_is_smaller_is_merged() -> None:
    assert told(PLAIN)["queries"] == {
        "thcs": {"blocked": {"ads+other": 987 + 29}},  # of 200 no more than one device's share, 987 / 33
        "thcs+other": {"outcomes": {"allowed+other": 4_321 + 9}},
    }


def test_what_overlaps_is_coarse_and_of_k_devices() -> None:
    found = told(PLAIN)
    assert found["bypass"] == {"alias": 50}  # the canary's are a cause of their own, and not told twice
    assert found["shadow"] == {"streaming": 20}
    assert found["latency"][:3] == [72, 90, 100]


def test_the_devices_are_those_of_the_tiers_that_are_told() -> None:
    """44 devices would be 40 with 3 guests or without; 45 would tell of a fifth guest beside 41."""
    assert told(PLAIN)["devices"] == 40
    assert told(replace(PLAIN, devices=46, by_tier={"thcs": 42, "guest": 4}))["devices"] == 40


def test_a_school_below_k_tells_no_number() -> None:
    small = replace(
        PLAIN, devices=4, by_tier={"thcs": 4}, cells={ALLOWED: Number(100, 4), ADS: Number(10, 1)}
    )
    found = told(replace(small, bypass={"alias": Number(9, 3)}, shadow={}))
    assert found.keys() & {"queries", "devices", "latency", "bypass", "shadow"} == set()


def test_lost_queries_are_never_told_too_few() -> None:
    assert told(replace(PLAIN, span=replace(SPAN, missing=3)))["missing"] == 5


def test_nothing_asked_is_a_document_too() -> None:
    assert told(Counted(SCHOOL, SPAN, {}, 0, {}))["sequence"] == 7


def test_the_bounds_of_latency_are_those_of_the_histogram() -> None:
    assert tuple(bound * 1_000 for bound in BOUNDS) == LATENCY_MILLISECONDS


def test_noise_keeps_the_form_and_changes_the_numbers() -> None:
    large = replace(
        PLAIN,
        devices=900,
        by_tier={"thcs": 900},
        cells={ALLOWED: Number(9_000, 800), ADS: Number(5_000, 700), DRUGS: Number(200, 2)},
    )
    rules = Rules(epsilon=Fraction(4))
    found = told(large, rules)
    assert found["noise"] == {"epsilon-thousandths": 4_000, "bound": 1}
    assert found["queries"].keys() == told(large)["queries"].keys()
    noisy = {told_again(large, rules, seed) for seed in range(20)}
    assert len(noisy) > 5
    assert all(abs(number - 5_001) < 60 for number in noisy)


def told_again(numbers: Counted, rules: Rules, seed: int) -> int:
    found: Any = document(numbers, STANDING, rules, Random(seed).getrandbits)
    return int(found["queries"]["thcs"]["blocked"]["ads+other"])


PERIODS = [
    counted(period, 1) for period in school_day(3, 3_600, {"thcs": 40, "staff": 6, "guest": 3}, hours=(3, 9))
]


@given(st.sampled_from(PERIODS), st.integers(1, 10**6), st.data())
@settings(max_examples=60)
def test_how_often_a_rare_thing_was_asked_is_nowhere(
    numbers: Counted, times: int, data: st.DataObject
) -> None:
    """Complementary disclosure, of the whole document: no number moves with what is hidden."""
    rare = [cell for cell, number in numbers.cells.items() if number.devices < 5]
    cell = data.draw(st.sampled_from(sorted(rare)))
    changed = replace(numbers, cells={**numbers.cells, cell: Number(times, numbers.cells[cell].devices)})
    absent = replace(numbers, cells={each: n for each, n in numbers.cells.items() if each != cell})
    inside, outside = numbers_of(told(changed)), numbers_of(told(absent))
    assert inside.keys() == outside.keys()
    moved = [abs(inside[place] - outside[place]) for place in inside if inside[place] != outside[place]]
    assert len(moved) <= 1
    assert sum(moved) <= max(
        number.queries // number.devices for number in numbers.cells.values() if number.devices
    )


def numbers_of(value: Any, place: str = "") -> dict[str, int]:
    if isinstance(value, dict):
        return {at: n for name in value for at, n in numbers_of(value[name], f"{place}.{name}").items()}
    if isinstance(value, list):
        return {at: n for i, each in enumerate(value) for at, n in numbers_of(each, f"{place}[{i}]").items()}
    return {place: value} if isinstance(value, int) else {}
