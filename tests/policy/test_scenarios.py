"""A small province through a school year, as tables: who asks what, when, and what a headmaster expects.

The world stands in ``world.yaml``, the cases in ``world.txt`` and those of whole answers in ``chains.txt``.
"""

from __future__ import annotations

import pytest

from schoolguard.dns.names import search_key
from schoolguard.policy.decide import Rank, decide, decide_chain
from tests.policy.tables import cause_of, ids_of, mask_from, rows_of, verdict_of
from tests.policy.world import instant, world

WORLD = world()
ROWS = rows_of("world.txt")
CHAINS = rows_of("chains.txt")


def listed(text: str) -> tuple[str, int]:
    """Return the key and the mask of ``name/lists``."""
    name, _, lists = text.partition("/")
    return search_key(name), mask_from(lists or "-")


@pytest.mark.parametrize("row", ROWS, ids=ids_of(ROWS))
def test_case(row: list[str]) -> None:
    when, who, name, lists, verdict, rank, cause = row
    plan, key, mask = WORLD.plan(when, who), search_key(name), mask_from(lists)
    decision = decide(plan, key, mask)
    shadow = None if plan.shadow is None else decide(plan.shadow, key, mask)
    assert (verdict_of(decision, shadow), decision.rank, cause_of(decision)) == (verdict, Rank[rank], cause)


@pytest.mark.parametrize("row", CHAINS, ids=ids_of(CHAINS))
def test_chain(row: list[str]) -> None:
    when, who, question, targets, verdict, rank, cause = row
    plan = WORLD.plan(when, who)
    first = decide(plan, *listed(question))
    for order in (1, -1):
        decision = decide_chain(plan, first, [listed(each) for each in targets.split()[::order]])
        assert (decision.blocked, decision.rank, cause_of(decision)) == (
            verdict == "block",
            Rank[rank],
            cause,
        )


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] != "?"], ids=lambda row: " | ".join(row[:3]))
def test_a_time_that_nobody_knows_opens_nothing(row: list[str]) -> None:
    when, who, name, lists, *_ = row
    strict = decide(WORLD.plan("?", who), search_key(name), mask_from(lists))
    usual = decide(WORLD.plan(when, who), search_key(name), mask_from(lists))
    assert strict.blocked or not usual.blocked or usual.rank is Rank.PASS


def test_the_tables_are_of_this_world_and_many() -> None:
    assert {row[1].removesuffix("!") for row in ROWS} == set(WORLD.groups)
    assert {row[5] for row in ROWS} == set(Rank.__members__)
    assert len({tuple(row[:4]) for row in ROWS}) == len(ROWS), "a case stands twice"
    assert len(ROWS) + len(CHAINS) + len(rows_of("layers.txt")) + len(rows_of("ranks.txt")) >= 300


def test_a_wrong_day_of_the_week_is_no_time() -> None:
    with pytest.raises(AssertionError, match="is no Mon"):
        instant("Mon 2027-03-02 09:00")
