"""``resolver-addresses.yaml``: the shipped addresses, and what each fault is called."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from schoolguard.config.finding import Collector, Finding
from schoolguard.config.resolver_addresses import FILE_NAME, resolver_addresses_of
from schoolguard.dns.addresses import is_private
from schoolguard.dns.resolver_addresses import ResolverAddresses

BLOCKLISTS = Path(__file__).resolve().parents[2] / "blocklists"
RIGHT = """\
resolvers:
  - name: One
    addresses: [1.1.1.1, "2606:4700:4700::1111"]
    source: its page
  - name: Next
    addresses: [45.90.28.0/24]
    source: its page
"""
Read = Callable[[str], tuple[ResolverAddresses, tuple[Finding, ...]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a text as the folder's ``resolver-addresses.yaml``."""

    def run(text: str) -> tuple[ResolverAddresses, tuple[Finding, ...]]:
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        out = Collector()
        return resolver_addresses_of(tmp_path, out), out.all()

    return run


@pytest.fixture(scope="module")
def shipped() -> ResolverAddresses:
    """The addresses that come with SchoolGuard."""
    out = Collector()
    addresses = resolver_addresses_of(BLOCKLISTS, out)
    assert out.all() == ()
    return addresses


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "1.0.0.3", "8.8.8.8", "8.8.4.4", "9.9.9.9", "94.140.14.14", "208.67.222.222"),
        *("45.90.28.200", "45.90.30.1", "101.101.101.101", "223.5.5.5", "1.12.12.12", "76.76.2.11"),
        *("194.242.2.2", "185.228.168.168", "77.88.8.8", "162.159.61.4", "172.64.41.3", "185.222.222.222"),
        *("2606:4700:4700::1111", "2001:4860:4860::8844", "2620:fe::fe", "2a10:50c0::ad1:ff"),
        *("2a07:a8c0::ab:cdef", "2a06:98c1:52::4", "2a09::", "::ffff:8.8.8.8", "64:ff9b::9.9.9.9"),
    ],
)
def test_public_resolvers_are_known(shipped: ResolverAddresses, address: str) -> None:
    assert ip_address(address).packed in shipped


@pytest.mark.parametrize(
    "address",
    [
        *("104.16.248.249", "162.159.36.12", "142.250.198.4", "216.239.38.120", "204.79.197.220"),
        *("213.180.193.56", "17.253.144.10", "203.162.0.11", "2606:4700::6810:f8f9", "192.0.2.1"),
    ],
)
def test_addresses_that_sites_share_are_not(shipped: ResolverAddresses, address: str) -> None:
    assert ip_address(address).packed not in shipped


def test_no_address_lies_inside_a_school(shipped: ResolverAddresses) -> None:
    assert len(shipped.machines) > 100
    assert not any(is_private(address) for address in shipped.machines)


def test_a_right_file_is_read_whole(read: Read) -> None:
    addresses, found = read(RIGHT)
    assert found == ()
    assert addresses.name(bytes([1, 1, 1, 1])) == "One"
    assert addresses.name(bytes([45, 90, 28, 5])) == "Next"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("45.90.28.0/24", "1.1.1.1", 6, "this address stands twice, first in line 3"),
        ("45.90.28.0/24", "45.90.28.1/24", 6, "host bits are set"),
        ("45.90.28.0/24", "45.90.0.0/16", 6, "too wide to hold nothing but resolvers"),
        ("45.90.28.0/24", '"2a07::/31"', 6, "too wide to hold nothing but resolvers"),
        ("45.90.28.0/24", '"::ffff:8.8.8.8"', 6, "write an IPv4 address as such"),
        ("45.90.28.0/24", "dns.example", 6, "this is no subnet"),
        ("[45.90.28.0/24]", "[]", 6, "the list is empty"),
        ("name: Next", "nam: Next", 5, "unknown key"),
    ],
)
def test_each_fault_is_named_with_its_place(read: Read, old: str, new: str, line: int, message: str) -> None:
    assert RIGHT.count(old) == 1
    addresses, found = read(RIGHT.replace(old, new))
    assert any(f.line == line and message in str(f) for f in found), [str(f) for f in found]
    assert {f.path for f in found} == {"resolver-addresses.yaml"}
    assert addresses.name(bytes([1, 1, 1, 1])) == "One"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    out = Collector()
    assert resolver_addresses_of(tmp_path, out) == ResolverAddresses()
    assert [finding.path for finding in out.errors()] == ["resolver-addresses.yaml"]
