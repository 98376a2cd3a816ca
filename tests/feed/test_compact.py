"""Deliveries: the documents come out byte for byte, hostile bytes come to nothing, and few bytes travel."""

from __future__ import annotations

from contextlib import suppress

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.feed.compact import (
    MOST_DOCUMENTS,
    MOST_PACKED,
    MOST_UNPACKED,
    Packing,
    fill,
    key_id,
    packing,
    sender_of,
    strip,
    unpacked_size,
)
from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.standing import standing_document
from schoolguard.intake.orders.canonical import canonical
from tests.feed.bytes_a_day import BUDGET, PERIODS, measured
from tests.feed.school_day import SCHOOL, STANDING

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
CONTENT = sign(standing_document(SCHOOL, STANDING), KEY)
HEAD = 12


@pytest.fixture(scope="module")
def shipped() -> Packing:
    return packing()


@pytest.fixture(scope="module")
def body(shipped: Packing) -> bytes:
    return shipped.pack([CONTENT])


def test_documents_come_out_as_they_went_in(shipped: Packing) -> None:
    other = sign(standing_document("trường-khác", STANDING), KEY)
    documents = [CONTENT, other] * 3
    found = shipped.pack(documents)
    assert shipped.unpack(found, PUBLIC) == documents
    assert sender_of(found) == key_id(PUBLIC)


def test_a_delivery_is_of_one_key_and_of_some_documents(shipped: Packing) -> None:
    foreign = sign(standing_document(SCHOOL, STANDING), Ed25519PrivateKey.from_private_bytes(bytes(32)))
    for wrong in ([], [CONTENT] * (MOST_DOCUMENTS + 1), [CONTENT, foreign]):
        with pytest.raises(ValueError, match="documents"):
            shipped.pack(wrong)


def test_another_key_does_not_open_it(shipped: Packing, body: bytes) -> None:
    with pytest.raises(FeedRefused) as caught:
        shipped.unpack(body, bytes(32))
    assert caught.value.code == "key"


def test_what_is_too_large_is_refused_before_and_after_unpacking(shipped: Packing, body: bytes) -> None:
    with pytest.raises(FeedRefused) as caught:
        sender_of(bytes(MOST_PACKED + 1))
    assert caught.value.code == "size"
    bomb = zstandard.ZstdCompressor().compress(bytes(MOST_UNPACKED + 1))
    with pytest.raises(FeedRefused) as caught:
        shipped.unpack(body[: HEAD + 64] + bomb, PUBLIC)
    assert caught.value.code == "size"


def test_documents_are_counted_before_they_are_read(shipped: Packing, body: bytes) -> None:
    """Four million lines fit into 800 bytes; to read them takes seconds, and nobody has signed them."""
    frame = zstandard.ZstdCompressor().compress(b"no JSON\nno JSON\x00")
    with pytest.raises(FeedRefused, match="another number of documents"):
        shipped.unpack(body[: HEAD + 64] + frame, PUBLIC)


@pytest.mark.parametrize("told", [True, False])
def test_a_body_says_how_large_it_is(body: bytes, told: bool) -> None:
    frame = zstandard.ZstdCompressor(write_content_size=told).compress(bytes(77_777))
    assert unpacked_size(body[: HEAD + 64] + frame) == (77_777 if told else None)
    assert unpacked_size(body[: HEAD + 64] + b"no frame") is None


def test_a_cut_or_a_changed_frame_gives_no_document_that_was_not_sent(shipped: Packing, body: bytes) -> None:
    for at in range(len(body)):
        for wrong in (body[:at], body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :]):
            try:
                found = shipped.unpack(wrong, PUBLIC)
            except FeedRefused:
                continue
            assert found != [CONTENT] or at >= HEAD + 64  # the frame's own header has spare bits


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_frame_is_refused_or_read(shipped: Packing, frame: bytes) -> None:
    head = b"SG\x01\x01" + key_id(PUBLIC) + bytes(64)
    with pytest.raises(FeedRefused):
        shipped.unpack(head + frame, PUBLIC)


@given(st.binary(max_size=120), st.booleans())
@settings(max_examples=150)
def test_any_stripped_bytes_are_refused_or_read(content: bytes, lines: bool) -> None:
    with suppress(FeedRefused):
        fill(b'{"a":0}' + content if lines else content)


@pytest.mark.parametrize(
    "bad", [b"[" * 100_000, b'{"a":0}', b'{"a":0}\x00', b'{"a":0}\x00\x01\x02', b"{}\x00\x80"]
)
def test_numbers_that_do_not_fit_their_places_are_refused(bad: bytes) -> None:
    with pytest.raises(FeedRefused):
        fill(bad)


NUMBERS = st.integers(-(1 << 53), 1 << 53)


@given(
    st.lists(
        st.dictionaries(st.text("az0-", min_size=1), NUMBERS | st.lists(NUMBERS, max_size=4), max_size=4),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=50)
def test_numbers_come_back_to_their_places(documents: list[dict[str, object]]) -> None:
    assert fill(strip(map(canonical, documents))) == documents


def test_a_school_sends_at_most_64_kib_a_day() -> None:
    """Every twelfth period of a school's day; ``python -m tests.feed.bytes_a_day`` measures whole days."""
    periods, others = measured(1, Rules(), every=12)
    assert len(periods) == PERIODS // 12
    assert 12 * sum(periods) + sum(others) <= BUDGET
