"""Plays the attack on the feed: somebody with the documents wants to know whether one pupil asked for it.

    python -m tests.feed.reidentify [--runs 100]

The game, as it is usual for membership inference: a coin falls; a day of the school is counted with or
without the pupil's queries; the attacker gets the documents and guesses the coin. His advantage is 2 *
P(right) - 1: 0 is a guess, 1 is certainty. There are three attackers:

* ``habits``: knows exactly when the pupil asks for what, and the documents of other days of this very
  school, but not what the others did today: the neighbour, the classmate, the official. He looks at the
  number in which the pupil must be.
* ``learned``: the same, and was told of each other day whether the pupil was there; he looks at the number
  that told it best, whatever it is.
* ``all others``: knows every query of every other device, to the second. Nobody is like that; it is the
  bound, and only noise keeps him off.

What the pupil asks for is rare (fewer than k devices) or common, once or all the time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, sqrt
from random import Random
from statistics import fmean
from typing import Any

from schoolguard.feed.day import day_document
from schoolguard.feed.rules import DELTA, Rules
from schoolguard.feed.summary import document
from tests.feed.school_day import STANDING, Period, Visit, What, counted, day_counted, school_day

VICTIM = 1_000
SCHOOL_SEED = 7
SIZES: Mapping[str, int] = {"thcs": 60, "thpt": 80, "staff": 15, "guest": 5}
RARE, COMMON = What("blocked", "self-harm"), What("blocked", "ads")
PERIOD_SECONDS = 3_600
"""Long periods: fewer numbers, so that the game is short; each attack below needs one period only."""

Documents = Sequence[Mapping[str, Any]]
Guess = Callable[[Documents], bool]


@dataclass(frozen=True, slots=True)
class Habit:
    """What the pupil asks: ``times`` queries in each of the ``hours``; others are not simulated."""

    title: str
    what: What
    times: int
    hours: Sequence[int]


RARE_ONCE = Habit("one query, rare category", RARE, 1, (15,))
RARE_OFTEN = Habit("200 queries in an hour, rare category", RARE, 200, (15,))
RARE_ALWAYS = Habit("20 queries every hour, rare category", RARE, 20, range(24))
COMMON_ONCE = Habit("one query, common category", COMMON, 1, (15,))
COMMON_OFTEN = Habit("200 queries in an hour, common category", COMMON, 200, (15,))
HABITS = (RARE_ONCE, RARE_OFTEN, RARE_ALWAYS, COMMON_ONCE, COMMON_OFTEN)


def without_k() -> Rules:
    """Return rules of k = 1, which no school can set: they show what the attackers find without merging."""
    rules = Rules()
    object.__setattr__(rules, "k", 1)
    return rules


class Days:
    """Days of one school with and without the pupil; a day is made once."""

    def __init__(self, habit: Habit) -> None:
        self._habit = habit
        self._made: dict[int, tuple[list[Period], list[Period]]] = {}

    def of(self, day: int, *, pupil: bool) -> list[Period]:
        """Return the periods of a day."""
        if day not in self._made:
            hours = self._habit.hours
            alone = list(school_day(SCHOOL_SEED, PERIOD_SECONDS, SIZES, day=day, hours=hours))
            self._made[day] = alone, [_joined(period, self._habit) for period in alone]
        return self._made[day][pupil]


def _joined(period: Period, habit: Habit) -> Period:
    names = {(f"secret.{habit.what.cause}.example", habit.what.cause): habit.times}
    visit = Visit(VICTIM, "thcs", {habit.what: habit.times}, names)
    return replace(period, visits=(*period.visits, visit))


def feed(periods: Sequence[Period], rules: Rules, random: Random) -> Documents:
    """Return all documents of a day."""
    bits = random.getrandbits
    found = [document(counted(period, period.number + 1), STANDING, rules, bits) for period in periods]
    return [*found, day_document(day_counted(periods, 1), STANDING, rules, bits)]


def numbers(documents: Documents) -> dict[str, float]:
    """Return every published number with its place in the day."""
    found: dict[str, float] = {}
    for at, each in enumerate(documents):
        told = {name: value for name, value in each.items() if name not in ("sequence", "standing")}
        found.update(_walk(told, str(at)))
    return found


def _walk(value: object, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _walk(each, f"{place}.{name}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _walk(each, f"{place}.{each['what'] if isinstance(each, dict) else at}")
    elif isinstance(value, int):
        yield place, value


def all_others(outside: Documents, inside: Documents, rules: Rules) -> Guess:
    """Return the attacker that counted both days himself and says which is nearer to what he got."""
    without, with_pupil = numbers(outside), numbers(inside)

    def guess(documents: Documents) -> bool:
        seen = numbers(documents)
        if rules.scale is None:
            return seen == with_pupil and with_pupil != without
        places = [place for place in seen if ".queries." in place]
        far = [sum(abs(seen[p] - day.get(p, 0)) for p in places) for day in (with_pupil, without)]
        return far[0] < far[1]

    return guess


def habits(past: Sequence[Documents], habit: Habit, least: int) -> Guess:
    """Return the attacker that compares the pupil's hours with other days, in the part where he must be.

    With ``least`` 1 nothing is merged, so what is not told was not asked.
    """

    def part(documents: Documents) -> float:
        seen = numbers(documents[:-1])
        periods = (f"{at}.queries." for at in range(len(documents) - 1))
        return sum(_part_of(seen, period, habit.what.cause, least) for period in periods)

    threshold = fmean(map(part, past)) + habit.times * len(habit.hours) / 2
    return lambda documents: part(documents) > threshold


def _part_of(seen: Mapping[str, float], period: str, cause: str, least: int) -> float:
    """Return the number with the pupil's queries: the thing's own, else those of what goes with others."""
    own = [number for place, number in seen.items() if place == f"{period}thcs.blocked.{cause}"]
    small = [number for place, number in seen.items() if place.startswith(period) and "+other" in place]
    return sum(own if own or least == 1 else small)


def learned(past: Sequence[tuple[Documents, Documents]]) -> Guess:
    """Return the attacker that looks at the one number that told most of other days, without and with."""
    days = [(numbers(outside), numbers(inside)) for outside, inside in past]
    places = sorted({place for pair in days for day in pair for place in day})

    def right(place: str, threshold: float) -> int:
        return sum((i.get(place, -1) > threshold) + (o.get(place, -1) <= threshold) for o, i in days)

    found = []
    for place in places:
        usual = [fmean(day[side].get(place, -1) for day in days) for side in (0, 1)]
        found.append((right(place, fmean(usual)), place, fmean(usual)))
    _, place, threshold = max(found)
    return lambda documents: numbers(documents).get(place, -1) > threshold


@dataclass(frozen=True, slots=True)
class Score:
    """An attacker's advantage over guessing, with the half width of its 95 % interval."""

    advantage: float
    error: float


