"""Somebody who knows one pupil's habits finds nothing better than chance below k: the short form of the game.

``python -m tests.feed.reidentify`` plays the long one. Everything is seeded: the same game each time.
"""

from __future__ import annotations

from random import Random

import pytest

from schoolguard.feed.rules import Rules
from tests.feed.reidentify import (
    COMMON_OFTEN,
    RARE_OFTEN,
    RARE_ONCE,
    Days,
    Habit,
    feed,
    numbers,
    play,
    without_k,
)

RUNS = 40
CHANCE = 0.25
"""The half width of the 95 % interval of 80 guesses is 0.22."""


@pytest.fixture(scope="module", params=[RARE_ONCE, RARE_OFTEN], ids=lambda habit: habit.title)
def game(request: pytest.FixtureRequest) -> tuple[Habit, Days]:
    return request.param, Days(request.param)


@pytest.mark.parametrize("attacker", ["habits", "learned"])
def test_below_k_he_finds_nothing_better_than_chance(game: tuple[Habit, Days], attacker: str) -> None:
    habit, days = game
    assert abs(play(attacker, days, habit, Rules(), RUNS).advantage) <= CHANCE


@pytest.mark.parametrize("attacker", ["habits", "learned"])
def test_without_merging_he_finds_the_pupil_every_time(game: tuple[Habit, Days], attacker: str) -> None:
    """So the test above can fail: the attackers are good ones, and it is k that keeps them off."""
    habit, days = game
    assert play(attacker, days, habit, without_k(), RUNS).advantage >= 0.95


def test_a_heavy_pupil_above_k_is_what_merging_cannot_hide() -> None:
    """FEED.md says so, and that noise is for it."""
    assert play("learned", Days(COMMON_OFTEN), COMMON_OFTEN, Rules(), 10).advantage >= 0.9


def test_how_often_he_asked_something_rare_changes_nothing_at_all() -> None:
    """Whoever knows every query of all others still cannot tell 20 from 2,000."""
    days = [Days(Habit("", RARE_OFTEN.what, times, (15,))).of(1, pupil=True) for times in (20, 2_000)]
    few, many = (numbers(feed(day, Rules(), Random(0))) for day in days)
    told = {place: number for place, number in few.items() if ".latency." not in place}
    assert told == {place: number for place, number in many.items() if ".latency." not in place}
