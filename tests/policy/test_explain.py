"""An explanation agrees with the decision and shows what spoke for and against."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, CATEGORIES, NEVER_BLOCK, SEALED, Category, mask_of
from schoolguard.dns.names import key_of_wire, search_key
from schoolguard.lists.model import Flag
from schoolguard.policy.decide import Rule, decide
from schoolguard.policy.evidence import EXCEPTION, Evidence, Source
from schoolguard.policy.explain import as_dict, explain
from schoolguard.policy.model import Blocking, Plan
from schoolguard.policy.screen import lines


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


PRIMARY = Plan(
    mask_of(["adult", "games"]) | SEALED,
    allow=frozenset({"olm.vn"}),
    deny=frozenset({"zing.vn", "mp3.zing.vn"}),
    blocking=Blocking(),
)
ADULT, GAMES, SOCIAL, ALLOW, NEVER = 2, 10, 11, 62, 63


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
    assert explanation.decision.rule is Rule.SAFETY_NET
    assert explanation.steps[1].evidence == (Evidence((Source("edu.vn", "never-block"),)),)
    (beaten,) = explanation.beaten
    assert beaten.rule is Rule.CATEGORY
    (evidence,) = beaten.evidence
    assert evidence.category is CATEGORIES[ADULT]
    assert evidence.sources == (Source("vio.edu.vn", "list-x"), Source("vio.edu.vn", "list-y"))


def test_every_matching_own_name_is_shown() -> None:
    explanation = explain(PRIMARY, search_key("a.mp3.zing.vn"), 0, [])
    assert explanation.steps[2].evidence == (Evidence((Source("zing.vn"), Source("mp3.zing.vn"))),)
    assert explanation.decision.name == "zing.vn"


def test_what_lifted_a_category_is_shown() -> None:
    hits = [
        Listed("garena.vn", "games", GAMES),
        Listed("garena.vn", "school-allow", ALLOW),
    ]
    explanation = explain(PRIMARY, search_key("garena.vn"), 1 << GAMES | ALLOWED, hits)
    step = explanation.steps[4]
    assert explanation.decision.rule is Rule.DEFAULT
    assert step.decision is None
    assert [e.category for e in step.evidence] == [CATEGORIES[GAMES]]
    assert step.lifted_by == (Source("garena.vn", "school-allow"),)
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
    assert explanation.steps[4].evidence == (Evidence((Source("x.vn", "list-b"),), CATEGORIES[GAMES]),)


def test_categories_the_plan_leaves_open_are_shown() -> None:
    own = Category("lich-su", 45, "Lịch sử", "History")
    hits = [Listed("x.vn", "mine", 45), Listed("x.vn", "social", SOCIAL)]
    explanation = explain(PRIMARY, search_key("x.vn"), 1 << 45 | 1 << SOCIAL, hits, [*CATEGORIES, own])
    assert [e.category for e in explanation.open] == [CATEGORIES[SOCIAL], own]


def test_sealed_categories_belong_to_the_first_rule_alone() -> None:
    nothing_blocked = Plan(0, frozenset(), frozenset(), Blocking())
    for of in (PRIMARY, nothing_blocked):
        explanation = explain(of, search_key("x.vn"), SEALED, [Listed("x.vn", "order", 1)])
        assert [e.category for e in explanation.steps[0].evidence] == list(CATEGORIES[:2])
        assert explanation.steps[4].decision is None
        assert explanation.open == ()


def test_the_default_is_never_called_beaten() -> None:
    assert explain(PRIMARY, search_key("x.vn"), 1 << GAMES, []).beaten == ()


def test_bit_without_category_is_not_hidden() -> None:
    explanation = explain(PRIMARY, search_key("x.vn"), 1 << 45, [Listed("x.vn", "mine", 45)])
    (evidence,) = explanation.open
    assert evidence.category is not None
    assert evidence.category.name == "bit 45"
    assert evidence.sources == (Source("x.vn", "mine"),)


def test_as_dict_names_everything_for_machines() -> None:
    hits = [Listed("garena.vn", "games", GAMES)]
    shown = json.loads(json.dumps(as_dict(explain(PRIMARY, search_key("garena.vn"), 1 << GAMES, hits))))
    assert shown["name"] == "garena.vn"
    assert shown["blocked"] is True
    assert shown["rule"] == {"number": 5, "name": "category"}
    assert shown["category"] == "games"
    assert shown["matched"] is None
    assert [step["rule"]["name"] for step in shown["steps"]] == [
        "sealed",
        "safety-net",
        "deny",
        "allow",
        "category",
        "default",
    ]
    assert shown["steps"][4] == {
        "rule": {"number": 5, "name": "category"},
        "would": "block",
        "decided": True,
        "beaten": False,
        "evidence": [{"category": "games", "sources": [{"name": "garena.vn", "list": "games"}]}],
        "lifted_by": [],
    }
    assert shown["steps"][5]["would"] == "allow"
    assert shown["steps"][3]["would"] is None


NAMES = st.sampled_from(["vn", "zing.vn", "a.mp3.zing.vn", "olm.vn", "x.example"])
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


@given(NAMES, MASKS, HITS)
def test_explanation_agrees_with_the_decision_and_fits_a_screen(
    name: str, mask: int, hits: list[Listed]
) -> None:
    key = search_key(name)
    explanation = explain(PRIMARY, key, mask, hits)
    assert explanation.decision == decide(PRIMARY, key, mask)
    assert explanation == explain(PRIMARY, key, mask, hits[::-1])
    assert [step.rule for step in explanation.steps] == list(Rule)
    assert explanation.decision not in [step.decision for step in explanation.beaten]
    assert len(lines(explanation, str)) <= 22
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
