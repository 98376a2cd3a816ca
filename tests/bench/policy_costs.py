"""What policy costs: microseconds per call of ``group_of`` and ``decide``. Run it; no test runs it.

    python tests/bench/policy_costs.py

The best of several rounds is printed: everything slower was the machine's other work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from timeit import repeat

from schoolguard.categories import BY_NAME, CATEGORIES, NEVER_BLOCK, SEALED, mask_of
from schoolguard.policy.clients import Clients
from schoolguard.policy.decide import decide, decide_chain
from schoolguard.policy.explain import explain
from schoolguard.policy.model import Blocking, Group, Plan, School, Tier
from schoolguard.policy.reason import ede_of

CALLS = 50_000
ROUNDS = 7
TIER = Tier("primary", "Tiểu học", "Primary", 0)


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Return the best mean of ``ROUNDS`` rounds, the cost of the empty call taken off."""
    empty = min(repeat(lambda: None, number=calls, repeat=ROUNDS))
    return (min(repeat(call, number=calls, repeat=ROUNDS)) - empty) / calls * 1e6


def clients_of(networks: Iterable[IPv4Network | IPv6Network]) -> Clients:
    """Return the clients of one group for each network."""
    groups = tuple(Group("th-a", str(n), TIER, (n,), 0) for n in networks)
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


def decide_rows() -> Iterable[tuple[str, Callable[[], object]]]:
    """Yield what ``decide`` and its neighbours are asked."""
    blocked = mask_of(["adult", "gambling", "games"]) | SEALED
    bare = Plan(blocked, frozenset(), frozenset(), Blocking())
    allow, deny = (frozenset(f"{word}{i}.vn" for i in range(100)) for word in ("allow", "deny"))
    own = Plan(blocked, allow, deny, Blocking())
    games = BY_NAME["games"].mask
    table = {c.bit: c for c in CATEGORIES}
    key = "com.example.cdn.www."
    yield "decide, default, no own names", lambda: decide(bare, key, 0)
    yield "decide, default, 200 own names", lambda: decide(own, key, 0)
    yield "decide, category, no own names", lambda: decide(bare, key, games)
    yield "decide, category, 200 own names", lambda: decide(own, key, games)
    yield "decide, sealed, 200 own names", lambda: decide(own, key, 1)
    yield "decide, safety net, 200 own names", lambda: decide(own, key, games | NEVER_BLOCK)
    yield "decide, deny", lambda: decide(own, "vn.deny7.www.", 0)
    yield "decide, allow", lambda: decide(own, "vn.allow7.www.", games)
    long_key = "a." * 126
    yield "decide, 126 labels, 200 own names", lambda: decide(own, long_key, 0)
    question = decide(own, key, 0)
    chain = [(key, 0)] * 3
    yield "decide_chain, 3 targets, 200 own names", lambda: decide_chain(own, question, chain)
    block = decide(own, key, games)
    yield "ede_of, category", lambda: ede_of(block, table, str)
    yield "explain, category", lambda: explain(own, key, games, [])


def main() -> None:
    """Print the table."""
    for title, call in (*client_rows(), *decide_rows()):
        print(f"{microseconds(call):8.2f} us  {title}")


if __name__ == "__main__":
    main()
