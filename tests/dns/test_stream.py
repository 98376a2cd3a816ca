"""Framing: messages come out whole and in order however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.stream import BadFrame, Frames, frame

MESSAGES = st.lists(st.binary(min_size=1, max_size=40), max_size=6)


@given(MESSAGES, st.lists(st.integers(1, 9), min_size=1, max_size=50))
def test_messages_come_out_however_the_stream_is_cut(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, messages))
    frames = Frames()
    received = []
    turn = 0
    while stream:
        cut = cuts[turn % len(cuts)]
        received += frames.feed(stream[:cut])
        stream = stream[cut:]
        turn += 1
    assert received == messages
    assert not frames.partial


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_any_bytes_are_messages_or_a_bad_frame(chunks: list[bytes]) -> None:
    frames = Frames(limit=200)
    for chunk in chunks:
        try:
            messages = frames.feed(chunk)
        except BadFrame:
            return
        assert all(0 < len(message) <= 200 for message in messages)


def test_a_begun_message_is_known() -> None:
    frames = Frames()
    assert frames.feed(b"\0") == []
    assert frames.partial
    assert frames.feed(b"\x02a") == []
    assert frames.feed(b"b\0") == [b"ab"]
    assert frames.partial


def test_an_empty_message_ends_the_stream() -> None:
    with pytest.raises(BadFrame, match="empty"):
        Frames().feed(b"\0\0")


def test_a_message_over_the_limit_is_refused_by_its_length_alone() -> None:
    assert Frames(limit=4).feed(b"\0\4abcd") == [b"abcd"]
    with pytest.raises(BadFrame, match="long"):
        Frames(limit=4).feed(b"\0\5")


@pytest.mark.parametrize("size", [0, 65_536])
def test_what_has_no_length_is_not_framed(size: int) -> None:
    with pytest.raises(ValueError, match="can't be framed"):
        frame(bytes(size))


def test_the_largest_message_passes() -> None:
    packet = bytes(range(256)) * 255 + bytes(255)
    assert Frames().feed(frame(packet)) == [packet]
