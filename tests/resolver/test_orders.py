"""Orders on the query path: closed for kept replies too, and each only for the schools of its scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.policy.model import Group, Layer, Rule, School, Tier, Verb
from tests.hostile import Hostile, address
from tests.resolver.conftest import Desk

TIER = Tier("thcs", "THCS", "Lower secondary", 0)
HERE, THERE = "127.0.0.5", "127.0.1.5"
TAKEDOWN = BY_NAME["takedown"].mask
FIRST, SECOND = 1 << 64, 1 << 65


def schools(*rules: Rule) -> tuple[School, ...]:
    """Return two schools with equal rules, whose groups so share a plan."""
    networks = {"here": "127.0.0.0/24", "there": "127.0.1.0/24"}
    return tuple(
        School(id, id, "Xã", "thcs", (Group(id, "Lớp", TIER, (ip_network(network),), rules=rules),))
        for id, network in networks.items()
    )


def order(desk: Desk, names: Mapping[str, int], bits: Mapping[str, int], exact: bool = False) -> None:
    keys = {search_key(name): mask for name, mask in names.items()}
    desk.present.orders = bits
    desk.stack = desk.stack.with_overlay({}, keys) if exact else desk.stack.with_overlay(keys)
    desk.apply(desk.settings)


@pytest.fixture
def two(desk: Desk, hostile: Hostile) -> Desk:
    desk.apply(replace(desk.settings, schools=schools()))
    desk.settings = replace(desk.settings, schools=schools())
    hostile.script = address("192.0.2.1")
    return desk


async def closed(desk: Desk, name: str, source: str) -> bool:
    """Ask twice: what is kept says the same."""
    verdicts = {(await desk.ask(name, source=source)).rdatas == ["0.0.0.0"] for _ in range(2)}
    assert len(verdicts) == 1
    return verdicts.pop()


async def test_a_kept_reply_is_closed_and_opened(two: Desk) -> None:
    assert not await closed(two, "www.bad.example", HERE)
    order(two, {"bad.example": TAKEDOWN}, {})
    assert await closed(two, "www.bad.example", HERE)
    assert await closed(two, "www.bad.example", THERE)
    order(two, {}, {})
    assert not await closed(two, "www.bad.example", HERE)


async def test_an_order_for_one_school(two: Desk) -> None:
    order(two, {"bad.example": FIRST}, {"here": FIRST})
    assert await closed(two, "www.bad.example", HERE)
    assert not await closed(two, "www.bad.example", THERE)
    assert not await closed(two, "other.example", HERE)


async def test_orders_for_each_school(two: Desk) -> None:
    order(two, {"a.example": FIRST, "b.example": SECOND}, {"here": FIRST, "there": SECOND})
    for name, source in (("a.example", HERE), ("b.example", THERE)):
        assert await closed(two, name, source)
    for name, source in (("b.example", HERE), ("a.example", THERE)):
        assert not await closed(two, name, source)


async def test_a_name_alone(two: Desk) -> None:
    order(two, {"bad.example": TAKEDOWN}, {}, exact=True)
    assert await closed(two, "bad.example", HERE)
    assert not await closed(two, "www.bad.example", HERE)


async def test_no_lock_opens_it(desk: Desk) -> None:
    lock = Rule(
        Layer.PROVINCE, Verb.LOCKED_ALLOW, frozenset({"www.bad.example"}), owner="Sở", reason="vì thế"
    )
    desk.settings = replace(desk.settings, schools=schools(lock))
    order(desk, {"bad.example": FIRST}, {"here": FIRST})
    assert await closed(desk, "www.bad.example", HERE)
