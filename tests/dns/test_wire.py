"""read_name: inside the packet, backwards, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.wire import MAX_JUMPS, Malformed, is_within, plain_name_end, read_name

HEADER = bytes(12)


def test_a_name_is_uncompressed_and_its_case_kept() -> None:
    packet = HEADER + b"\x07Example\x02vn\0" + b"\x03wWw\xc0\x0c" + b"\xc0\x17"
    memo: dict[int, bytes] = {}
    assert read_name(packet, 12, memo) == (b"\x07Example\x02vn\0", 24)
    assert read_name(packet, 24, memo) == (b"\x03wWw\x07Example\x02vn\0", 30)
    assert read_name(packet, 30, {}) == (b"\0", 32)


@pytest.mark.parametrize(
    ("content", "at", "reason"),
    [
        (b"\xc0\x0c", 12, "pointer"),
        (b"\x01a\xc0\x0c", 12, "pointer"),
        (b"\xc0\x0e\xc0\x0c", 14, "pointer"),
        (b"\xc0\x0e\0", 12, "pointer"),
        (b"\xff\xff", 12, "pointer"),
        (b"\xc0\x00", 12, "pointer"),
        (b"\xc0\x0b", 12, "pointer"),
        (b"\x40", 12, "label"),
        (b"\xbf", 12, "label"),
        (b"\x01a" * 127 + b"\x01b\0", 12, "name"),
        (b"\x01a" * 127 + b"\0\x01b\xc0\x0c", 267, "name"),
    ],
)
def test_a_bad_name_is_malformed(content: bytes, at: int, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_name(HEADER + content, at, {})
    assert caught.value.reason == reason


def test_jumps_are_counted() -> None:
    chain = b"\x01a\0" + b"".join(b"\xc0" + bytes([target]) for target in [12, *range(15, 60, 2)])
    enough = 15 + 2 * (MAX_JUMPS - 1)
    assert read_name(HEADER + chain, enough, {})[0] == b"\x01a\0"
    with pytest.raises(Malformed, match="pointer"):
        read_name(HEADER + chain, enough + 2, {})


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 120))
def test_any_bytes_are_a_name_or_malformed(content: bytes, start: int) -> None:
    packet = HEADER + content
    try:
        name, end = read_name(packet, 12 + start, {})
    except (Malformed, IndexError):
        return
    assert len(name) <= 255
    assert plain_name_end(name, 0) == len(name)
    assert 12 + start < end <= len(packet)


@pytest.mark.parametrize("wire", [b"\xc0\x0c", b"\x40" + bytes(70), b"\x01a" * 128 + b"\0"])
def test_a_plain_name_has_no_pointer_and_no_excess(wire: bytes) -> None:
    with pytest.raises(Malformed):
        plain_name_end(wire, 0)


def test_within_goes_by_labels() -> None:
    assert is_within(b"\x01a\x02vn\0", b"\x02vn\0")
    assert is_within(b"\x02vn\0", b"\x02vn\0")
    assert is_within(b"\x02vn\0", b"\0")
    assert not is_within(b"\x02vn\0", b"\x01a\x02vn\0")
    assert not is_within(b"\x04a\x02vn\0", b"\x02vn\0")
