"""Messages of the kernel as bytes, right and wrong. What the kernel really sends is in test_neighbours."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.devices.neighbour import Neighbour, Part, Standing, dump_request, read_part

MAC = bytes.fromhex("00163e000001")
V4 = bytes([10, 1, 0, 7])
V6 = bytes.fromhex("20010db8000000000000000000000007")
REACHABLE, INCOMPLETE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT = 2, 1, 4, 8, 16, 32, 64, 128


def attribute(kind: int, value: bytes) -> bytes:
    return pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body + bytes(-len(body) % 4)


def entry(address: bytes = V4, mac: bytes = MAC, state: int = REACHABLE, kind: int = 28) -> bytes:
    family = 2 if len(address) == 4 else 10
    head = pack("=BxxxiHBB", family, 3, state, 0, 1)
    return message(kind, head + attribute(1, address) + attribute(2, mac) + attribute(3, bytes(16)))


@pytest.mark.parametrize("state", [REACHABLE, STALE, DELAY, PROBE, PERMANENT])
@pytest.mark.parametrize("address", [V4, V6])
def test_a_neighbour_whose_mac_is_held_right_is_known(state: int, address: bytes) -> None:
    assert read_part(entry(address, state=state)).neighbours == (Neighbour(3, address, MAC, Standing.KNOWN),)


@pytest.mark.parametrize(
    ("datagram", "standing"),
    [
        (entry(state=FAILED), Standing.FAILED),
        (entry(state=FAILED, kind=29), Standing.FAILED),
        (entry(state=INCOMPLETE), Standing.FORGOTTEN),
        (entry(state=STALE, kind=29), Standing.FORGOTTEN),
    ],
)
def test_others_are_not(datagram: bytes, standing: Standing) -> None:
    assert read_part(datagram).neighbours == (Neighbour(3, V4, None, standing),)


@pytest.mark.parametrize(
    "datagram",
    [
        entry(state=NOARP),
        entry(mac=bytes(6)),
        entry(mac=bytes.fromhex("01005e000001")),
        entry(mac=bytes(8)),
        entry(address=b"\1\2\3"),
        entry(kind=16),
        message(28, b"\2"),
        b"",
        b"\1\2\3",
        pack("=IHHII", 5, 28, 0, 1, 0),
        pack("=IHHII", 500, 28, 0, 1, 0),
    ],
)
def test_what_tells_of_no_device_is_passed_over(datagram: bytes) -> None:
    assert read_part(datagram + entry(V6)[:0]).neighbours == ()


def test_many_messages_in_one_datagram() -> None:
    part = read_part(entry() + entry(V6) + message(3, pack("=i", 0), flags=0x10))
    assert [neighbour.address for neighbour in part.neighbours] == [V4, V6]
    assert part[1:] == (True, True, 0)


def test_a_refusal_tells_its_errno() -> None:
    assert read_part(message(2, pack("=i", -16) + bytes(16))) == Part((), error=16)


def test_the_request_is_a_dump_of_all_families() -> None:
    assert dump_request(7) == pack("=IHHII", 28, 30, 0x301, 7, 0) + bytes(12)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 70))
def test_bytes_never_raise(noise: bytes, at: int) -> None:
    read_part(noise)
    for neighbour in read_part(entry(V6)[:at] + noise).neighbours:
        assert len(neighbour.address) in (4, 16)
        assert (neighbour.mac is not None) == (neighbour.standing is Standing.KNOWN)
