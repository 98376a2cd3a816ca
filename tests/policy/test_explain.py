"""An explanation agrees with the decision and shows what spoke for and against."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, BY_NAME, CATEGORIES, NEVER_BLOCK, SEALED, Category
from schoolguard.dns.names import key_of_wire, search_key
from schoolguard.lists.model import Flag
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Decision, Rank, decide
from schoolguard.policy.evidence import EXCEPTION, Cited, Covering, Evidence, Source
from schoolguard.policy.explain import Explanation, Step, explain
from schoolguard.policy.explained import as_dict
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch
from schoolguard.policy.screen import MOST_LINES, lines


@dataclass(frozen=True)
class Listed:
    """What the lists hand over; ``place`` is the bit that the entry gives."""

    name: str
    list_id: str
    place: int
    flags: Flag = Flag.SUBTREE
    lifted: bool = False

    @property
    def mask(self) -> int:
        return 0 if self.flags & Flag.EXCEPTION else 1 << self.place


ADULT, GAMES, SOCIAL, ALLOW, NEVER = 2, 10, 11, 62, 63
BLOCKED = 1 << ADULT | 1 << GAMES


def rule(layer: Layer, verb: Verb, *names: str, categories: int = 0, shadow: bool = False) -> Rule:
    return Rule(layer, verb, frozenset(names), categories, owner=layer.name, reason="r", shadow=shadow)


CLOSED = rule(Layer.SCHOOL, Verb.BLOCK, "zing.vn", "mp3.zing.vn")
OPEN = rule(Layer.GROUP, Verb.ALLOW, "olm.vn", "hoc.zing.vn")
ENGINES = Engines({search_key("www.google.com"): "safe.example"}, zones={search_key("coccoc.com"): "Cốc Cốc"})


def plan(*rules: Rule, blocked: int = BLOCKED, shadow: int = 0, **of_group: object) -> Plan:
    tier = Tier("primary", "Tiểu học", "Primary", blocked)
    passes = [each for each in rules if each.layer is Layer.PASS]
    others = tuple(each for each in rules if each.layer is not Layer.PASS)
    group = Group("th-a", "6A", tier, rules=others, shadow=shadow, **of_group)  # type: ignore[arg-type]
    return plan_of(group, ENGINES, 0.0, passes=passes, spent=frozenset({"spent"}))


PRIMARY = plan(CLOSED, OPEN)


def step(explanation: Explanation, rank: Rank) -> Step:
    return explanation.steps[rank - 1]


def test_exception_flag_is_that_of_the_lists() -> None:
    assert Flag.EXCEPTION == EXCEPTION


def test_safety_net_beats_adult_lists() -> None:
    hits = [
        Listed("vio.edu.vn", "list-x", ADULT),
        Listed("vio.edu.vn", "list-y", ADULT),
        Listed("edu.vn", "never-block", NEVER),
    ]
    explanation = explain(PRIMARY, search_key("www.vio.edu.vn"), 1 << ADULT | NEVER_BLOCK, hits)
    assert explanation.name == "www.vio.edu.vn"
    assert explanation.decision.rank is Rank.SAFETY_NET
    assert step(explanation, Rank.SAFETY_NET).evidence == (Evidence((Source("edu.vn", "never-block"),)),)
    (beaten,) = explanation.beaten
    assert beaten.rank is Rank.CATEGORY
    (evidence,) = beaten.evidence
    assert evidence.category is CATEGORIES[ADULT]
    assert evidence.sources == (Source("vio.edu.vn", "list-x"), Source("vio.edu.vn", "list-y"))


def test_every_rule_that_names_it_is_shown_in_the_order_it_is_tried() -> None:
    commune = rule(Layer.COMMUNE, Verb.ALLOW, "mp3.zing.vn")
    tie = rule(Layer.SCHOOL, Verb.ALLOW, "mp3.zing.vn")
    broad = rule(Layer.SCHOOL, Verb.ALLOW, "vn")
    other = rule(Layer.GROUP, Verb.BLOCK, "example.vn")
    explanation = explain(plan(commune, tie, CLOSED, broad, other), search_key("a.mp3.zing.vn"), 0, [])
    assert step(explanation, Rank.RULE).rules == (
        Cited(CLOSED, "mp3.zing.vn"),
        Cited(tie, "mp3.zing.vn"),
        Cited(broad, "vn"),
        Cited(commune, "mp3.zing.vn"),
    )
    assert (explanation.decision.rule, explanation.decision.name) == (CLOSED, "mp3.zing.vn")


def test_locks_show_names_and_categories_highest_layer_first() -> None:
    games, social = BY_NAME["games"], BY_NAME["social"]
    lower = rule(Layer.COMMUNE, Verb.LOCKED_ALLOW, "x.vn", categories=games.mask)
    upper = rule(Layer.PROVINCE, Verb.LOCKED_BLOCK, categories=games.mask | social.mask)
    explanation = explain(plan(lower, upper), search_key("x.vn"), games.mask, [])
    assert step(explanation, Rank.LOCK).rules == (
        Cited(upper, category=games),
        Cited(lower, "x.vn"),
        Cited(lower, category=games),
    )
    assert explanation.decision == Decision(True, Rank.LOCK, GAMES, rule=upper)
    assert explanation.category is games


def test_passes_exams_and_budgets_that_concern_it_are_shown() -> None:
    given_pass = rule(Layer.PASS, Verb.ALLOW, "x.vn")
    exam, other_exam = rule(Layer.SCHOOL, Verb.ALLOW_ONLY, "y.vn"), rule(Layer.GROUP, Verb.ALLOW_ONLY, "x.vn")
    spent, left, foreign = (
        Budget("spent", "A", 60, frozenset({"x.vn"})),
        Budget("left", "B", 60, categories=1 << GAMES),
        Budget("foreign", "C", 60, frozenset({"z.vn"})),
    )
    of = plan(given_pass, exam, other_exam, budgets=(foreign, left, spent))
    explanation = explain(of, search_key("x.vn"), 1 << GAMES, [])
    assert explanation.decision.rank is Rank.PASS
    assert step(explanation, Rank.PASS).rules == (Cited(given_pass, "x.vn"),)
    assert step(explanation, Rank.EXAM).rules == (Cited(exam),)
    assert step(explanation, Rank.BUDGET).budgets == (Covering(left, False), Covering(spent, True))
    assert [each.rank for each in explanation.beaten] == [Rank.EXAM, Rank.BUDGET, Rank.CATEGORY]


def test_a_category_shows_which_rule_closed_or_opened_it() -> None:
    opened = rule(Layer.GROUP, Verb.ALLOW, categories=1 << GAMES)
    overruled = rule(Layer.COMMUNE, Verb.BLOCK, categories=1 << GAMES)
    closed = rule(Layer.SCHOOL, Verb.BLOCK, categories=1 << SOCIAL)
    hits = [Listed("x.vn", "l", GAMES), Listed("x.vn", "l", SOCIAL), Listed("x.vn", "l", ADULT)]
    mask = 1 << GAMES | 1 << SOCIAL | 1 << ADULT
    explanation = explain(plan(opened, overruled, closed), search_key("x.vn"), mask, hits)
    by = {e.category.bit: e.by for e in step(explanation, Rank.CATEGORY).evidence if e.category}
    assert by == {ADULT: None, SOCIAL: closed}
    (left_open,) = explanation.open
    assert (left_open.category, left_open.by) == (BY_NAME["games"], opened)
    cited = [each.rule for each in step(explanation, Rank.CATEGORY).rules]
    assert cited == [opened, closed, overruled]


def test_a_category_that_a_pass_opened_says_so() -> None:
    closed = rule(Layer.SCHOOL, Verb.BLOCK, categories=1 << GAMES)
    given_pass = rule(Layer.PASS, Verb.ALLOW, categories=1 << GAMES)
    (left_open,) = explain(plan(closed, given_pass), search_key("x.vn"), 1 << GAMES, []).open
    assert left_open.by == given_pass


def test_search_engines_show_where_they_lead() -> None:
    of = plan(safe_search=SafeSearch(True))
    assert explain(of, search_key("www.google.com"), 0, []).decision.redirect == "safe.example"
    refused = explain(of, search_key("a.coccoc.com"), 0, [])
    assert refused.decision == Decision(True, Rank.SAFE_SEARCH, engine="Cốc Cốc")
    assert step(refused, Rank.SAFE_SEARCH).decision == refused.decision


def test_what_is_on_trial_is_shown_where_it_would_turn_the_verdict() -> None:
    tried = rule(Layer.PROVINCE, Verb.LOCKED_BLOCK, "x.vn", shadow=True)
    shadow = explain(plan(tried), search_key("x.vn"), 0, []).shadow
    assert shadow == Decision(True, Rank.LOCK, name="x.vn", rule=tried)
    assert explain(plan(tried), search_key("y.vn"), 0, []).shadow is None
    assert explain(plan(tried), search_key("x.vn"), 1 << GAMES, []).shadow is None
    category = explain(plan(blocked=0, shadow=1 << GAMES), search_key("x.vn"), 1 << GAMES, [])
    assert category.shadow == Decision(True, Rank.CATEGORY, GAMES)
    assert explain(plan(), search_key("x.vn"), 0, []).shadow is None


def test_what_lifted_a_category_is_shown() -> None:
    hits = [
        Listed("garena.vn", "games", GAMES),
        Listed("garena.vn", "school-allow", ALLOW),
    ]
    explanation = explain(PRIMARY, search_key("garena.vn"), 1 << GAMES | ALLOWED, hits)
    category = step(explanation, Rank.CATEGORY)
    assert explanation.decision.rank is Rank.DEFAULT
    assert category.decision is None
    assert [e.category for e in category.evidence] == [CATEGORIES[GAMES]]
    assert category.lifted_by == (Source("garena.vn", "school-allow"),)
    assert explanation.beaten == ()


def test_what_an_exception_took_back_is_no_evidence() -> None:
    hits = [
        Listed("x.vn", "list-a", ADULT, lifted=True),
        Listed("www.x.vn", "list-a", ADULT, Flag.EXCEPTION | Flag.IMPORTANT),
        Listed("x.vn", "list-b", GAMES),
    ]
    explanation = explain(PRIMARY, search_key("www.x.vn"), 1 << GAMES, hits)
    assert explanation.exceptions == (Source("www.x.vn", "list-a"),)
    assert explanation.lifted == (Source("x.vn", "list-a"),)
    evidence = Evidence((Source("x.vn", "list-b"),), CATEGORIES[GAMES])
    assert step(explanation, Rank.CATEGORY).evidence == (evidence,)


def test_categories_the_plan_leaves_open_are_shown() -> None:
    own = Category("lich-su", 45, "Lịch sử", "History")
    hits = [Listed("x.vn", "mine", 45), Listed("x.vn", "social", SOCIAL)]
    explanation = explain(PRIMARY, search_key("x.vn"), 1 << 45 | 1 << SOCIAL, hits, [*CATEGORIES, own])
    assert [e.category for e in explanation.open] == [CATEGORIES[SOCIAL], own]


def test_sealed_categories_belong_to_the_first_rank_alone() -> None:
    opens, closes = (
        rule(Layer.PROVINCE, verb, categories=SEALED) for verb in (Verb.LOCKED_ALLOW, Verb.LOCKED_BLOCK)
    )
    for of in (PRIMARY, plan(blocked=0), plan(opens), plan(closes)):
        explanation = explain(of, search_key("x.vn"), SEALED, [Listed("x.vn", "order", 1)])
        assert [e.category for e in explanation.steps[0].evidence] == list(CATEGORIES[:2])
        assert [e.by for e in explanation.steps[0].evidence] == [None, None]
        assert step(explanation, Rank.LOCK) == Step(Rank.LOCK, None)
        assert step(explanation, Rank.CATEGORY) == Step(Rank.CATEGORY, None)
        assert explanation.open == ()


def test_the_default_is_never_called_beaten() -> None:
    assert explain(PRIMARY, search_key("x.vn"), 1 << GAMES, []).beaten == ()


def test_bit_without_category_is_not_hidden() -> None:
    explanation = explain(PRIMARY, search_key("x.vn"), 1 << 45, [Listed("x.vn", "mine", 45)])
    (evidence,) = explanation.open
    assert evidence.category is not None
    assert evidence.category.name == "bit 45"
    assert evidence.sources == (Source("x.vn", "mine"),)


NAMES = st.sampled_from(
    ["vn", "zing.vn", "a.mp3.zing.vn", "olm.vn", "x.example", "www.google.com", "coccoc.com"]
)
MASKS = st.sets(st.integers(0, 63), max_size=12).map(lambda bits: sum(1 << bit for bit in bits))
HITS = st.lists(
    st.builds(
        Listed,
        NAMES,
        st.sampled_from([f"list-{i}" for i in range(9)]),
        st.integers(0, 63),
        st.sampled_from([Flag.SUBTREE, Flag.EXACT, Flag.EXCEPTION, Flag.IMPORTANT]),
        st.booleans(),
    ),
    max_size=40,
)
CROWDED = plan(
    *(
        Rule(
            layer,
            verb,
            frozenset({"vn", "zing.vn"}),
            3 << GAMES,
            ("zing",),
            f"o{i}",
            "r",
            frozenset({"w"} if i < 0 else ()),
        )
        for layer in (Layer.PROVINCE, Layer.COMMUNE, Layer.SCHOOL, Layer.GROUP, Layer.PASS)
        for verb in Verb
        for i in range(3)
        if layer is not Layer.PASS or verb is Verb.ALLOW
    ),
    rule(Layer.GROUP, Verb.BLOCK, "olm.vn", shadow=True),
    budgets=tuple(Budget(f"b{i}", "B", 60, frozenset({"vn"})) for i in range(9)),
    safe_search=SafeSearch(True),
)


@given(st.sampled_from([PRIMARY, CROWDED]), NAMES, MASKS, HITS)
def test_explanation_agrees_with_the_decision_and_fits_a_screen(
    of: Plan, name: str, mask: int, hits: list[Listed]
) -> None:
    key = search_key(name)
    explanation = explain(of, key, mask, hits)
    assert explanation.decision == decide(of, key, mask)
    assert explanation == explain(of, key, mask, hits[::-1])
    assert [each.rank for each in explanation.steps] == list(Rank)
    assert explanation.decision not in [each.decision for each in explanation.beaten]
    assert len(lines(explanation, str)) <= MOST_LINES
    json.dumps(as_dict(explanation))


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3))
def test_hostile_names_are_shown_printable(labels: list[bytes]) -> None:
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    first = lines(explain(PRIMARY, key_of_wire(wire), 0, []), str)[0]
    assert first.isascii()
    assert first.isprintable()


def test_escaped_labels_are_shown_in_the_order_they_were_asked() -> None:
    assert explain(PRIMARY, key_of_wire(b"\x03www\x06evil.a\x02vn\0"), 0, []).name == "www.evil\\.a.vn"
    assert explain(PRIMARY, key_of_wire(b"\0"), 0, []).name == "."
