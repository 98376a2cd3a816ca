"""From address to group, held against brute force with ``ipaddress``."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.policy.clients import Clients
from schoolguard.policy.model import Group, School, Tier

Network = IPv4Network | IPv6Network
TIER = Tier("primary", "Tiểu học", "Primary", 0)


def group(name: str, *networks: str | Network) -> Group:
    return Group("th-a", name, TIER, tuple(ip_network(n) for n in networks))


def school(*groups: Group) -> School:
    return School("th-a", "Trường A", "Xã B", "primary", groups)


SERVED = Clients(
    [
        school(
            group("all", "10.0.0.0/8", "fd00::/8"),
            group("lab", "10.1.0.0/16", "fd00:1::/32"),
            group("teacher", "10.1.2.3", "fd00:1::7"),
            group("mapped", "::ffff:10.9.0.0/112"),
        )
    ]
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.200.0.1", "all"),
        ("10.1.2.4", "lab"),
        ("10.1.2.3", "teacher"),
        ("::ffff:10.1.2.3", "teacher"),
        ("::ffff:10.1.9.9", "lab"),
        ("10.9.0.77", "mapped"),
        ("::ffff:10.9.0.77", "mapped"),
        ("fd12::1", "all"),
        ("fd00:1::8", "lab"),
        ("fd00:1::7", "teacher"),
        ("11.0.0.1", None),
        ("::ffff:11.0.0.1", None),
        ("::10.1.2.3", None),
        ("2001:db8::1", None),
        ("0.0.0.0", None),
        ("::", None),
    ],
)
def test_longest_prefix_wins(address: str, name: str | None) -> None:
    found = SERVED.group_of(ip_address(address).packed)
    assert (found.name if found else None) == name


def test_groups_stand_in_the_order_of_the_schools() -> None:
    one, two = group("one", "10.0.0.0/8"), group("two", "fd00::/8")
    assert Clients([school(one), school(two)]).groups == (one, two)


def test_nobody_is_served_without_schools() -> None:
    assert Clients([]).group_of(bytes(4)) is None
    assert Clients([]).group_of(bytes(16)) is None


def test_default_routes_serve_each_family_apart() -> None:
    clients = Clients([school(group("six", "::/0"))])
    assert clients.group_of(bytes(4)) is None
    assert clients.group_of(ip_address("::ffff:10.0.0.1").packed) is None
    assert clients.group_of(ip_address("2001:db8::1").packed) is not None


@pytest.mark.parametrize("size", [0, 3, 5, 15, 17])
def test_address_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"an address of {size} bytes; accepted: 4"):
        SERVED.group_of(bytes(size))


@pytest.mark.parametrize("again", ["10.0.0.0/8", "::ffff:10.0.0.0/104"])
def test_network_claimed_twice_is_refused(again: str) -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/8 is claimed by group 'one' .* and by group 'two'"):
        Clients([school(group("one", "10.0.0.0/8"), group("two", again))])


def v4_network(value: int, length: int) -> Network:
    return IPv4Network((value, length), strict=False)


def v6_network(value: int, length: int) -> Network:
    return IPv6Network((value, length), strict=False)


# Few distinct bits, so that networks nest and addresses fall into them.
V4 = st.sampled_from([0x0A000000, 0x0A010000, 0x0A010203, 0x0A0102FF, 0xC0A80001, 0xFFFFFFFF, 0])
V6 = st.sampled_from(
    [0xFD << 120, (0xFD << 120) + 1, (0xFD00_0001 << 96) + 7, 0, 0xFFFF_0A010203, (1 << 128) - 1]
)
networks = st.lists(
    st.one_of(
        st.builds(v4_network, V4, st.integers(0, 32)),
        st.builds(v6_network, V6, st.one_of(st.integers(0, 95), st.just(128))),
    ),
    unique_by=lambda network: str(network.network_address.packed[-4:]) + str(network),
    max_size=12,
)
addresses = st.one_of(V4.map(IPv4Address), V6.map(IPv6Address), st.ip_addresses(v=4), st.ip_addresses(v=6))


def brute_force(served: Sequence[Network], address: IPv4Address | IPv6Address) -> Network | None:
    asking: IPv4Address | IPv6Address = getattr(address, "ipv4_mapped", None) or address
    holding = [n for n in map(plain, served) if n.version == asking.version and asking in n]
    return max(holding, key=lambda n: n.prefixlen, default=None)


def plain(network: Network) -> Network:
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


@given(networks, addresses)
def test_same_as_brute_force(served: list[Network], address: IPv4Address | IPv6Address) -> None:
    unique = list({plain(network): network for network in served}.values())
    clients = Clients([school(*(group(str(plain(network)), network) for network in unique))])
    found = clients.group_of(address.packed)
    expected = brute_force(unique, address)
    assert (found.name if found else None) == (str(expected) if expected else None)


@given(V4.map(IPv4Address) | st.ip_addresses(v=4).map(lambda a: IPv4Address(int(a))), networks)
def test_mapped_address_is_the_ipv4_client(address: IPv4Address, served: list[Network]) -> None:
    unique = list({plain(network): network for network in served}.values())
    clients = Clients([school(*(group(str(network), network) for network in unique))])
    assert clients.group_of(address.packed) is clients.group_of(bytes(10) + b"\xff\xff" + address.packed)


MAC, OTHER_MAC = bytes.fromhex("02aabbccdd01"), bytes.fromhex("02aabbccdd02")
LISTENER = ("10.1.0.1", 53)
BY_ALL = School(
    "th-a",
    "Trường A",
    "Xã B",
    "primary",
    (
        Group("th-a", "net", TIER, (IPv4Network("10.1.0.0/24"),)),
        Group("th-a", "mac", TIER, devices=frozenset({MAC})),
        Group("th-a", "listener", TIER, listeners=frozenset({LISTENER})),
        Group("th-a", "unknown", TIER, (IPv4Network("10.3.0.0/24"),)),
    ),
    networks=(IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8")),
    default="unknown",
)


@pytest.mark.parametrize(
    ("address", "mac", "listener", "name"),
    [
        ("10.1.0.7", None, None, "net"),
        ("10.1.0.7", MAC, None, "mac"),
        ("10.1.0.7", MAC, LISTENER, "mac"),
        ("10.1.0.7", OTHER_MAC, LISTENER, "net"),
        ("192.0.2.7", MAC, None, "mac"),
        ("192.0.2.7", OTHER_MAC, LISTENER, "listener"),
        ("10.2.0.7", OTHER_MAC, LISTENER, "listener"),
        ("10.2.0.7", OTHER_MAC, ("10.1.0.1", 54), "unknown"),
        ("fd00::7", None, None, "unknown"),
        ("192.0.2.7", OTHER_MAC, None, None),
    ],
)
def test_device_then_network_then_listener_then_default(
    address: str, mac: bytes | None, listener: tuple[str, int] | None, name: str | None
) -> None:
    group = Clients([BY_ALL]).group_of(ip_address(address).packed, mac, listener)
    assert (group.name if group else None) == name


@pytest.mark.parametrize(
    ("more", "words"),
    [({"devices": frozenset({MAC})}, MAC.hex(":")), ({"listeners": frozenset({LISTENER})}, "10.1.0.1@53")],
)
def test_a_device_or_listener_in_two_groups_is_an_error(more: dict[str, Any], words: str) -> None:
    twice = [Group("th-a", name, TIER, **more) for name in ("một", "hai")]
    with pytest.raises(ValueError, match=words):
        Clients([school(*twice)])
