"""Private addresses against Python's own table, and the forms that carry one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.addresses import is_private

INSIDE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::192.168.1.1", "64:ff9b::0.0.0.0"),
)
OUTSIDE = (
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "126.0.0.1", "128.0.0.1", "169.253.0.1", "172.15.0.1"),
    *(
        "172.32.0.1",
        "192.167.1.1",
        "192.169.1.1",
        "2001:db8::1",
        "fe00::1",
        "fec0::1",
        "::2",
        "1::",
        "ff02::1",
    ),
    *("::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "64:ff9b:1::10.0.0.1"),
)
V4 = [ip_network(n) for n in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12")]
V4.append(ip_network("192.168.0.0/16"))
V6 = [ip_network(n) for n in ("fc00::/7", "fe80::/10", "::/127")]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert is_private(ip_address(address).packed)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert not is_private(ip_address(address).packed)


@given(st.integers(0, 2**32 - 1))
def test_ipv4_is_as_the_networks_say(number: int) -> None:
    address = IPv4Address(number)
    assert is_private(address.packed) == any(address in network for network in V4)


@given(st.one_of(st.integers(0, 2**128 - 1), st.integers(0, 2**32 - 1).map(lambda n: 0xFFFF << 32 | n)))
def test_ipv6_is_as_the_networks_say(number: int) -> None:
    address = IPv6Address(number)
    inner = address.ipv4_mapped
    expected = any(address in network for network in V6)
    if inner is not None:
        expected = any(inner in network for network in V4)
    assert is_private(address.packed) == expected
