"""Real DHCP servers give leases to a client, and the follower knows the device from their files alone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from schoolguard.devices.leases import detect, read_leases
from schoolguard.devices.model import DeviceSources, LeaseFile, LeaseFormat
from tests.devices import dhcp_servers as servers
from tests.devices.dhcp import lease_v4, lease_v6
from tests.devices.following import following
from tests.devices.network import MAC, Network
from tests.servers import wait_until

LL = b"\0\x03\0\x01" + MAC
LLT = b"\0\x01\0\x01" + b"\x22\x5c\x20\x7b" + MAC
"""Its time has a quote, a backslash, a space and a brace, which ISC dhcpd must escape."""
UUID = b"\0\x04" + bytes(range(16))

Server = Callable[[Network, Path], contextlib.AbstractContextManager[Path]]


def _of(server: Callable[..., contextlib.AbstractContextManager[Path]], version: int) -> Server:
    @contextlib.contextmanager
    def run(net: Network, folder: Path) -> Iterator[Path]:
        with server(net, folder, version) as leases:
            yield leases

    return run


V4 = [
    (LeaseFormat.DNSMASQ, servers.dnsmasq),
    (LeaseFormat.KEA, _of(servers.kea, 4)),
    (LeaseFormat.ISC, _of(servers.isc, 4)),
]
V6 = [
    (LeaseFormat.DNSMASQ, servers.dnsmasq),
    (LeaseFormat.KEA, _of(servers.kea, 6)),
    (LeaseFormat.ISC, _of(servers.isc, 6)),
]
IDS = ["dnsmasq", "kea", "isc"]


@pytest.fixture
def link(net: Network) -> Network:
    """The network with the gateway's addresses."""
    net.give("10.1.0.1/24")
    net.give("2001:db8::1/64")
    return net


@pytest.mark.parametrize(("expected", "server"), V4, ids=IDS)
async def test_a_lease_of_ipv4_tells_the_device(
    link: Network, tmp_path: Path, expected: LeaseFormat, server: Server
) -> None:
    with server(link, tmp_path) as file:
        sources = DeviceSources(False, (LeaseFile(file),))  # missing at first, or empty
        async with following(sources) as (_, given):
            address = await asyncio.to_thread(lease_v4, link)
            await given.until(lambda: given.known == {address: MAC}, "the device by its lease")
        assert_whole(file, expected, address)


@pytest.mark.parametrize(("expected", "server"), V6, ids=IDS)
async def test_leases_of_ipv6_tell_the_device_by_its_duid(
    link: Network, tmp_path: Path, expected: LeaseFormat, server: Server
) -> None:
    with server(link, tmp_path) as file:
        async with following(DeviceSources(False, (LeaseFile(file, expected),))) as (_, given):
            first = await asyncio.to_thread(lease_v6, link, LL)
            second = await asyncio.to_thread(lease_v6, link, LLT)
            await given.until(lambda: given.known == {first: MAC, second: MAC}, "the device by both leases")
        assert_whole(file, expected, second)


@pytest.mark.parametrize(("expected", "server"), V6, ids=IDS)
def test_a_duid_without_a_mac_is_a_whole_lease_that_tells_no_device(
    link: Network, tmp_path: Path, expected: LeaseFormat, server: Server
) -> None:
    # Another device's MAC in the link-local address: Kea notes it, nobody believes it.
    looks_like = "fe80::216:3eff:fe00:2"
    link.give(client=f"{looks_like}/64")
    with server(link, tmp_path) as file:
        address = str(ip_address(lease_v6(link, UUID, looks_like))).encode()
        wait_until(lambda: address in file.read_bytes(), "the lease")  # dnsmasq answers first
    content = file.read_bytes()
    assert (b"00:16:3e:00:00:02" in content) == (expected is LeaseFormat.KEA)
    assert read_leases(content, expected) == ({}, 0)


async def test_what_kea_moved_out_of_its_lease_file_is_not_lost(link: Network, tmp_path: Path) -> None:
    with servers.kea(link, tmp_path, 4, clean_up=1) as file:
        address = await asyncio.to_thread(lease_v4, link)
        cleaned = Path(f"{file}.2")
        await asyncio.to_thread(
            wait_until, lambda: cleaned.exists() and b"10.1.0." in cleaned.read_bytes(), "a clean-up"
        )
        assert not read_leases(file.read_bytes()).by_address
        async with following(DeviceSources(False, (LeaseFile(file),))) as (_, given):
            await given.until(lambda: given.known == {address: MAC}, "the device")


def assert_whole(file: Path, expected: LeaseFormat, address: bytes) -> None:
    content = file.read_bytes()
    assert detect(content.decode("latin-1")) is expected
    found = read_leases(content)
    assert found.skipped == 0, content
    end = found.by_address[address].expires
    assert end is not None
    assert abs(end - time.time() - 3600) < 120