def play(attacker: str, days: Days, habit: Habit, rules: Rules, runs: int, past: int = 12) -> Score:
    """Return how an attacker does on ``runs`` days, each counted once with and once without the pupil."""

    def told(day: int, *, pupil: bool, random: int) -> Documents:
        return feed(days.of(day, pupil=pupil), rules, Random(random))

    def pair(day: int, random: int) -> tuple[Documents, Documents]:
        return told(day, pupil=False, random=random), told(day, pupil=True, random=-random)

    before = [pair(day, day) for day in range(1, past + 1)]
    if attacker == "habits":
        guess = habits([outside for outside, _ in before], habit, rules.k)
    else:
        guess = learned(before)
    right = 0
    for day in range(past + 1, past + 1 + runs):
        if attacker == "all others":
            silent = replace(rules, epsilon=None) if rules.epsilon is not None else rules
            known = [feed(days.of(day, pupil=pupil), silent, Random(0)) for pupil in (False, True)]
            guess = all_others(known[0], known[1], rules)
        outside, inside = pair(day, 10_000 + day)
        right += guess(inside) + (not guess(outside))
    rate = right / (2 * runs)
    return Score(2 * rate - 1, 2 * 1.96 * sqrt(max(rate * (1 - rate), 1 / (4 * runs)) / (2 * runs)))


def bound(rules: Rules, queries: int) -> float:
    """Return the advantage that no attacker exceeds, of documents that hide ``queries`` queries.

    1 without noise. One query is in two documents, so epsilon counts twice; (epsilon, delta)-differential
    privacy limits the advantage to (e^epsilon - 1 + 2 delta) / (e^epsilon + 1) (Kairouz, Oh, Viswanath,
    2015).
    """
    if rules.epsilon is None:
        return 1.0
    groups = -(-queries // rules.bound)
    epsilon = 2 * float(rules.epsilon) * groups
    if epsilon > 30:
        return 1.0
    delta = min(1.0, 4 * DELTA * groups * exp(epsilon))
    return min(1.0, (exp(epsilon) - 1 + 2 * delta) / (exp(epsilon) + 1))


def main() -> None:
    """Print every attacker's advantage for every habit: merged, with noise, and without k."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    all_rules = (Rules(), Rules(epsilon=Fraction(4)), Rules(epsilon=Fraction(1, 2)), without_k())
    for habit in HABITS:
        days = Days(habit)
        for rules in all_rules:
            limit = bound(rules, habit.times * len(habit.hours))
            scores = [play(name, days, habit, rules, runs) for name in ("habits", "learned", "all others")]
            found = "  ".join(f"{score.advantage:+.2f} ± {score.error:.2f}" for score in scores)
            print(
                f"{habit.title:40} {json.dumps(rules.members()):64} {found}  at most {limit:.2f}", flush=True
            )


if __name__ == "__main__":
    main()
