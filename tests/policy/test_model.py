"""Rules and plans: when a rule holds, what a plan is made of, and that equal rules give equal plans."""

from __future__ import annotations

import pickle
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from schoolguard.categories import BY_NAME, SEALED
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import BlockAnswer, Blocking, Group, Tier
from schoolguard.policy.plans import Plan, plan_of, strictest
from schoolguard.policy.rule import Layer, Rule, Verb, next_end
from schoolguard.policy.safe_search import Engines, SafeSearch

GAMES, SOCIAL = BY_NAME["games"].mask, BY_NAME["social"].mask
BLOCK = Rule(
    Layer.SCHOOL, Verb.BLOCK, frozenset({"zing.vn"}), owner="A", reason="r", place="schools/a.yaml:3"
)
ALLOW = Rule(Layer.GROUP, Verb.ALLOW, frozenset({"olm.vn"}), owner="B", reason="r")
BUDGET = Budget("games", "Trò chơi", 60, categories=GAMES)
ONE = Group(
    school="th-a",
    name="lab",
    tier=Tier("primary", "Tiểu học", "Primary", GAMES),
    networks=(IPv4Network("10.1.0.0/16"),),
    rules=(BLOCK, ALLOW),
    budgets=(BUDGET,),
)
MORNING, EVENING = frozenset({"morning"}), frozenset({"evening"})


def plan(group: Group) -> Plan:
    return plan_of(group, Engines(), 0.0)


def test_groups_with_equal_rules_share_a_plan() -> None:
    other = replace(
        ONE,
        school="th-b",
        name="library",
        networks=(IPv4Network("10.2.0.0/16"),),
        rules=(ALLOW, replace(BLOCK, place="schools/b.yaml:9")),
    )
    assert plan(ONE) == plan(other)
    assert len({plan(ONE), plan(other)}) == 1


def test_any_rule_that_differs_gives_another_plan() -> None:
    others = [
        replace(ONE, tier=replace(ONE.tier, blocked=SOCIAL)),
        replace(ONE, rules=(BLOCK,)),
        replace(ONE, rules=(ALLOW,)),
        replace(ONE, rules=(replace(BLOCK, reason="s"), ALLOW)),
        replace(ONE, rules=(replace(BLOCK, verb=Verb.LOCKED_BLOCK), ALLOW)),
        replace(ONE, rules=(replace(BLOCK, layer=Layer.COMMUNE), ALLOW)),
        replace(ONE, rules=(replace(BLOCK, shadow=True), ALLOW)),
        replace(ONE, shadow=SOCIAL),
        replace(ONE, budgets=()),
        replace(ONE, safe_search=SafeSearch(True)),
        replace(ONE, strip_ech=True),
        replace(ONE, blocking=Blocking(BlockAnswer.NXDOMAIN)),
        replace(ONE, blocking=Blocking(language="en")),
    ]
    plans = [plan(group) for group in [ONE, *others]]
    plans.append(plan_of(ONE, Engines(), 0.0, spent=frozenset({"games"})))
    assert len(set(plans)) == len(others) + 2


def test_rules_stand_nearest_first_locks_highest_first_and_passes_apart() -> None:
    layers = [Layer.SCHOOL, Layer.PROVINCE, Layer.GROUP, Layer.COMMUNE]
    rules = [
        replace(BLOCK, layer=layer, verb=verb) for layer in layers for verb in (Verb.BLOCK, Verb.LOCKED_BLOCK)
    ]
    given = replace(ALLOW, layer=Layer.PASS)
    of = plan_of(replace(ONE, rules=tuple(rules)), Engines(), 0.0, passes=[given])
    assert [each.layer for each in of.locks] == sorted(layers)
    assert [each.layer for each in of.rules] == sorted(layers, reverse=True)
    assert of.passes is not None
    assert of.passes.rules == {given}


def test_sealed_categories_are_always_closed() -> None:
    opened = Rule(Layer.PROVINCE, Verb.LOCKED_ALLOW, frozenset(), SEALED | GAMES)
    assert plan(replace(ONE, rules=(opened,))).blocked == SEALED
    assert plan(replace(ONE, rules=(), shadow=SEALED | GAMES)).blocked == SEALED


@pytest.mark.parametrize(
    ("now", "windows", "of_block", "of_allow"),
    [
        (99.0, MORNING, True, True),
        (100.0, MORNING, False, False),
        (99.0, EVENING, False, False),
        (99.0, MORNING | EVENING, True, True),
        (99.0, None, True, False),
        (None, MORNING, True, False),
        (None, None, True, False),
        (100.0, None, False, False),
    ],
)
def test_a_rule_holds_in_its_windows_until_its_end(
    now: float | None, windows: frozenset[str] | None, of_block: bool, of_allow: bool
) -> None:
    for rule, holds in ((BLOCK, of_block), (ALLOW, of_allow)):
        assert replace(rule, during=MORNING, until=100.0).holds(now, windows) is holds


def test_a_rule_without_limits_holds_whatever_the_time_is() -> None:
    assert all(rule.holds(now, None) for rule in (BLOCK, ALLOW) for now in (0.0, None))


def test_a_time_that_nobody_knows_leaves_no_budget() -> None:
    assert strictest(ONE, Engines()).spent == {"games"}
    assert plan(ONE).spent == frozenset()
    assert plan_of(ONE, Engines(), 0.0, spent=frozenset({"of another group"})).spent == frozenset()


def test_the_next_end_is_the_first_one_ahead() -> None:
    ends = [replace(BLOCK, until=until) for until in (None, 50.0, 200.0, 100.0)]
    assert next_end(ends, 50.0) == 100.0
    assert next_end(ends, 49.9) == 50.0
    assert next_end(ends, 200.0) is None


def test_only_what_is_on_trial_makes_a_shadow() -> None:
    assert plan(ONE).shadow is None
    tried = plan(replace(ONE, rules=(BLOCK, ALLOW, replace(BLOCK, layer=Layer.COMMUNE, shadow=True))))
    assert replace(tried, shadow=None) == plan(ONE)
    assert tried.shadow is not None
    assert [each.layer for each in tried.shadow.rules] == [Layer.GROUP, Layer.SCHOOL, Layer.COMMUNE]
    category = plan(replace(ONE, shadow=GAMES | SOCIAL))
    assert category.blocked == SEALED
    assert category.shadow is not None
    assert category.shadow.blocked == SEALED | GAMES | SOCIAL


def test_a_plan_survives_being_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(plan(ONE)))
    assert again == plan(ONE)
    assert hash(again) == hash(plan(ONE))
    assert [each.names for each in again.rules] == [each.names for each in plan(ONE).rules]
