"""The order of decision as a table, and what must hold for every input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, BY_NAME, CATEGORIES, NEVER_BLOCK, SEALED, Category, mask_of
from schoolguard.dns.names import key_of_wire, search_key, to_wire
from schoolguard.policy.decide import ORDER, Decision, Rule, decide, decide_chain
from schoolguard.policy.model import Blocking, Plan


def plan(blocked: str, deny: str = "", allow: str = "") -> Plan:
    mask = mask_of(blocked.split()) | SEALED
    return Plan(mask, frozenset(allow.split()), frozenset(deny.split()), Blocking())


PLANS = {
    "primary": plan("adult gambling games social streaming ads", deny="zing.vn", allow="olm.vn kahoot.it"),
    "thpt": plan("adult gambling", deny="edu.vn chat.zalo.me", allow="zalo.me www.zing.vn"),
    "staff": plan(""),
}

# "never" is the safety net's bit, "lifted" that of an allow list.
SCENARIOS = """
plan     name               lists say               verdict  rule        cause
staff    sealed.example     illegal                 block    SEALED      illegal
staff    both.example       takedown,illegal        block    SEALED      illegal
primary  help.example       takedown,never,lifted   block    SEALED      takedown
primary  olm.vn             takedown                block    SEALED      takedown
primary  vio.edu.vn         adult,never             allow    SAFETY_NET  -
thpt     vio.edu.vn         adult,never             allow    SAFETY_NET  -
thpt     vio.edu.vn         -                       block    DENY        edu.vn
primary  zing.vn            -                       block    DENY        zing.vn
primary  mp3.zing.vn        -                       block    DENY        zing.vn
primary  amazing.vn         -                       allow    DEFAULT     -
primary  zing.vn.example    -                       allow    DEFAULT     -
primary  vn                 -                       allow    DEFAULT     -
primary  zing.vn            lifted                  block    DENY        zing.vn
thpt     www.zing.vn        adult                   allow    ALLOW       www.zing.vn
thpt     a.www.zing.vn      adult                   allow    ALLOW       www.zing.vn
thpt     zing.vn            adult                   block    CATEGORY    adult
thpt     id.zalo.me         adult                   allow    ALLOW       zalo.me
thpt     chat.zalo.me       -                       block    DENY        chat.zalo.me
primary  garena.vn          games                   block    CATEGORY    games
primary  garena.vn          games,ads,gambling      block    CATEGORY    gambling
primary  garena.vn          games,lifted            allow    DEFAULT     -
primary  kahoot.it          games                   allow    ALLOW       kahoot.it
thpt     garena.vn          games                   allow    DEFAULT     -
staff    garena.vn          games,adult             allow    DEFAULT     -
staff    example.vn         -                       allow    DEFAULT     -
"""
ROWS = [line.split() for line in SCENARIOS.strip().splitlines()[1:]]


def mask_from(words: str) -> int:
    own = {"never": NEVER_BLOCK, "lifted": ALLOWED, "-": 0}
    mask = 0
    for word in words.split(","):
        mask |= own[word] if word in own else BY_NAME[word].mask
    return mask


@pytest.mark.parametrize("row", ROWS, ids=["-".join(row[:3]) for row in ROWS])
def test_scenario(row: list[str]) -> None:
    of, name, lists, verdict, rule, cause = row
    bit = BY_NAME[cause].bit if cause in BY_NAME else -1
    matched = "" if cause == "-" or bit >= 0 else cause
    expected = Decision(verdict == "block", Rule[rule], bit, matched)
    assert decide(PLANS[of], search_key(name), mask_from(lists)) == expected


def test_rules_are_numbered_from_one_in_the_order_they_are_tried() -> None:
    assert [rule.value for rule in Rule] == list(range(1, len(ORDER) + 1))
    assert [judge.__name__.upper() for judge in ORDER] == [rule.name for rule in Rule]


def test_broadest_own_name_is_the_cause() -> None:
    """Taking away the narrow one would change nothing, so that is not the one to name."""
    both = plan("", deny="www.example.vn example.vn")
    assert decide(both, search_key("a.www.example.vn"), 0).name == "example.vn"


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
def test_hostile_labels_are_decided_by_label(labels: list[bytes], blocked: bool) -> None:
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    assert decide(plan("", deny="evil.vn"), key_of_wire(wire), 0).blocked is blocked


def test_root_is_decided() -> None:
    assert decide(PLANS["thpt"], key_of_wire(b"\0"), 0).rule is Rule.DEFAULT


CHAINS = """
plan     question,lists        targets,lists                          verdict  rule
primary  cdn.example           -                                      allow    DEFAULT
primary  cdn.example           a.example b.example                    allow    DEFAULT
primary  shop.example          t.example/ads                          block    CATEGORY
primary  shop.example          t.example/ads b.example/adult          block    CATEGORY
primary  shop.example          b.example/adult w.zing.vn              block    DENY
primary  shop.example          olm.vn                                 allow    DEFAULT
primary  shop.example          olm.vn/games t.example/ads             block    CATEGORY
primary  shop.example/lifted   t.example/ads                          block    CATEGORY
primary  olm.vn                t.example/ads w.zing.vn                allow    ALLOW
primary  help.example/never    t.example/ads w.zing.vn                allow    SAFETY_NET
primary  olm.vn                t.example/ads bad.example/illegal      block    SEALED
primary  help.example/never    bad.example/takedown                   block    SEALED
primary  shop.example          w.zing.vn bad.example/illegal          block    SEALED
primary  garena.vn/games       olm.vn help.example/never              block    CATEGORY
staff    shop.example          t.example/ads                          allow    DEFAULT
"""
CHAIN_ROWS = [line.split() for line in CHAINS.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", CHAIN_ROWS, ids=["-".join(row[:-2]) for row in CHAIN_ROWS])
def test_chain(row: list[str]) -> None:
    of, question, *targets, verdict, rule = row

    def split(text: str) -> tuple[str, int]:
        name, _, lists = text.partition("/")
        return search_key(name), mask_from(lists or "-")

    first = decide(PLANS[of], *split(question))
    decision = decide_chain(PLANS[of], first, [split(target) for target in targets if target != "-"])
    assert (decision.blocked, decision.rule) == (verdict == "block", Rule[rule])


def test_gravest_target_is_the_cause_in_any_order() -> None:
    primary = PLANS["primary"]
    question = decide(primary, "example.shop.", 0)
    targets = [("example.a.", mask_from("ads")), ("example.b.", mask_from("adult")), ("example.c.", 0)]
    for chain in (targets, targets[::-1]):
        assert decide_chain(primary, question, chain).bit == BY_NAME["adult"].bit


NAMES = [
    ".".join(parts) for parts in ("vn", ("a", "vn"), ("b", "a", "vn"), ("c", "vn"), ("x", "b", "a", "vn"))
]
names = st.sampled_from(NAMES)
masks = st.sets(
    st.sampled_from([c.mask for c in CATEGORIES] + [1 << 45, ALLOWED, NEVER_BLOCK]), max_size=5
).map(sum)
name_sets = st.frozensets(names, max_size=3)
plans = st.builds(
    Plan, masks.map(lambda m: m & ~(ALLOWED | NEVER_BLOCK)), name_sets, name_sets, st.just(Blocking())
)


@given(plans, names, masks, st.sampled_from([c for c in CATEGORIES if c.sealed]))
def test_sealed_is_never_allowed(of: Plan, name: str, mask: int, sealed: Category) -> None:
    mask |= sealed.mask
    question = decide(of, search_key(name), mask)
    assert question.blocked
    assert question.rule is Rule.SEALED


@given(plans, names, masks, names)
def test_a_deny_never_unblocks(of: Plan, name: str, mask: int, more: str) -> None:
    stricter = Plan(of.blocked, of.allow, of.deny | {more}, of.blocking)
    assert decide(stricter, search_key(name), mask).blocked >= decide(of, search_key(name), mask).blocked


@given(plans, names, masks, st.sampled_from(CATEGORIES))
def test_a_category_never_unblocks(of: Plan, name: str, mask: int, more: Category) -> None:
    stricter = Plan(of.blocked | more.mask, of.allow, of.deny, of.blocking)
    assert decide(stricter, search_key(name), mask).blocked >= decide(of, search_key(name), mask).blocked


@given(plans, names, masks, names)
def test_an_allow_never_blocks(of: Plan, name: str, mask: int, more: str) -> None:
    laxer = Plan(of.blocked, of.allow | {more}, of.deny, of.blocking)
    assert decide(laxer, search_key(name), mask).blocked <= decide(of, search_key(name), mask).blocked


@given(st.permutations(NAMES), st.permutations(NAMES), names, masks)
def test_order_of_own_names_does_not_matter(allow: list[str], deny: list[str], name: str, mask: int) -> None:
    one = Plan(1, frozenset(allow[:3]), frozenset(deny[:2]), Blocking())
    other = Plan(1, frozenset(sorted(allow[:3])), frozenset(sorted(deny[:2], reverse=True)), Blocking())
    assert one == other
    assert hash(one) == hash(other)
    assert decide(one, search_key(name), mask) == decide(other, search_key(name), mask)


@given(plans, names, masks, st.lists(st.tuples(names.map(search_key), masks), max_size=4))
def test_a_chain_only_adds_blocks(of: Plan, name: str, mask: int, targets: list[tuple[str, int]]) -> None:
    question = decide(of, search_key(name), mask)
    whole = decide_chain(of, question, targets)
    assert whole == question or (whole.blocked and not question.blocked)
    assert whole.blocked or not any(mask & SEALED for _, mask in targets)
    assert whole == decide_chain(of, question, targets[::-1])


@given(plans, st.lists(st.binary(min_size=1, max_size=63), max_size=3), masks)
@settings(max_examples=200)
def test_any_wire_name_is_decided_like_its_plain_parents(of: Plan, labels: list[bytes], mask: int) -> None:
    """Whatever stands in the labels, a name under a denied one is denied."""
    wire = b"".join(bytes([len(label)]) + label for label in labels) + to_wire("b.a.vn")
    denied = Plan(of.blocked, of.allow, of.deny | {"a.vn"}, of.blocking)
    assert decide(denied, key_of_wire(wire), mask & ~NEVER_BLOCK).blocked
