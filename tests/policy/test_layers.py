"""What must hold of rules in layers, whatever they are: random groups, rules, passes, names and lists."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import NEVER_BLOCK
from schoolguard.dns.names import key_of_wire, to_wire
from schoolguard.policy.decide import Decision, Rank, decide, decide_chain
from schoolguard.policy.evidence import opened_or_closed
from schoolguard.policy.explain import explain
from schoolguard.policy.model import Group
from schoolguard.policy.plans import Plan, strictest
from schoolguard.policy.rule import Layer, Rule, Verb
from tests.policy.random_worlds import (
    ALLOWING,
    BITS,
    BLOCKING,
    ENGINES,
    LAYERS,
    SEALED_MASKS,
    Moment,
    groups,
    keys,
    masks,
    moments,
    passes,
    plan_at,
    rules,
    targets,
)

Targets = list[tuple[str, int]]
LOCKS = (Verb.LOCKED_BLOCK, Verb.LOCKED_ALLOW)
many = settings(max_examples=300)


def with_rules(group: Group, *more: Rule) -> Group:
    return replace(group, rules=(*group.rules, *more))


def whole(plan: Plan, key: str, mask: int, chain: Targets) -> Decision:
    return decide_chain(plan, decide(plan, key, mask), chain)


@many
@given(groups, st.lists(rules(LAYERS, LOCKS), min_size=1, max_size=3), moments, passes, keys, masks)
def test_no_layer_below_weakens_a_lock_above(
    group: Group, locks: list[Rule], moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    lowest = max(lock.layer for lock in locks)
    below = [rule for rule in group.rules if rule.layer > lowest]
    above = plan_at(replace(group, rules=tuple(locks), budgets=()), moment, [])
    lock = decide(above, key, mask)
    everything = decide(plan_at(replace(group, rules=(*locks, *below)), moment, given_passes), key, mask)
    # A locked open category opens a name only while no other category closes it.
    if lock.rank is Rank.LOCK and (lock.blocked or lock.name or mask == 1 << lock.bit):
        assert everything == lock


@many
@given(groups, rules(LAYERS, BLOCKING), moments, passes, keys, masks, targets)
def test_a_block_never_unblocks(
    group: Group, block: Rule, moment: Moment, given_passes: list[Rule], key: str, mask: int, chain: Targets
) -> None:
    before, after = (plan_at(each, moment, given_passes) for each in (group, with_rules(group, block)))
    assert decide(after, key, mask).blocked >= decide(before, key, mask).blocked
    assert whole(after, key, mask, chain).blocked >= whole(before, key, mask, chain).blocked


@many
@given(groups, rules((*LAYERS, Layer.PASS), ALLOWING), moments, passes, keys, masks, targets)
def test_an_allow_never_blocks(
    group: Group, allow: Rule, moment: Moment, given_passes: list[Rule], key: str, mask: int, chain: Targets
) -> None:
    if allow.layer is Layer.PASS:
        allow = replace(allow, verb=Verb.ALLOW)
    before, after = (plan_at(each, moment, given_passes) for each in (group, with_rules(group, allow)))
    assert decide(after, key, mask).blocked <= decide(before, key, mask).blocked
    assert whole(after, key, mask, chain).blocked <= whole(before, key, mask, chain).blocked


@given(groups, moments, passes, keys, masks, st.sampled_from(BITS))
def test_a_category_of_the_tier_never_unblocks(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int, bit: int
) -> None:
    tier = replace(group.tier, blocked=group.tier.blocked | 1 << bit)
    before, after = (plan_at(each, moment, given_passes) for each in (group, replace(group, tier=tier)))
    assert decide(after, key, mask).blocked >= decide(before, key, mask).blocked


@given(groups, moments, passes, keys, masks)
def test_a_budget_that_is_used_up_never_unblocks(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    spent = replace(moment, spent=frozenset(budget.id for budget in group.budgets))
    before, after = (plan_at(group, each, given_passes) for each in (moment, spent))
    assert decide(after, key, mask).blocked >= decide(before, key, mask).blocked


@many
@given(groups, st.data(), moments, passes, keys, masks)
def test_order_of_rules_passes_and_budgets_does_not_matter(
    group: Group, draw: st.DataObject, moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    shuffled = replace(
        group,
        rules=tuple(draw.draw(st.permutations(group.rules))),
        budgets=tuple(draw.draw(st.permutations(group.budgets))),
    )
    one = plan_at(group, moment, given_passes)
    other = plan_at(shuffled, moment, draw.draw(st.permutations(given_passes)))
    assert one == other
    assert hash(one) == hash(other)
    assert decide(one, key, mask) == decide(other, key, mask)


@given(groups, moments, passes, keys, masks, st.sampled_from(SEALED_MASKS))
def test_sealed_is_always_blocked(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int, sealed: int
) -> None:
    plan = plan_at(group, moment, given_passes)
    assert decide(plan, key, mask | sealed).rank is Rank.SEALED
    assert whole(plan, key, mask, [(key, sealed)]).rank is Rank.SEALED or decide(plan, key, mask).blocked


@given(groups, moments, passes, keys, masks)
def test_nothing_below_the_law_blocks_the_safety_net(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    for plan in (plan_at(group, moment, given_passes), strictest(group, ENGINES)):
        assert decide(plan, key, mask | NEVER_BLOCK) == Decision(False, Rank.SAFETY_NET)


@many
@given(groups, moments, keys, masks)
def test_the_strictest_plan_blocks_what_any_time_does(
    group: Group, moment: Moment, key: str, mask: int
) -> None:
    usual = decide(plan_at(group, moment, []), key, mask)
    assert decide(strictest(group, ENGINES), key, mask).blocked >= usual.blocked


@given(groups, st.lists(rules(shadow=True), max_size=4), moments, passes, keys, masks)
def test_what_is_on_trial_changes_nothing_and_is_what_would_be_enforced(
    group: Group, more: list[Rule], moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    enforced = [rule for rule in more if not rule.shadow]
    plan = plan_at(with_rules(group, *more), moment, given_passes)
    without = plan_at(with_rules(group, *enforced), moment, given_passes)
    assert decide(plan, key, mask) == decide(without, key, mask)
    as_if = plan_at(with_rules(group, *(replace(rule, shadow=False) for rule in more)), moment, given_passes)
    trial = decide(plan.shadow or plan, key, mask)
    assert (trial.blocked, trial.rank) == (decide(as_if, key, mask).blocked, decide(as_if, key, mask).rank)


@many
@given(groups, moments, passes, keys, masks)
def test_an_explanation_agrees_with_the_decision(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int
) -> None:
    plan = plan_at(group, moment, given_passes)
    decision = decide(plan, key, mask)
    explanation = explain(plan, key, mask, [])
    assert explanation.decision == decision
    step = explanation.steps[decision.rank - 1]
    if decision.rule is not None:
        assert decision.rule in [cited.rule for cited in step.rules]
    if decision.rule is not None and decision.name:
        of_layer = [cited for cited in step.rules if cited.rule.layer is decision.rule.layer]
        assert (of_layer[0].rule, of_layer[0].name) == (decision.rule, decision.name)
    if decision.budget is not None:
        assert decision.budget in [covering.budget for covering in step.budgets if covering.spent]


@many
@given(groups, moments, passes, st.sampled_from(BITS))
def test_the_rule_that_opens_or_closes_a_category_is_found(
    group: Group, moment: Moment, given_passes: list[Rule], bit: int
) -> None:
    plan = plan_at(group, moment, given_passes)
    by = opened_or_closed(plan, bit)
    closed = bool(group.tier.blocked >> bit & 1) if by is None else by.verb.blocks
    assert closed == bool(plan.blocked >> bit & 1)


@given(groups, moments, passes, keys, masks, targets)
def test_a_chain_only_adds_blocks_in_any_order(
    group: Group, moment: Moment, given_passes: list[Rule], key: str, mask: int, chain: Targets
) -> None:
    plan = plan_at(group, moment, given_passes)
    question = decide(plan, key, mask)
    decision = decide_chain(plan, question, chain)
    assert decision == question or (decision.blocked and not question.blocked)
    assert decision == decide_chain(plan, question, chain[::-1])


@given(groups, moments, st.lists(st.binary(min_size=1, max_size=63), max_size=2), masks)
def test_any_labels_below_a_closed_name_are_closed(
    group: Group, moment: Moment, labels: list[bytes], mask: int
) -> None:
    """Whatever stands in the labels, it does not lead out from under the name."""
    wire = b"".join(bytes([len(label)]) + label for label in labels) + to_wire("b.a.vn")
    lock = Rule(Layer.PROVINCE, Verb.LOCKED_BLOCK, frozenset({"a.vn"}))
    plan = plan_at(replace(group, rules=(lock,)), moment, [])
    decision = decide(plan, key_of_wire(wire), mask & ~NEVER_BLOCK)
    assert decision == Decision(True, Rank.LOCK, name="a.vn", rule=lock)
