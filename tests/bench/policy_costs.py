"""What policy costs: microseconds per call of ``group_of``, ``decide``, ``plan_of``. Run it; no test does.

    python tests/bench/policy_costs.py

The best of several rounds is printed: everything slower was the machine's other work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from timeit import repeat

from schoolguard.categories import BY_NAME, CATEGORIES, NEVER_BLOCK, mask_of
from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.clients import Clients
from schoolguard.policy.decide import decide, decide_chain
from schoolguard.policy.explain import explain
from schoolguard.policy.model import Group, School, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.reason import ede_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch

CALLS = 50_000
ROUNDS = 7
TIER = Tier("primary", "Tiểu học", "Primary", 0)
PUPILS = replace(TIER, blocked=mask_of(["adult", "gambling", "games"]))
ENGINES = Engines(
    {search_key(f"www.google.com.{i}"): "safe.example" for i in range(200)},
    zones={search_key(f"engine{i}.example"): "Engine" for i in range(20)},
)


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Return the best mean of ``ROUNDS`` rounds, the cost of the empty call taken off."""
    empty = min(repeat(lambda: None, number=calls, repeat=ROUNDS))
    return (min(repeat(call, number=calls, repeat=ROUNDS)) - empty) / calls * 1e6


def clients_of(networks: Iterable[IPv4Network | IPv6Network]) -> Clients:
    """Return the clients of one group for each network."""
    groups = tuple(Group("th-a", str(n), TIER, (n,)) for n in networks)
    return Clients([School("th-a", "Trường A", "Xã B", "primary", groups)])


def usual() -> Clients:
    """Return 500 networks of the lengths schools use."""
    v4 = [IPv4Network((0x0A000000 + (i << 8), 24)) for i in range(300)]
    hosts = [IPv4Network((0x0A000005 + (i << 8), 32)) for i in range(100)]
    v6 = [IPv6Network(((0xFD00 << 112) + (i << 64), 64)) for i in range(100)]
    return clients_of([*v4, *hosts, *v6])


def worst() -> Clients:
    """Return networks of every prefix length, nested, and 339 more of one length."""
    v4 = [IPv4Network((0x0A000000, n), strict=False) for n in range(33)]
    v6 = [IPv6Network((0xFD00 << 112, n), strict=False) for n in range(1, 129)]
    more = [IPv6Network(((0xFC00 << 112) + (i << 64), 64)) for i in range(339)]
    return clients_of([*v4, *v6, *more])


def client_rows() -> Iterable[tuple[str, Callable[[], object]]]:
    """Yield what ``group_of`` is asked."""
    for title, clients in (("500 usual networks", usual()), ("500 networks, every length", worst())):
        for address in (
            "10.0.3.5",
            "10.0.3.77",
            "::ffff:10.0.3.77",
            "fd00::3:0:0:0:9",
            "8000::1",
            "192.0.2.1",
        ):
            packed = ip_address(address).packed
            yield f"group_of, {title}, {address}", lambda c=clients, p=packed: c.group_of(p)  # type: ignore[misc]


def rule_of(layer: Layer, verb: Verb, names: Iterable[str] = (), categories: int = 0) -> Rule:
    """Return a rule with a window, as most have."""
    during = frozenset({"gio-hoc"})
    return Rule(layer, verb, frozenset(names), categories, owner=layer.name, reason="r", during=during)


