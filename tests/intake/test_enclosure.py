"""What a notice carries along is opened whole or refused, whatever stands there."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.enclosure import MOST_BYTES, MOST_PACKED, EnclosureRefused, enclosed, opened

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def packed(plain: bytes) -> str:
    return base64.b64encode(zlib.compress(plain)).decode()


@settings(max_examples=60)
@given(st.dictionaries(TEXT, st.none() | TEXT.map(str.encode), max_size=6))
def test_what_is_enclosed_is_opened_alike(files: dict[str, bytes | None]) -> None:
    there = enclosed(files)
    assert there is not None
    assert opened(there) == files


@settings(max_examples=60)
@given(st.text(max_size=200) | st.binary(max_size=200).map(packed) | st.none() | st.integers())
def test_anything_is_an_enclosure_or_is_refused(found: object) -> None:
    with contextlib.suppress(EnclosureRefused):
        assert isinstance(opened(found), dict)


@pytest.mark.parametrize(
    "found",
    [
        packed(b"[" * 100_000),
        packed(b"[1]"),
        packed(b'{"a":1}'),
        packed(b'{"a":"\\ud800"}'),
        packed(b" " * 3 * MOST_BYTES),
        packed(b"{}")[:-4],
        "A" * (MOST_PACKED + 1),
        "no base64!",
    ],
    ids=("deep", "list", "number", "surrogate", "bomb", "cut", "long", "rubbish"),
)
def test_a_hostile_enclosure_is_refused(found: str) -> None:
    with pytest.raises(EnclosureRefused):
        opened(found)


def test_files_that_are_too_much_are_not_enclosed() -> None:
    assert enclosed({"a": b"x" * (MOST_BYTES + 1)}) is None
    noise = json.dumps([number * 2_654_435_761 % 2**32 for number in range(9_000)]).encode()
    assert len(noise) < MOST_BYTES
    assert enclosed({"a": noise}) is None
