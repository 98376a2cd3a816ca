"""Plans: equal rules give equal plans, whatever else differs between their groups."""

from __future__ import annotations

import pickle
from dataclasses import replace
from ipaddress import IPv4Network

from schoolguard.policy.model import BlockAnswer, Blocking, Group, Tier, plan_of

ONE = Group(
    school="th-a",
    name="lab",
    tier=Tier("primary", "Tiểu học", "Primary", 4),
    networks=(IPv4Network("10.1.0.0/16"),),
    blocked=4,
    allow=frozenset({"olm.vn"}),
    deny=frozenset({"zing.vn", "x.example"}),
)


def test_groups_with_equal_rules_share_a_plan() -> None:
    other = replace(ONE, school="th-b", name="library", networks=(IPv4Network("10.2.0.0/16"),))
    assert plan_of(ONE) == plan_of(other)
    assert len({plan_of(ONE), plan_of(other)}) == 1


def test_any_rule_that_differs_gives_another_plan() -> None:
    others = [
        replace(ONE, blocked=5),
        replace(ONE, allow=frozenset()),
        replace(ONE, deny=frozenset()),
        replace(ONE, blocking=Blocking(BlockAnswer.NXDOMAIN)),
        replace(ONE, blocking=Blocking(language="en")),
    ]
    assert len({plan_of(group) for group in [ONE, *others]}) == 6


def test_names_are_kept_as_search_keys_too() -> None:
    plan = plan_of(ONE)
    assert plan.allow_keys == {"vn.olm."}
    assert plan.deny_keys == {"vn.zing.", "example.x."}
    assert plan.named_keys == {"vn.olm.", "vn.zing.", "example.x."}


def test_a_plan_survives_being_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(plan_of(ONE)))
    assert again == plan_of(ONE)
    assert again.named_keys == plan_of(ONE).named_keys
