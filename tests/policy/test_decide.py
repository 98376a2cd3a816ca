"""What the tables do not show: ranks and their functions, odd names, causes among several, and redirects."""

from __future__ import annotations

import pytest

from schoolguard.categories import BY_NAME, SEALED
from schoolguard.dns.names import key_of_wire, search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import ORDER, Decision, Rank, decide, decide_chain, parents_of
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube

ENGINES = Engines(
    safe={search_key("www.google.com"): "forcesafesearch.google.com"},
    youtube={YouTube.STRICT: {search_key("www.youtube.com"): "restrict.youtube.com"}},
    zones={search_key("coccoc.com"): "Cốc Cốc"},
)


def plan(
    *rules: Rule, blocked: int = 0, safe: SafeSearch | None = None, budgets: tuple[Budget, ...] = ()
) -> Plan:
    tier = Tier("thcs", "THCS", "Lower secondary", blocked)
    group = Group("th-a", "6A", tier, rules=rules, budgets=budgets, safe_search=safe or SafeSearch())
    return plan_of(group, ENGINES, 0.0, spent=frozenset(budget.id for budget in budgets))


def block(*names: str, verb: Verb = Verb.BLOCK, owner: str = "") -> Rule:
    return Rule(Layer.SCHOOL, verb, frozenset(names), owner=owner)


def test_ranks_are_numbered_from_one_in_the_order_they_are_tried() -> None:
    assert [rank.value for rank in Rank] == list(range(1, len(ORDER) + 1))
    called = {"passes": "PASS"}
    names = [called.get(judge.__name__, judge.__name__.upper()) for judge in ORDER]
    assert names == [rank.name for rank in Rank]


def test_narrowest_name_of_a_rule_is_the_cause() -> None:
    rule = block("www.example.vn", "example.vn")
    decision = decide(plan(rule), search_key("a.www.example.vn"), 0)
    assert decision == Decision(True, Rank.RULE, name="www.example.vn", rule=rule)


def test_of_two_equal_rules_the_cause_is_the_same_in_any_order() -> None:
    for number in range(40):  # the order within a set of two shows in every second one
        one, other = block("x.vn", owner="A"), block("x.vn", owner=f"B{number}")
        assert decide(plan(one, other), "vn.x.", 0).rule == other
        assert decide(plan(other, one), "vn.x.", 0).rule == other


def test_of_two_used_up_budgets_the_cause_is_the_same_in_any_order() -> None:
    two = (Budget("a", "A", 60, frozenset({"x.vn"})), Budget("b", "B", 60, frozenset({"x.vn"})))
    assert decide(plan(budgets=two), "vn.x.", 0).budget == two[0]
    assert decide(plan(budgets=two[::-1]), "vn.x.", 0).budget == two[0]


def test_a_locked_category_names_its_rule_and_the_gravest_category() -> None:
    games, adult = (
        Rule(Layer.PROVINCE, Verb.LOCKED_BLOCK, frozenset(), BY_NAME[name].mask)
        for name in ("games", "adult")
    )
    decision = decide(plan(games, adult), "vn.x.", games.categories | adult.categories)
    assert decision == Decision(True, Rank.LOCK, BY_NAME["adult"].bit, rule=adult)


def test_a_rule_for_a_sealed_category_changes_nothing() -> None:
    for verb in (Verb.LOCKED_ALLOW, Verb.LOCKED_BLOCK, Verb.ALLOW):
        of = plan(Rule(Layer.PROVINCE, verb, frozenset(), SEALED))
        assert decide(of, "vn.x.", 1) == Decision(True, Rank.SEALED, 0)
        assert decide(of, "vn.x.", 0) == Decision(False, Rank.DEFAULT)


@pytest.mark.parametrize(
    ("labels", "blocked"),
    [
        ([b"www", b"evil", b"vn"], True),
        ([b"www.evil", b"vn"], False),
        ([b"evil.vn"], False),
        ([b"evil", b"vn."], False),
        ([b"a\\", b"evil", b"vn"], True),
        ([b"evil\\", b"vn"], False),
        ([b"\\", b"vn"], False),
        ([b"EVIL", b"Vn"], True),
        ([b"x\0y", b"evil", b"vn"], True),
        ([b"evil\0", b"vn"], False),
        ([b"*", b"evil", b"vn"], True),
        ([b"\xff\xfe", b"evil", b"vn"], True),
    ],
)
@pytest.mark.parametrize("verb", [Verb.BLOCK, Verb.LOCKED_BLOCK])
def test_hostile_labels_are_decided_by_label(labels: list[bytes], blocked: bool, verb: Verb) -> None:
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    assert decide(plan(block("evil.vn", verb=verb)), key_of_wire(wire), 0).blocked is blocked


