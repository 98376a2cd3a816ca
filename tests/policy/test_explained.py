"""An explanation for machines: one shape, words of the configuration, times that say their zone."""

from __future__ import annotations

import json
from typing import Any

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.explain import explain
from schoolguard.policy.explained import as_dict
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch
from tests.policy.world import instant

GAMES = BY_NAME["games"].mask
CLOSED = Rule(
    Layer.SCHOOL,
    Verb.BLOCK,
    frozenset({"zing.vn", "zingmp3.vn"}),
    GAMES,
    ("zing",),
    "Hiệu trưởng",
    "Giờ học",
    frozenset({"gio-hoc", "thi"}),
    instant("Tue 2027-06-01 00:00"),
    place="schools/a.yaml:12",
)
AS_DICT = {
    "layer": "school",
    "verb": "block",
    "services": ["zing"],
    "owner": "Hiệu trưởng",
    "reason": "Giờ học",
    "during": ["gio-hoc", "thi"],
    "until": "2027-06-01T00:00:00+07:00",
    "shadow": False,
    "place": "schools/a.yaml:12",
}
TRIED = Rule(Layer.GROUP, Verb.ALLOW, frozenset({"zing.vn"}), owner="6A", reason="s", shadow=True)
BUDGET = Budget("games", "Trò chơi", 60, categories=GAMES, owner="Hiệu trưởng", reason="Sức khỏe")
TIER = Tier("thcs", "THCS", "Lower secondary", 0)
ENGINES = Engines({search_key("www.google.com"): "safe.example"}, zones={search_key("coccoc.com"): "Cốc Cốc"})


def plan(*rules: Rule, spent: str = "") -> Plan:
    group = Group("th-a", "6A", TIER, rules=rules, budgets=(BUDGET,), safe_search=SafeSearch(True))
    return plan_of(group, ENGINES, 0.0, frozenset({"thi"}), spent=frozenset({spent}))


def shown(of: Plan, name: str, mask: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(as_dict(explain(of, search_key(name), mask, []))))
    return found


def test_a_rule_is_an_object_in_the_words_of_the_configuration() -> None:
    found = shown(plan(CLOSED, TRIED), "mp3.zing.vn")
    steps, shadow = found.pop("steps"), found.pop("shadow")
    assert found == {
        "name": "mp3.zing.vn",
        "blocked": True,
        "rank": {"number": 7, "name": "rule"},
        "matched": "zing.vn",
        "rule": AS_DICT,
        "budget": None,
        "engine": None,
        "redirect": None,
        "category": None,
        "open": [],
        "exceptions": [],
        "lifted": [],
    }
    assert steps[6] == {
        "rank": {"number": 7, "name": "rule"},
        "would": "block",
        "decided": True,
        "beaten": False,
        "evidence": [],
        "rules": [{**AS_DICT, "matched": "zing.vn", "category": None}],
        "budgets": [],
        "lifted_by": [],
    }
    assert steps[9]["would"] == "allow"
    assert steps[3]["would"] is None
    assert (shadow["blocked"], shadow["rank"]["name"], shadow["rule"]["owner"]) == (False, "rule", "6A")
    assert (shadow["rule"]["shadow"], shadow["rule"]["until"], shadow["rule"]["place"]) == (True, None, None)


def test_ranks_stand_in_order_by_number_and_name() -> None:
    ranks = [step["rank"] for step in shown(plan(), "x.vn")["steps"]]
    names = "sealed safety-net lock pass exam budget rule category safe-search default"
    assert ranks == [{"number": i, "name": name} for i, name in enumerate(names.split(), 1)]


def test_a_category_names_the_rule_that_closed_it() -> None:
    found = shown(plan(CLOSED), "x.vn", GAMES)
    assert (found["category"], found["rule"], found["matched"]) == ("games", None, None)
    assert found["steps"][7]["evidence"] == [{"category": "games", "sources": [], "by": AS_DICT}]
    assert found["steps"][7]["rules"] == [{**AS_DICT, "matched": None, "category": "games"}]


def test_a_budget_says_whether_it_is_used_up() -> None:
    for spent in (False, True):
        found = shown(plan(spent="games" if spent else ""), "x.vn", GAMES)
        budget = {
            "id": "games",
            "label": "Trò chơi",
            "minutes": 60,
            "layer": "school",
            "owner": "Hiệu trưởng",
            "reason": "Sức khỏe",
        }
        assert found["budget"] == (budget if spent else None)
        assert found["steps"][5]["budgets"] == [{**budget, "used_up": spent}]


def test_search_engines_have_their_redirect_or_their_name() -> None:
    assert shown(plan(), "www.google.com")["redirect"] == "safe.example"
    assert shown(plan(), "coccoc.com")["engine"] == "Cốc Cốc"
