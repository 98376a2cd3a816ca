"""Resolvers' addresses against Python's own networks, and the forms that carry an IPv4 address."""

from __future__ import annotations

import pickle
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.resolver_addresses import ResolverAddresses, compiled

NAMES = {
    "1.1.1.1": "One",
    "45.90.28.0/24": "Next",
    "45.90.28.7/32": "Seven",
    "2a07:a8c0::/33": "Next",
    "2606:1a40::/48": "Control",
    "2001:4860:4860::8888": "Google",
}
TABLE = compiled((ip_network(network), name) for network, name in NAMES.items())


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("1.1.1.1", "One"),
        ("1.1.1.2", None),
        ("45.90.28.0", "Next"),
        ("45.90.28.255", "Next"),
        ("45.90.29.0", None),
        ("45.90.28.7", "Seven"),
        ("2a07:a8c0:7fff::1", "Next"),
        ("2a07:a8c0:8000::", None),
        ("2606:1a40:0:ffff::1", "Control"),
        ("2606:1a40:1::", None),
        ("2001:4860:4860::8888", "Google"),
        ("::ffff:1.1.1.1", "One"),
        ("::ffff:45.90.28.9", "Next"),
        ("64:ff9b::1.1.1.1", "One"),
        ("64:ff9b::1.1.1.3", None),
        ("64:ff9b:1::1.1.1.1", None),
        ("::1.1.1.1", None),
    ],
)
def test_whose_address_it_is(address: str, name: str | None) -> None:
    packed = ip_address(address).packed
    assert TABLE.name(packed) == name
    assert (packed in TABLE) is (name is not None)


def test_nothing_is_in_an_empty_set() -> None:
    assert bytes(4) not in ResolverAddresses()
    assert bytes(16) not in compiled([])


def test_the_set_travels_between_processes() -> None:
    assert pickle.loads(pickle.dumps(TABLE)) == TABLE


V4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(20, 32)).map(lambda p: IPv4Network(p, strict=False))
V6 = st.tuples(st.integers(0, 2**128 - 1), st.integers(30, 128)).map(lambda p: IPv6Network(p, strict=False))


@given(st.lists(st.one_of(V4, V6), min_size=1, max_size=6), st.data())
def test_it_holds_what_the_networks_hold(
    networks: list[IPv4Network | IPv6Network], choices: st.DataObject
) -> None:
    table = compiled((network, str(network)) for network in networks)
    near = choices.draw(st.sampled_from(networks))
    offset = choices.draw(st.integers(-1, near.num_addresses))
    number = (int(near.network_address) + offset) % 2**near.max_prefixlen
    address = IPv4Address(number) if near.version == 4 else IPv6Address(number)
    holding = [network for network in networks if network.version == near.version and address in network]
    longest = max(holding, key=lambda network: network.prefixlen, default=None)
    assert table.name(address.packed) == (None if longest is None else str(longest))
