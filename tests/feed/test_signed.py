"""What a school sends is taken only as its gateway signed it, in its one form; everything else says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import MOST_BYTES, read, sign, verify
from schoolguard.feed.summary import document
from schoolguard.intake.orders.canonical import canonical
from tests.feed.school_day import STANDING, counted, school_day

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2))
PUBLIC, FOREIGN = (key.public_key().public_bytes_raw() for key in (KEY, OTHER))
DOCUMENT = document(counted(next(school_day(1, 3_600, hours=(9,))), 1), STANDING, Rules())
CONTENT = sign(DOCUMENT, KEY)
K_AT = CONTENT.index(b'"k":5')


def refused(content: bytes) -> FeedRefused:
    with pytest.raises(FeedRefused) as caught:
        verify(content, [PUBLIC])
    return caught.value


def test_a_document_comes_back_as_it_was() -> None:
    assert verify(CONTENT, [FOREIGN, PUBLIC]) == json.loads(json.dumps(DOCUMENT))
    assert read(CONTENT).key == PUBLIC


def test_the_same_document_is_the_same_bytes() -> None:
    assert sign(dict(reversed(DOCUMENT.items())), KEY) == CONTENT


def test_the_signature_is_what_any_program_can_check() -> None:
    outer = json.loads(CONTENT)
    members = json.dumps(outer["document"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    KEY.public_key().verify(bytes.fromhex(outer["signature"]), members.encode())


def test_an_unknown_key_is_refused() -> None:
    error = refused(sign(DOCUMENT, OTHER))
    assert (error.code, error.place) == ("key", "key")
    assert FOREIGN.hex()[:16] in str(error)


def test_a_foreign_signature_over_the_same_key_is_refused() -> None:
    outer = json.loads(CONTENT) | {"signature": json.loads(sign(DOCUMENT, OTHER))["signature"]}
    assert refused(canonical(outer)).code == "signature"


def test_what_no_reader_takes_is_not_signed() -> None:
    with pytest.raises(FeedRefused):
        sign({**DOCUMENT, "pupil": "Lan"}, KEY)


def rewritten(**changes: Any) -> bytes:
    return canonical({**json.loads(CONTENT), **changes})


def signed_as_is(members: dict[str, Any]) -> bytes:
    """Return a document with a good signature, whatever stands in it."""
    return rewritten(document=members, signature=KEY.sign(canonical(members)).hex())


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "form", ""),
        (b"null", "form", ""),
        (b"\xff\xfe{}", "form", ""),
        (CONTENT + b"\n", "form", f"byte {len(CONTENT)}"),
        (CONTENT.replace(b'{"document":', b'{ "document":', 1), "form", "byte 1"),
        (CONTENT.replace(b'"k":5', b'"k":5.0', 1), "form", ""),
        (CONTENT.replace(b'"k":5', b'"k":NaN', 1), "form", ""),
        (CONTENT.replace(b'"k":5', b'"k":5,"k":5', 1), "form", f"byte {K_AT + 7}"),
        (CONTENT.replace(b'"k":5', b'"k":' + b"9" * 5_000, 1), "form", ""),
        (b"[" * 60_000, "form", ""),
        (b'{"a":' * 10_000, "form", ""),
        (b" " * (MOST_BYTES + 1), "size", ""),
        (rewritten(more=1), "field", "more"),
        (rewritten(key="0" * 63), "field", "key"),
        (rewritten(signature="G" * 128), "field", "signature"),
        (rewritten(key="0" * 64), "signature", "signature"),
        (rewritten(document=[]), "form", "document"),
        (rewritten(document={**DOCUMENT, "k": 2}), "signature", "signature"),
        (rewritten(document={}), "signature", "signature"),
        (signed_as_is({}), "version", "document.format"),
        (signed_as_is({**DOCUMENT, "format": "schoolguard-summary/2"}), "version", "document.format"),
        (signed_as_is({**DOCUMENT, "devices": 501}), "field", "document.devices"),
    ],
)
def test_what_is_not_right_is_refused_with_its_place(content: bytes, code: str, place: str) -> None:
    error = refused(content)
    assert (error.code, error.place) == (code, place)
    assert str(error)


def test_a_flipped_bit_anywhere_is_refused() -> None:
    for at in range(0, len(CONTENT), 5):
        refused(CONTENT[:at] + bytes([CONTENT[at] ^ (1 << at % 8)]) + CONTENT[at + 1 :])


def test_a_cut_anywhere_is_refused() -> None:
    for at in range(0, len(CONTENT), 50):
        refused(CONTENT[:at])


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_any_bytes_are_refused_and_nothing_else_happens(content: bytes) -> None:
    refused(content)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from([*DOCUMENT, "new"]))
@settings(max_examples=100)
def test_any_value_in_a_signed_document_is_read_or_refused(value: object, name: str) -> None:
    try:
        content = signed_as_is({**DOCUMENT, name: value})
    except ValueError:  # a lone surrogate has no bytes
        return
    try:
        found = read(content)
    except FeedRefused:
        return
    assert found.document[name] == value
