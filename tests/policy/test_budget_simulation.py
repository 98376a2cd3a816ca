"""The figures that the documentation gives for the budgets' error, on fewer days."""

from __future__ import annotations

import pytest

from schoolguard.policy.budgets import BUDGET_TTL
from schoolguard.policy.counting import IN_FORCE, Counting
from tests.policy.budget_apps import IDLE, USES
from tests.policy.budget_simulation import (
    counted,
    days_of,
    error_of,
    false_of,
    queries_of,
    stopped_after,
)

FEW = 60


def test_equal_seeds_give_equal_days_and_a_ttl_changes_only_the_queries() -> None:
    app = USES["video"]
    assert days_of(app, 60, days=5) == days_of(app, 60, days=5)
    assert days_of(app, 60, seed=1, days=5) != days_of(app, 60, days=5)
    short, long = days_of(app, 30, days=5), days_of(app, 300, days=5)
    assert [day.true for day in short] == [day.true for day in long]
    assert queries_of(short) > queries_of(long)


@pytest.mark.parametrize("name", USES)
def test_no_use_is_counted_far_too_long(name: str) -> None:
    error = error_of(days_of(USES[name], BUDGET_TTL, days=FEW), IN_FORCE)
    assert -50 < error.bias < 15
    assert error.high < 35


def test_a_phone_in_the_pocket_uses_up_nothing() -> None:
    days = days_of(IDLE["phone in the pocket"], BUDGET_TTL, days=FEW)
    assert false_of(days, IN_FORCE).bias < 2
    assert max(counted(day, IN_FORCE) for day in days) < 60
    assert false_of(days, Counting(gap=10, lone=0)).bias > 3


@pytest.mark.parametrize("name", USES)
def test_bare_minutes_would_miss_more(name: str) -> None:
    days = days_of(USES[name], BUDGET_TTL, days=FEW)
    bare = error_of(days, Counting(gap=1, lone=1))
    assert error_of(days, IN_FORCE).low > bare.low


@pytest.mark.parametrize("name", USES)
def test_a_pupil_who_plays_on_is_stopped_and_not_early(name: str) -> None:
    ends = sorted(stopped_after(USES[name], IN_FORCE, BUDGET_TTL, days=FEW))
    assert ends[0] > 55
    assert ends[len(ends) // 2] < 150
