"""Trusted forwarders on the query path: believed what they were named for, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from schoolguard.categories import SEALED, mask_of
from schoolguard.devices.model import Forwarder, Takes
from schoolguard.policy.model import Group, School, Tier
from tests.ask import Reply, packet
from tests.hostile import Hostile, address
from tests.resolver.conftest import Desk

FORWARDER, STRANGER = "127.0.7.1", "127.0.7.2"
PUPIL = "10.1.0.7"
MAC = bytes.fromhex("02aabbccdd01")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
OPEN, CLOSED = ["192.0.2.1"], ["0.0.0.0"]


def tier(name: str, *blocked: str) -> Tier:
    return Tier(name, name, name, mask_of(blocked) | SEALED)


PUPILS = Group("th", "HS", tier("thcs", "games"), (ip_network("10.1.0.0/16"), ip_network("2001:db8::/64")))
TEACHERS = Group("th", "GV", tier("staff"), devices=frozenset({MAC}))
OWN = Group("th", "Máy chủ", tier("guest", "games"), (ip_network("127.0.7.0/24"),))


def option(code: int, value: bytes) -> bytes:
    return code.to_bytes(2) + len(value).to_bytes(2) + value


def subnet(text: str, prefix: int) -> bytes:
    packed = ip_address(text).packed
    return option(
        8, (1 if len(packed) == 4 else 2).to_bytes(2) + bytes([prefix, 0]) + packed[: (prefix + 7) // 8]
    )


def asking(*options: bytes, name: str = "game.example") -> bytes:
    joined = b"".join(options)
    return packet(name)[:-2] + len(joined).to_bytes(2) + joined


def proxied(text: str, inner: bytes) -> bytes:
    source = ip_address(text).packed
    family = 0x12 if len(source) == 4 else 0x22
    rest = source + bytes(len(source)) + (4242).to_bytes(2) + (53).to_bytes(2)
    return SIGNATURE + bytes([0x21, family]) + len(rest).to_bytes(2) + rest + inner


@pytest.fixture
def front(desk: Desk, hostile: Hostile) -> Desk:
    hostile.script = address()
    return desk


def trusting(desk: Desk, *takes: Takes) -> None:
    forwarder = Forwarder(ip_address(FORWARDER).packed, frozenset(takes))
    school = School("th", "Trường", "Xã", "thcs", (PUPILS, TEACHERS, OWN))
    desk.apply(replace(desk.settings, schools=(school,), forwarders=(forwarder,)))


async def answer(desk: Desk, message: bytes, source: str = FORWARDER) -> Reply | None:
    return await desk.send(message, source)


async def rdatas(desk: Desk, message: bytes, source: str = FORWARDER) -> list[str]:
    reply = await answer(desk, message, source)
    assert reply is not None
    return reply.rdatas


async def test_a_mac_that_a_forwarder_tells_is_believed(front: Desk) -> None:
    trusting(front, Takes.MAC, Takes.CLIENT_SUBNET)
    ecs = subnet(PUPIL, 32)
    assert await rdatas(front, asking(ecs)) == CLOSED
    assert await rdatas(front, asking(ecs, option(65001, MAC))) == OPEN
    assert await rdatas(front, asking(ecs, option(65001, bytes.fromhex("02aabbccdd02")))) == CLOSED
    assert await rdatas(front, asking(subnet("2001:db8::7", 128))) == CLOSED


async def test_only_what_the_forwarder_is_named_for(front: Desk) -> None:
    trusting(front, Takes.CLIENT_SUBNET)
    assert await rdatas(front, asking(subnet(PUPIL, 32), option(65001, MAC))) == CLOSED


async def test_a_stranger_is_not_believed(front: Desk) -> None:
    """Threat 21: whoever sends the options himself stays who he is."""
    trusting(front, Takes.MAC, Takes.CLIENT_SUBNET, Takes.PROXY_V2)
    assert await rdatas(front, asking(option(65001, MAC)), STRANGER) == CLOSED
    reply = await answer(front, proxied(PUPIL, packet("game.example")), STRANGER)
    assert reply is None or reply.rcode_name == "NOTIMP"


async def test_the_subnet_comes_back_with_its_scope(front: Desk) -> None:
    """RFC 7871 7.2.1: or a cache between would give one pupil's answer to another."""
    trusting(front, Takes.CLIENT_SUBNET)
    for name in ("game.example", "hoc.example"):
        reply = await answer(front, asking(subnet(PUPIL, 32), name=name))
        assert reply is not None
        (opt,) = [rr for rr in reply.record.ar if rr.rtype == 41]
        echoed = {each.code: bytes(each.data) for each in opt.rdata}
        assert echoed[8] == b"\0\1\x20\x20" + ip_address(PUPIL).packed


async def test_a_proxy_header_names_the_client(front: Desk) -> None:
    trusting(front, Takes.PROXY_V2)
    staff_address = "10.1.0.9"
    front.present.devices[ip_address(staff_address).packed] = MAC
    for _ in range(3):
        assert await rdatas(front, proxied(PUPIL, packet("game.example"))) == CLOSED
        assert await rdatas(front, proxied(staff_address, packet("game.example"))) == OPEN
    reply = await answer(front, proxied("203.0.113.5", packet("game.example")))
    assert reply is not None
    assert reply.rcode_name == "REFUSED"


@pytest.mark.parametrize(
    "message",
    [
        packet("game.example"),
        SIGNATURE[:8],
        proxied(PUPIL, packet("game.example"))[:20],
        b"",
    ],
)
async def test_a_proxy_header_that_is_none_gets_silence(front: Desk, message: bytes) -> None:
    trusting(front, Takes.PROXY_V2)
    assert await answer(front, message) is None


@pytest.mark.parametrize(
    "options",
    [
        (subnet(PUPIL, 32), subnet("10.1.0.8", 32)),
        (option(8, b"\0\1\x20\0\x0a"),),
        (option(65001, MAC), option(65001, MAC)),
        (option(65001, b"short"),),
    ],
)
async def test_options_that_contradict_are_no_query(front: Desk, options: tuple[bytes, ...]) -> None:
    """A guess could give one pupil another's rights."""
    trusting(front, Takes.MAC, Takes.CLIENT_SUBNET)
    reply = await answer(front, asking(*options))
    assert reply is not None
    assert (reply.rcode_name, reply.answers) == ("FORMERR", [])
    assert front.event("forwarded-malformed") == 1


async def test_a_forwarder_s_own_query_is_its_own(front: Desk) -> None:
    trusting(front, Takes.MAC, Takes.CLIENT_SUBNET)
    assert await rdatas(front, packet("game.example")) == CLOSED
    assert await rdatas(front, packet("hoc.example")) == OPEN
