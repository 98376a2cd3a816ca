"""What a query says of its client, read from bytes; the forwarders themselves are in tests/devices."""

from __future__ import annotations

import base64
from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schoolguard.dns.forwarded import (
    MAX_PROXY,
    Forwarded,
    Incomplete,
    ProxyHeader,
    echo_subnet,
    forwarded_client,
    proxy_header,
)
from schoolguard.dns.wire import Malformed

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

MAC = bytes.fromhex("00163e000001")
OTHER = bytes.fromhex("00163e000002")
V4 = bytes([10, 1, 0, 7])
V6 = bytes.fromhex("20010db8000000000000000000000007")
WHOLE_V4, WHOLE_V6 = b"\0\1\x20\0" + V4, b"\0\2\x80\0" + V6
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def option(code: int, value: bytes) -> bytes:
    return pack("!HH", code, len(value)) + value


def asked(craft: Craft, *options: bytes, more: bytes = b"") -> bytes:
    return craft.query(craft.question(), craft.opt(options=b"".join(options)), *([more] if more else []))


@pytest.mark.parametrize(
    ("subnet", "address"),
    [
        (WHOLE_V4, V4),
        (WHOLE_V6, V6),
        (b"\0\2\x80\0" + bytes(10) + b"\xff\xff" + V4, V4),
        (b"\0\1\x18\0" + V4[:3], None),
        (b"\0\2\x38\0" + V6[:7], None),
        (b"\0\1\x1f\0\x0a\x01\0\x06", None),
        (b"\0\1\0\0", None),
        (b"\0\0\0\0", None),
    ],
)
def test_only_a_whole_address_is_a_client(craft: Craft, subnet: bytes, address: bytes | None) -> None:
    assert forwarded_client(asked(craft, option(8, subnet))) == Forwarded(address, None, subnet)


@pytest.mark.parametrize(
    "subnet",
    [
        b"",
        b"\0\1\x20",
        b"\0\1\x20\0" + V4[:3],
        WHOLE_V4 + b"\0",
        b"\0\1\x20\x20" + V4,
        b"\0\1\x21\0" + V4 + b"\0",
        b"\0\1\x18\0" + V4,
        b"\0\1\x1f\0\x0a\x01\0\x07",
        b"\0\3\x20\0" + V4,
        b"\0\0\x20\0" + V4,
        b"\0\2\x20\0" + V4[:3],
        b"\0\2\xff\0" + bytes(32),
    ],
)
def test_a_subnet_that_breaks_the_format_is_malformed(craft: Craft, subnet: bytes) -> None:
    with pytest.raises(Malformed, match="subnet"):
        forwarded_client(asked(craft, option(8, subnet)))


@pytest.mark.parametrize(
    "written",
    [
        option(65001, MAC),
        option(65073, MAC.hex(":").encode()),
        option(65073, MAC.hex(":").upper().encode()),
        option(65073, base64.b64encode(MAC)),
        option(65001, MAC) + option(65073, base64.b64encode(MAC)),
    ],
)
def test_the_mac_that_dnsmasq_adds(craft: Craft, written: bytes) -> None:
    said = forwarded_client(asked(craft, option(10, bytes(8)), written, option(8, WHOLE_V4)))
    assert said == Forwarded(V4, MAC, WHOLE_V4)


@pytest.mark.parametrize(
    "written",
    [
        option(65001, b""),
        option(65001, MAC[:5]),
        option(65001, MAC + b"\0\0"),
        option(65001, MAC.hex(":").encode()),
        option(65073, MAC),
        option(65073, b"AAAAAAA="),
        option(65073, b"!!!!!!!!"),
        option(65073, MAC.hex("-").encode()),
        option(65073, b"0g:16:3e:00:00:01"),
        option(65073, b"0::16:3e:00:00:01"),
    ],
)
def test_a_mac_written_otherwise_is_malformed(craft: Craft, written: bytes) -> None:
    with pytest.raises(Malformed, match="mac"):
        forwarded_client(asked(craft, written))


@pytest.mark.parametrize(
    "written",
    [
        option(8, WHOLE_V4) * 2,
        option(65001, MAC) * 2,
        option(65001, MAC) + option(65073, base64.b64encode(OTHER)),
    ],
)
def test_two_of_one_kind_may_be_the_clients_own(craft: Craft, written: bytes) -> None:
    with pytest.raises(Malformed, match="twice"):
        forwarded_client(asked(craft, written))


def test_a_query_that_says_nothing(craft: Craft) -> None:
    assert forwarded_client(craft.query(craft.question())) == Forwarded()
    assert forwarded_client(asked(craft, option(12, bytes(40)))) == Forwarded()


def test_a_signed_query_passed_the_forwarder_unchanged(craft: Craft) -> None:
    tsig = craft.record("key.example", 250, bytes(16), 0, 255)
    with pytest.raises(Malformed, match="signed"):
        forwarded_client(asked(craft, option(8, WHOLE_V4), more=tsig))