@pytest.mark.parametrize("labels", [[b"www.evil", b"vn"], [b"evil.vn"], [b"evil\\", b"vn"]])
def test_hostile_labels_are_on_no_list_of_an_exam(labels: list[bytes]) -> None:
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    assert decide(plan(block("evil.vn", verb=Verb.ALLOW_ONLY)), key_of_wire(wire), 0).rank is Rank.EXAM


def test_root_is_decided_under_every_rank() -> None:
    root = key_of_wire(b"\0")
    safe = SafeSearch(True, YouTube.STRICT)
    budgets = (Budget("a", "A", 60, frozenset({"x.vn"}), 1 << 10),)
    full = plan(block("x.vn"), block("x.vn", verb=Verb.LOCKED_BLOCK), safe=safe, budgets=budgets)
    assert decide(full, root, 0) == Decision(False, Rank.DEFAULT)
    assert decide(full, root, 1 << 10).rank is Rank.BUDGET
    assert decide(plan(block("x.vn", verb=Verb.ALLOW_ONLY)), root, 0).rank is Rank.EXAM


def test_parents_come_narrowest_first_without_the_root() -> None:
    assert parents_of("vn.example.www.") == ["vn.example.www.", "vn.example.", "vn."]
    assert parents_of("") == []


@pytest.mark.parametrize(
    ("safe", "name", "redirect"),
    [
        (SafeSearch(), "www.google.com", ""),
        (SafeSearch(), "www.youtube.com", ""),
        (SafeSearch(True), "www.google.com", "forcesafesearch.google.com"),
        (SafeSearch(True), "www.youtube.com", ""),
        (SafeSearch(youtube=YouTube.STRICT), "www.youtube.com", "restrict.youtube.com"),
        (SafeSearch(youtube=YouTube.STRICT), "www.google.com", ""),
        (SafeSearch(True, YouTube.STRICT), "www.youtube.com", "restrict.youtube.com"),
    ],
)
def test_safe_search_and_youtube_are_two_switches(safe: SafeSearch, name: str, redirect: str) -> None:
    assert decide(plan(safe=safe), search_key(name), 0) == Decision(False, Rank.DEFAULT, redirect=redirect)


def test_a_blocked_engine_leads_nowhere() -> None:
    of = plan(block("google.com"), safe=SafeSearch(True))
    assert decide(of, search_key("www.google.com"), 0).redirect == ""


def test_gravest_target_is_the_cause_in_any_order() -> None:
    ads, adult = BY_NAME["ads"], BY_NAME["adult"]
    of = plan(blocked=ads.mask | adult.mask)
    targets = [("vn.a.", ads.mask), ("vn.b.", adult.mask), ("vn.c.", 0)]
    for chain in (targets, targets[::-1]):
        assert decide_chain(of, decide(of, "vn.x.", 0), chain) == Decision(True, Rank.CATEGORY, adult.bit)


def test_of_targets_that_two_budgets_cover_the_cause_is_the_same_in_any_order() -> None:
    two = tuple(Budget(each, each, 60, frozenset({f"{each}.vn"})) for each in ("a", "b"))
    of = plan(budgets=two)
    targets = [("vn.b.", 0), ("vn.a.", 0)]
    for chain in (targets, targets[::-1]):
        assert decide_chain(of, decide(of, "vn.x.", 0), chain).budget == two[0]


def test_an_exam_hides_no_other_reason_to_close_a_target() -> None:
    adult = BY_NAME["adult"]
    of = plan(block("exam.vn", verb=Verb.ALLOW_ONLY), blocked=adult.mask)
    question = decide(of, search_key("exam.vn"), 0)
    assert not decide_chain(of, question, [("vn.cdn.", 0)]).blocked
    assert decide_chain(of, question, [("vn.cdn.", adult.mask)]).rank is Rank.CATEGORY
