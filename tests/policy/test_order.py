"""The order of decision as tables: every layer against every layer, every rank against those below it."""

from __future__ import annotations

import pytest

from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Rank, decide
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube
from tests.policy.tables import CATEGORY, cause_of, ids_of, mask_from, rows_of, rule_from, verdict_of

NAMES = {"x": "x.example", "www.x": "www.x.example", "a.www.x": "a.www.x.example", "ww.x": "ww.x.example"}
NAMES |= {"y": "y.example"}
ASKED = search_key("www.x.example")
ROWS = [*rows_of("layers.txt"), *rows_of("ranks.txt")]


class InForce:
    """What one row says is in force: sentences such as ``group block x``, put together by ``+``."""

    def __init__(self, text: str) -> None:
        self.rules: list[Rule] = []
        self.budgets: dict[str, Budget] = {}
        self.spent: set[str] = set()
        self.tier = self.shadow = 0
        self.safe_search = SafeSearch()
        self.engines = Engines()
        for sentence in text.split(" + ") if text != "-" else ():
            words = sentence.split()
            self._say(words[words[0] == "trial" :], trial=words[0] == "trial")

    def _say(self, words: list[str], trial: bool) -> None:
        match words:
            case ["tier", categories] if trial:
                self.shadow |= mask_from(categories)
            case ["tier", categories]:
                self.tier |= mask_from(categories)
            case ["exam", target]:
                self._rule(Layer.SCHOOL, Verb.ALLOW_ONLY, target, trial)
            case ["spent" | "budget" as word, target]:
                self._budget(target, spent=word == "spent")
            case ["search"]:
                self.safe_search = SafeSearch(on=True)
            case ["youtube", level]:
                self.safe_search = SafeSearch(youtube=YouTube(level))
            case ["engine", name]:
                self.engines = Engines(zones={search_key(NAMES[name]): "Tìm Kiếm"})
            case ["safe", name]:
                key = search_key(NAMES[name])
                levels = {
                    YouTube.STRICT: {key: "strict.example"},
                    YouTube.MODERATE: {key: "moderate.example"},
                }
                self.engines = Engines(safe={key: "safe.example"}, youtube=levels)
            case [layer, verb, target]:
                self._rule(Layer[layer.upper()], Verb(verb), target, trial)
            case _:
                raise ValueError(f"{' '.join(words)!r} says nothing")

    def _rule(self, layer: Layer, verb: Verb, target: str, trial: bool) -> None:
        targets = [f"category:{target}" if target in CATEGORY else NAMES[target]]
        self.rules.append(rule_from(layer, verb, targets, shadow=trial))

    def _budget(self, target: str, spent: bool) -> None:
        names = frozenset() if target in CATEGORY else frozenset({NAMES[target]})
        categories = mask_from(target) if target in CATEGORY else 0
        self.budgets[target] = Budget(target, "Trò chơi", 60, names, categories)
        self.spent |= {target} if spent else set()

    def plan(self) -> Plan:
        """Return the plan of a group under it all."""
        tier = Tier("thcs", "THCS", "Lower secondary", self.tier)
        passes = [rule for rule in self.rules if rule.layer is Layer.PASS]
        group = Group(
            "th-a",
            "Lớp 6A",
            tier,
            rules=tuple(rule for rule in self.rules if rule not in passes),
            budgets=tuple(self.budgets.values()),
            safe_search=self.safe_search,
            shadow=self.shadow,
        )
        return plan_of(group, self.engines, 0.0, passes=passes, spent=frozenset(self.spent))


@pytest.mark.parametrize("row", ROWS, ids=ids_of(ROWS))
def test_case(row: list[str]) -> None:
    text, lists, verdict, rank, cause = row
    plan, mask = InForce(text).plan(), mask_from(lists)
    decision = decide(plan, ASKED, mask)
    shadow = None if plan.shadow is None else decide(plan.shadow, ASKED, mask)
    assert (verdict_of(decision, shadow), decision.rank, cause_of(decision)) == (verdict, Rank[rank], cause)


@pytest.mark.parametrize("row", ROWS, ids=ids_of(ROWS))
def test_order_in_the_file_does_not_matter(row: list[str]) -> None:
    text, lists, *_ = row
    one, other = InForce(text).plan(), InForce(" + ".join(reversed(text.split(" + ")))).plan()
    assert one == other
    assert hash(one) == hash(other)
    assert decide(one, ASKED, mask_from(lists)) == decide(other, ASKED, mask_from(lists))


def test_every_rank_decides_and_no_case_stands_twice() -> None:
    assert {rank for _, _, _, rank, _ in ROWS} == set(Rank.__members__)
    assert len({(row[0], row[1]) for row in ROWS}) == len(ROWS)


def test_a_sentence_that_says_nothing_is_no_case() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        InForce("group blocks")