def test_broken_packets(craft: Craft) -> None:
    whole = asked(craft, option(8, WHOLE_V4), option(65001, MAC))
    for end in range(len(whole)):
        with pytest.raises(Malformed):
            forwarded_client(whole[:end])
    for broken in (whole + b"\0", whole[:7] + b"\1" + whole[8:], whole[:5] + b"\2" + whole[6:]):
        with pytest.raises(Malformed):
            forwarded_client(broken)
    two = craft.query(craft.question(), craft.opt(), craft.opt(options=option(8, WHOLE_V4)))
    with pytest.raises(Malformed, match="opt"):
        forwarded_client(two)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60), st.booleans())
@example(b"", 0, False)
def test_bytes_give_a_client_or_malformed(craft: Craft, noise: bytes, at: int, inside: bool) -> None:
    whole = asked(craft, option(8, WHOLE_V4), option(65001, MAC))
    packet = asked(craft, noise) if inside else whole[:at] + noise
    try:
        said = forwarded_client(packet)
    except Malformed:
        return
    assert said.address is None or len(said.address) in (4, 16)
    assert said.mac is None or len(said.mac) == 6
    assert said.subnet is None or echo_subnet(said.subnet)[4:7] == said.subnet[:3]


@pytest.mark.parametrize("subnet", [WHOLE_V4, WHOLE_V6, b"\0\1\x18\0" + V4[:3], b"\0\1\0\0"])
def test_the_echo_is_for_that_very_subnet(subnet: bytes) -> None:
    echo = echo_subnet(subnet)
    assert echo[:4] == pack("!HH", 8, len(subnet))
    assert echo[4:7] == subnet[:3]
    assert echo[7] == subnet[2]  # the scope is the source prefix
    assert echo[8:] == subnet[4:]


def header(command: int, family: int, addresses: bytes, tlvs: bytes = b"") -> bytes:
    return SIGNATURE + bytes([command, family]) + pack("!H", len(addresses) + len(tlvs)) + addresses + tlvs


PORTS = pack("!HH", 40_000, 53)
OF_V4 = V4 + bytes([10, 1, 0, 1]) + PORTS
OF_V6 = V6 + V6[:-1] + b"\1" + PORTS
TLV = b"\xe0\0\x03abc\x04\0\0"


@pytest.mark.parametrize(
    ("received", "address", "port"),
    [
        (header(0x21, 0x11, OF_V4), V4, 40_000),
        (header(0x21, 0x12, OF_V4, TLV), V4, 40_000),
        (header(0x21, 0x21, OF_V6), V6, 40_000),
        (header(0x21, 0x22, OF_V6, TLV), V6, 40_000),
        (header(0x21, 0x22, bytes(10) + b"\xff\xff" + V4 + V6 + PORTS), V4, 40_000),
        (header(0x20, 0x00, b""), None, 0),
        (header(0x20, 0x11, OF_V4), None, 0),
        (header(0x20, 0x31, bytes(216)), None, 0),
        (header(0x21, 0x00, b"", TLV), None, 0),
        (header(0x21, 0x12, OF_V4, bytes(MAX_PROXY - 28)), V4, 40_000),
    ],
)
def test_a_proxy_header(received: bytes, address: bytes | None, port: int) -> None:
    assert proxy_header(received) == ProxyHeader(address, port, len(received))
    assert proxy_header(received + b"\0query") == ProxyHeader(address, port, len(received))
    for end in range(len(received)):
        with pytest.raises(Incomplete) as caught:
            proxy_header(received[:end])
        assert caught.value.needed == (16 if end < 16 else len(received))


@pytest.mark.parametrize(
    "received",
    [
        b"\x12\x34\1\0\0\1",
        b"PROXY TCP4 10.1.0.7 10.1.0.1 40000 53\r\n",
        SIGNATURE[:-1] + b"\r",
        header(0x11, 0x11, OF_V4),
        header(0x22, 0x11, OF_V4),
        header(0x31, 0x11, OF_V4),
        header(0x21, 0x10, OF_V4),
        header(0x21, 0x13, OF_V4),
        header(0x21, 0x31, bytes(216)),
        header(0x21, 0x41, OF_V4),
        header(0x21, 0x11, OF_V4[:-1]),
        header(0x21, 0x21, OF_V4),
        header(0x21, 0x12, OF_V4, bytes(MAX_PROXY - 27)),
    ],
)
def test_what_cannot_become_a_proxy_header_is_malformed(received: bytes) -> None:
    with pytest.raises(Malformed, match="proxy"):
        proxy_header(received)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_bytes_are_a_header_its_beginning_or_malformed(noise: bytes, signed: bool) -> None:
    received = SIGNATURE + noise if signed else noise
    try:
        size = proxy_header(received).size
    except Incomplete as incomplete:
        size = incomplete.needed
        received += bytes(size - len(received))
    except Malformed:
        return
    assert 16 <= size <= min(len(received), MAX_PROXY)
