"""Random groups, rules, names and masks: few names and categories, so that rules meet."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, CATEGORIES, NEVER_BLOCK, SEALED
from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube

NAMES = ("vn", "a.vn", "b.a.vn", "c.vn", "x.b.a.vn")
BITS = (2, 10, 11, 45)
WINDOWS = ("morning", "evening")
ENGINES = Engines(
    safe={search_key("c.vn"): "safe.example"},
    youtube={YouTube.STRICT: {search_key("a.vn"): "strict.example"}},
    zones={search_key("b.a.vn"): "Engine"},
)
LAYERS = (Layer.PROVINCE, Layer.COMMUNE, Layer.SCHOOL, Layer.GROUP)
BLOCKING = (Verb.BLOCK, Verb.LOCKED_BLOCK, Verb.ALLOW_ONLY)
ALLOWING = (Verb.ALLOW, Verb.LOCKED_ALLOW)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a plan is made for."""

    now: float
    windows: frozenset[str]
    spent: frozenset[str]


def masks_of(bits: tuple[int, ...], most: int = 3) -> st.SearchStrategy[int]:
    """Return masks of some of these bits."""
    return st.sets(st.sampled_from(bits), max_size=most).map(lambda found: sum(1 << bit for bit in found))


def rules(
    layers: tuple[Layer, ...] = LAYERS, verbs: tuple[Verb, ...] = tuple(Verb), shadow: bool = False
) -> st.SearchStrategy[Rule]:
    """Return rules; ``shadow`` says whether some are on trial."""
    return st.builds(
        Rule,
        st.sampled_from(layers),
        st.sampled_from(verbs),
        st.frozensets(st.sampled_from(NAMES), max_size=2),
        masks_of((*BITS, 0), 2),
        owner=st.sampled_from(["A", "B"]),
        reason=st.sampled_from(["r", "s"]),
        during=st.frozensets(st.sampled_from(WINDOWS), max_size=1),
        until=st.sampled_from([None, None, 50.0, 100.0]),
        shadow=st.booleans() if shadow else st.just(False),
    )


names = st.sampled_from(NAMES)
keys = names.map(search_key)
masks = masks_of((*BITS, 62, 63), 4)
moments = st.builds(
    Moment,
    st.sampled_from([0.0, 50.0, 99.0, 100.0]),
    st.frozensets(st.sampled_from(WINDOWS)),
    st.frozensets(st.sampled_from(["games", "names"])),
)
rule_lists = st.lists(rules(), max_size=6)
passes = st.lists(rules((Layer.PASS,), (Verb.ALLOW,)), max_size=2)
targets = st.lists(st.tuples(keys, masks_of((*BITS, 1, 62, 63), 3)), max_size=3)
budgets = st.permutations(
    (Budget("games", "Games", 60, categories=1 << 10), Budget("names", "Names", 60, frozenset({"c.vn"})))
)
groups = st.builds(
    Group,
    st.just("th-a"),
    st.just("6A"),
    st.builds(Tier, st.just("thcs"), st.just(""), st.just(""), masks_of(BITS)),
    rules=rule_lists.map(tuple),
    budgets=budgets,
    safe_search=st.sampled_from([SafeSearch(), SafeSearch(True), SafeSearch(True, YouTube.STRICT)]),
)
SEALED_MASKS = [each.mask for each in CATEGORIES if each.sealed]
assert SEALED & ALLOWED == SEALED & NEVER_BLOCK == 0


def plan_at(group: Group, moment: Moment, passes: list[Rule]) -> Plan:
    """Return the plan of a group at a moment."""
    return plan_of(group, ENGINES, moment.now, moment.windows, passes, moment.spent)
