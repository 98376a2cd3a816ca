"""The kernel's own neighbour table, in a namespace: entries appear, change and go."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable
from ipaddress import ip_address

from schoolguard.devices.model import DeviceSources
from schoolguard.devices.neighbours import NeighbourWatch
from schoolguard.devices.table import Devices
from tests.devices.following import following
from tests.devices.network import MAC, Network, inside
from tests.servers import DEADLINE, program

OTHER = bytes.fromhex("00163e000002")


def packed(text: str) -> bytes:
    return ip_address(text).packed


async def test_a_device_is_known_by_every_address_it_speaks_from(net: Network) -> None:
    net.give("10.1.0.1/24", "10.1.0.7/24")
    net.give("2001:db8::1/64", "2001:db8::7/64")
    net.give(client="2001:db8::aaaa:bbbb:cccc:dddd/64")
    with inside(net.gateway):
        async with following(DeviceSources()) as (_, given):
            net.ping("10.1.0.1")
            net.ping("2001:db8::1", "2001:db8::7")
            net.ping("2001:db8::1", "2001:db8::aaaa:bbbb:cccc:dddd")
            net.ping("fe80::1%nic")
            wanted = ("10.1.0.7", "2001:db8::7", "2001:db8::aaaa:bbbb:cccc:dddd", "fe80::7")
            await given.until(
                lambda: all(given.known.get(packed(a)) == MAC for a in wanted),
                "every address of one device",
            )
            assert set(given.known.values()) == {MAC}


async def test_what_was_known_before_the_start_is_given_first(net: Network) -> None:
    net.give("10.1.0.1/24")
    net.at_gateway("neigh", "add", "10.1.0.9", "lladdr", "00:16:3e:00:00:02", "dev", "lan", "nud", "stale")
    with inside(net.gateway):
        async with following(DeviceSources()) as (_, given):
            await given.until(lambda: given.known == {packed("10.1.0.9"): OTHER}, "the entry")


async def test_an_address_that_another_device_takes_is_its_own_at_once(net: Network) -> None:
    net.give("10.1.0.1/24", "10.1.0.7/24")
    address = packed("10.1.0.7")
    with inside(net.gateway):
        async with following(DeviceSources()) as (follower, given):
            net.ping("10.1.0.1")
            await given.until(lambda: given.known.get(address) == MAC, "the device")
            net.at_client("link", "set", "nic", "address", "00:16:3e:00:00:02")
            net.at_client("neigh", "flush", "dev", "nic")
            net.ping("10.1.0.1")
            await given.until(lambda: given.known.get(address) == OTHER, "the other device")
            assert follower.devices.moved == 1


async def test_a_device_that_does_not_answer_is_forgotten(net: Network) -> None:
    net.give("10.1.0.1/24", "10.1.0.7/24")
    with inside(net.gateway):
        async with following(DeviceSources()) as (_, given):
            net.ping("10.1.0.1")
            await given.until(lambda: packed("10.1.0.7") in given.known, "the device")
            net.at_gateway("neigh", "del", "10.1.0.7", "dev", "lan")  # the kernel calls it failed first
            await given.until(lambda: not given.known, "nothing known")


async def test_a_look_alike_of_eui_64_tells_nothing(net: Network) -> None:
    net.give("2001:db8::1/64")
    net.at_gateway("neigh", "add", "10.1.0.9", "lladdr", "00:16:3e:00:00:02", "dev", "lan", "nud", "stale")
    net.at_gateway("neigh", "add", "proxy", "2001:db8::216:3eff:fe00:1", "dev", "lan")
    with inside(net.gateway):
        async with following(DeviceSources()) as (_, given):
            await given.until(lambda: packed("10.1.0.9") in given.known, "the table's end")
            assert packed("2001:db8::216:3eff:fe00:1") not in given.known


async def test_after_an_overflow_the_table_is_asked_for_again(net: Network) -> None:
    net.give("10.1.0.1/16")
    net.at_gateway(
        "neigh", "add", "10.1.9.9", "lladdr", "00:16:3e:00:00:02", "dev", "lan", "nud", "permanent"
    )
    devices, told = Devices(hold=0), Told()
    with inside(net.gateway):
        watch = NeighbourWatch(devices, told.touched, time.time)
    watch._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel makes it its smallest
    watch.start()
    try:
        await told.until(lambda: devices.mac_of(packed("10.1.9.9")) == OTHER)
        lines = [
            f"neigh add 10.1.{n // 200}.{n % 200 + 2} {lladdr(n)} dev lan nud permanent" for n in range(400)
        ]
        # All of it happens while nobody reads.
        _batch(net, [*lines, "neigh del 10.1.9.9 dev lan"])
        await told.until(lambda: len(devices) == 400)
        assert watch.overflows > 0
        assert devices.mac_of(packed("10.1.1.3")) == bytes.fromhex("00163e0000c9")
        assert devices.mac_of(packed("10.1.9.9")) is None
    finally:
        watch.close()


def lladdr(number: int) -> str:
    return f"lladdr 00:16:3e:00:{number >> 8:02x}:{number & 255:02x}"


def _batch(net: Network, lines: list[str]) -> None:
    command = [program("ip"), "-n", net.gateway, "-batch", "-"]
    subprocess.run(command, input="\n".join(lines).encode(), check=True)


class Told:
    """What a watch calls after each batch."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def touched(self) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._event.clear()
                await self._event.wait()
