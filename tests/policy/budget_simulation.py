"""How wrong it is to count minutes of use from DNS queries: models of applications against the meter itself.

    python tests/policy/budget_simulation.py

prints, for every gap and TTL, by how much the counted minutes miss the true ones. There is no traffic: a
day is a list of moments at which a device asked, made by the models in ``budget_apps.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean, quantiles

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from schoolguard.policy.budgets import BUDGET_TTL, Budget
from schoolguard.policy.counting import IN_FORCE, Counting
from schoolguard.policy.meter import Meter, Stage
from tests.policy.budget_apps import IDLE, KEEP_ALIVE, USES, App, Phone, pocket

GAPS = (1, 3, 5, 7, 8, 9, 10, 15)
TTLS = (30, 60, 120, 300)
SEED = 147
DAYS = 300
_DEVICE = b"\x02\0\0\0\0\x01"
_BUDGET = Budget("game", "Game", 1440)
_NOON = 20_000 * 86_400.0 - 7 * 3600


@dataclass(frozen=True)
class Day:
    """One device's day with one budget: the true minutes, and when it asked."""

    true: float
    queries: tuple[float, ...]


def new_phone(rng: Random, ttl: float) -> Phone:
    """Return a phone: one application in seven keeps addresses for 10 minutes, whatever the TTL."""
    holds = 600.0 if rng.random() < 1 / 7 else 0.0
    return Phone(ttl, holds, rng.choice(KEEP_ALIVE))


def used_day(rng: Random, app: App, ttl: float) -> Day:
    """Return a day with one to four sessions of 5 to 90 minutes, and the phone in the pocket between them."""
    phone, at, true = new_phone(rng, ttl), _NOON + rng.uniform(0, 3600), 0.0
    for _ in range(rng.randint(1, 4)):
        length = min(5400.0, max(300.0, rng.lognormvariate(7.4, 0.7)))
        app(rng, phone, at, at + length)
        rest = rng.uniform(1800, 7200)
        pocket(rng, phone, at + length, at + length + rest)
        at, true = at + length + rest, true + length / 60
    return Day(true, tuple(sorted(phone.queries)))


def idle_day(rng: Random, app: App, ttl: float) -> Day:
    """Return 8 hours in which nobody uses the application."""
    phone = new_phone(rng, ttl)
    app(rng, phone, _NOON, _NOON + 8 * 3600)
    return Day(0.0, tuple(sorted(phone.queries)))


def counted(day: Day, counting: Counting) -> int:
    """Return the minutes that the meter counts for a day."""
    meter = Meter(_NOON, _NOON, counting)
    meter.set_budgets([_BUDGET])
    for at in day.queries:
        meter.tick(at, at)
        meter.mark(_DEVICE, _BUDGET.id)
    return _BUDGET.minutes - meter.remaining(_DEVICE, _BUDGET.id)


def days_of(app: App, ttl: float, seed: int = SEED, days: int = DAYS) -> list[Day]:
    """Return days of one application; equal seeds give equal days, whatever the TTL."""
    rng = Random(f"{seed} {app.__name__}")
    kind = idle_day if app in IDLE.values() else used_day
    return [kind(rng, app, ttl) for _ in range(days)]


@dataclass(frozen=True)
class Spread:
    """The bias (of all minutes together) and the 10th and 90th percentile of the days."""

    bias: float
    low: float
    high: float


def error_of(days: Iterable[Day], counting: Counting) -> Spread:
    """Return by how many percent the counted minutes miss the true ones."""
    pairs = [(counted(day, counting), day.true) for day in days]
    tenths = quantiles(((got - true) / true * 100 for got, true in pairs), n=10)
    bias = sum(got for got, _ in pairs) / sum(true for _, true in pairs) - 1
    return Spread(bias * 100, tenths[0], tenths[-1])


def false_of(days: Iterable[Day], counting: Counting) -> Spread:
    """Return the minutes counted in an hour in which nobody used anything."""
    hours = [counted(day, counting) / 8 for day in days]
    tenths = quantiles(hours, n=10)
    return Spread(fmean(hours), tenths[0], tenths[-1])


def stopped_after(
    app: App, counting: Counting, ttl: float, limit: int = 60, days: int = DAYS, seed: int = SEED
) -> list[float]:
    """Return the true minutes until a budget of ``limit`` is used up, in 4 hours of use without a pause.

    240 stands for a day in which it never was.
    """
    rng = Random(f"{seed} {app.__name__}")
    budget, found = Budget("game", "Game", limit), []
    for _ in range(days):
        phone = new_phone(rng, ttl)
        app(rng, phone, _NOON, _NOON + 4 * 3600)
        meter = Meter(_NOON, _NOON, counting)
        meter.set_budgets([budget])
        end = 4 * 3600.0
        for at in sorted(phone.queries):
            meter.tick(at, at)
            if meter.mark(_DEVICE, budget.id) is Stage.USED_UP:
                end = at - _NOON
                break
        found.append(end / 60)
    return found


def queries_of(days: Iterable[Day]) -> float:
    """Return how many queries a device sends in an hour of use."""
    pairs = [(len(day.queries), day.true / 60) for day in days]
    return sum(queries for queries, _ in pairs) / sum(hours for _, hours in pairs)


def rows(countings: Iterable[Counting], ttls: Iterable[float], days: int = DAYS) -> Iterator[str]:
    """Yield one line a setting: errors of use in percent, then false minutes an hour."""
    made = {ttl: {name: days_of(app, ttl, days=days) for name, app in (USES | IDLE).items()} for ttl in ttls}
    yield "TTL  gap lone  " + "  ".join(f"{name:>19}" for name in USES | IDLE)
    for ttl, by_name in made.items():
        yield f"{ttl:3}  queries an hour of use: " + ", ".join(
            f"{name} {queries_of(by_name[name]):.0f}" for name in USES
        )
        for counting in countings:
            cells = [error_of(by_name[name], counting) for name in USES]
            cells += [false_of(by_name[name], counting) for name in IDLE]
            text = "  ".join(f"{c.bias:6.1f} {c.low:6.1f} {c.high:5.1f}" for c in cells)
            yield f"{ttl:3}  {counting.gap:3} {counting.lone:4}  {text}"


if __name__ == "__main__":
    every_counting = [Counting(gap, lone) for lone in (0, 1) for gap in GAPS]
    for line in rows(every_counting, TTLS):
        print(line)
    print("true minutes until 60 are counted, without a pause: median, p10, p90")
    for title, use in USES.items():
        ends = stopped_after(use, IN_FORCE, BUDGET_TTL)
        tenths, never = quantiles(ends, n=10), sum(end == 240 for end in ends) / len(ends)
        print(
            f"  {title:<20} {tenths[4]:4.0f} {tenths[0]:4.0f} {tenths[-1]:4.0f}, in 4 hours never {never:.0%}"
        )
    print(f"in force: TTL {BUDGET_TTL}, {IN_FORCE}")