def group_of_layers() -> Group:
    """Return a group with 200 names of its own, rules and locks in every layer, budgets, safe search."""
    games, social = BY_NAME["games"].mask, BY_NAME["social"].mask
    layers = (Layer.PROVINCE, Layer.COMMUNE, Layer.SCHOOL, Layer.GROUP)
    rules = [rule_of(Layer.GROUP, Verb.BLOCK, (f"deny{i}.vn" for i in range(100)))]
    rules.append(rule_of(Layer.GROUP, Verb.ALLOW, (f"allow{i}.vn" for i in range(100))))
    for layer in layers:
        rules.append(
            rule_of(layer, Verb.LOCKED_BLOCK, (f"{layer.name.lower()}{i}.vn" for i in range(20)), social)
        )
        rules.append(
            rule_of(layer, Verb.BLOCK, (f"plain-{layer.name.lower()}{i}.vn" for i in range(20)), games)
        )
    budgets = (Budget("a", "A", 60, categories=games), Budget("b", "B", 60, frozenset({"x.vn"})))
    return Group("th-a", "6A", PUPILS, rules=tuple(rules), budgets=budgets, safe_search=SafeSearch(True))


def layered(exam: bool = False) -> Plan:
    """Return the plan of that group with a pass and a used-up budget, in exam mode or not."""
    group = group_of_layers()
    if exam:
        group = replace(group, rules=(*group.rules, rule_of(Layer.SCHOOL, Verb.ALLOW_ONLY, ["example.com"])))
    given = Rule(Layer.PASS, Verb.ALLOW, frozenset({"pass.vn"}))
    return plan_of(group, ENGINES, 0.0, frozenset({"gio-hoc"}), [given], frozenset({"b"}))


def decide_rows() -> Iterable[tuple[str, Callable[[], object]]]:
    """Yield what ``decide`` and its neighbours are asked."""
    games, social = BY_NAME["games"].mask, BY_NAME["social"].mask
    bare = plan_of(Group("th-a", "6A", PUPILS), ENGINES, 0.0)
    full, exam = layered(), layered(exam=True)
    table = {c.bit: c for c in CATEGORIES}
    key = "com.example.cdn.www."
    yield "decide, default, no rules", lambda: decide(bare, key, 0)
    yield "decide, default, all layers", lambda: decide(full, key, 0)
    yield "decide, default, all layers and an exam", lambda: decide(exam, key, 0)
    yield "decide, category, no rules", lambda: decide(bare, key, games)
    yield "decide, category, all layers", lambda: decide(full, key, games)
    yield "decide, sealed, all layers", lambda: decide(full, key, 1)
    yield "decide, safety net, all layers", lambda: decide(full, key, games | NEVER_BLOCK)
    yield "decide, lock by name", lambda: decide(full, "vn.school7.www.", 0)
    yield "decide, lock by category", lambda: decide(full, key, social)
    yield "decide, rule that blocks", lambda: decide(full, "vn.deny7.www.", 0)
    yield "decide, rule that allows", lambda: decide(full, "vn.allow7.www.", games)
    long_key = "a." * 126
    yield "decide, 126 labels, all layers", lambda: decide(full, long_key, 0)
    question = decide(full, key, 0)
    chain = [(key, 0)] * 3
    yield "decide_chain, 3 targets, all layers", lambda: decide_chain(full, question, chain)
    block, locked = decide(full, key, games), decide(full, "vn.school7.", 0)
    yield "ede_of, category", lambda: ede_of(block, table, str)
    yield "ede_of, lock", lambda: ede_of(locked, table, str)


def plan_rows() -> Iterable[tuple[str, Callable[[], object]]]:
    """Yield what a switch of plans costs a group, and an explanation a person."""
    group, windows = group_of_layers(), frozenset({"gio-hoc"})
    full = layered()
    yield "plan_of, all layers", lambda: plan_of(group, ENGINES, 0.0, windows)
    yield "plan_of, all layers closed", lambda: plan_of(group, ENGINES, 0.0)
    yield "hash of a plan, all layers", lambda: hash(full)
    yield "explain, all layers", lambda: explain(full, "com.example.cdn.www.", BY_NAME["games"].mask, [])


def main() -> None:
    """Print the table."""
    for title, call in (*client_rows(), *decide_rows()):
        print(f"{microseconds(call):8.2f} us  {title}")
    for title, call in plan_rows():
        print(f"{microseconds(call, CALLS // 100):8.2f} us  {title}")


if __name__ == "__main__":
    main()
