"""What rules a school may set, and that one query touches no more numbers than the noise reckons with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from schoolguard.feed.day import day_document
from schoolguard.feed.model import Asked, Cell, Counted, Number
from schoolguard.feed.rules import TOUCHED, Disclosure, Rules
from schoolguard.feed.summary import document
from tests.feed.school_day import STANDING, day_counted, school_day

NOISY = Rules(epsilon=Fraction(4))


@pytest.mark.parametrize(("k", "bound"), [(1, 1), (101, 1), (5, 0), (5, 1_001)])
def test_rules_that_hide_nothing_are_refused(k: int, bound: int) -> None:
    with pytest.raises(ValueError, match="not"):
        Rules(k=k, bound=bound)


@pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(1, 3), Fraction(101), Fraction(1, 2_000)])
def test_an_epsilon_that_no_document_can_state_is_refused(epsilon: Fraction) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        Rules(epsilon=epsilon)


def test_noise_without_random_bits_is_an_error() -> None:
    with pytest.raises(ValueError, match="random"):
        Disclosure(NOISY, None)


class Recorded(Disclosure):
    """Keeps each number that noise is added to."""

    def __init__(self) -> None:
        super().__init__(NOISY, Random(0).getrandbits)
        self.numbers: list[int] = []

    def deciding(self, devices: int) -> int:
        self.numbers.append(devices)
        return super().deciding(devices)

    def exact(self, number: int) -> int:
        self.numbers.append(number)
        return super().exact(number)

    def at_least(self, number: int) -> int:
        self.numbers.append(number)
        return super().at_least(number)

    def shares(self, counts: tuple[int, ...]) -> list[int]:
        self.numbers += counts
        return super().shares(counts)


def released(monkeypatch: pytest.MonkeyPatch, numbers: Counted, *, day: bool) -> Sequence[int]:
    recorded = Recorded()
    module = "day" if day else "summary"
    monkeypatch.setattr(f"schoolguard.feed.{module}.Disclosure", lambda *_: recorded)
    (day_document if day else document)(numbers, STANDING, NOISY, Random(0).getrandbits)
    return recorded.numbers


def more(numbers: Counted) -> Counted:
    """Return the counts with one query more, of one device more: blocked by an alias, on all lists."""

    def up(number: Number) -> Number:
        return Number(number.queries + 1, number.devices + 1)

    cell = Cell("thpt", "blocked", "ads")
    first = numbers.latency[0] + 1
    return replace(
        numbers,
        cells={**numbers.cells, cell: up(numbers.cells[cell])},
        devices=numbers.devices + 1,
        by_tier={**numbers.by_tier, "thpt": numbers.by_tier["thpt"] + 1},
        bypass={**numbers.bypass, "alias": up(numbers.bypass["alias"])},
        latency=(first, *numbers.latency[1:]),
        budgets_used_up=numbers.budgets_used_up + 1,
        names=tuple(map(_up, numbers.names)),
        services=tuple(map(_up, numbers.services)),
    )


def _up(asked: Asked) -> Asked:
    return asked._replace(queries=asked.queries + 1, devices=asked.devices + 1)


@pytest.mark.parametrize("day", [False, True])
def test_one_query_changes_no_more_numbers_than_the_noise_is_made_for(
    monkeypatch: pytest.MonkeyPatch, day: bool
) -> None:
    numbers = day_counted(school_day(1, 3_600, hours=(9,)), 1)
    large = {cell: number for cell, number in numbers.cells.items() if number.devices > 60}
    numbers = replace(
        numbers,
        cells=large,
        bypass={"alias": Number(500, 90)},
        shadow={},
        names=(Asked("a.example", "ads", 900, 300),),
        services=(Asked("tiktok", "short-video", 900, 300),),
    )
    without = released(monkeypatch, numbers, day=day)
    inside = released(monkeypatch, more(numbers), day=day)
    assert len(inside) == len(without)
    touched = sum(abs(one - other) for one, other in zip(inside, without, strict=True))
    assert touched == TOUCHED
