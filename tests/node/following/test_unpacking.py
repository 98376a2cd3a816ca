"""A layer as it came, unpacked: bombs, windows, streams cut short or followed by more, foreign bytes."""

from __future__ import annotations

import io

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.node.province_unpacking import MEBIBYTE, MOST_BYTES, LayerRefused, unpacked

LAYER = b"".join(b"site%d.example\n" % number for number in range(20_000))


def packed(content: bytes, level: int = 3) -> bytes:
    return zstandard.ZstdCompressor(level=level).compress(content)


def unpack(content: bytes, most: int = MOST_BYTES, taken: list[int] | None = None) -> int:
    """Return the size unpacked; ``taken`` gets the size of each chunk, also before a refusal."""
    sizes = [] if taken is None else taken
    sizes.extend(len(chunk) for chunk in unpacked(io.BytesIO(content), "layers/x", most))
    return sum(sizes)


def refusal(content: bytes, most: int = MOST_BYTES) -> str:
    with pytest.raises(LayerRefused) as caught:
        unpack(content, most)
    return caught.value.word


def test_a_layer_comes_out_as_it_went_in() -> None:
    assert b"".join(unpacked(io.BytesIO(packed(LAYER)), "layers/x")) == LAYER
    assert b"".join(unpacked(io.BytesIO(packed(b"")), "layers/x")) == b""


def test_a_bomb_is_refused_after_a_few_megabytes() -> None:
    bomb = packed(b"a" * (100 * MEBIBYTE), level=1)
    assert len(bomb) < 100_000
    taken: list[int] = []
    with pytest.raises(LayerRefused) as caught:
        unpack(bomb, taken=taken)
    assert caught.value.word == "ratio"
    assert sum(taken) <= 16 * MEBIBYTE


def test_the_size_is_bounded() -> None:
    assert refusal(packed(LAYER), 1_000) == "ratio"


def test_a_window_that_wants_much_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27)
    maker = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    assert refusal(maker.compress(LAYER) + maker.flush()) == "damaged"


@pytest.mark.parametrize("cut", [0, 1, 5, 100, -1])
def test_a_stream_cut_short_or_followed_by_more_is_damaged(cut: int) -> None:
    assert refusal(packed(LAYER)[:cut]) == "damaged"
    assert refusal(packed(LAYER) + b"x" * 300) == "damaged"
    assert refusal(packed(LAYER) + packed(LAYER)) == "damaged"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.booleans())
def test_foreign_bytes_are_refused_or_read(content: bytes, disguised: bool) -> None:
    stream = packed(LAYER)[:20] + content if disguised else content
    try:
        word = "" if unpack(stream) <= MOST_BYTES else "too much"
    except LayerRefused as refused:
        word = refused.word
    assert word in {"", "damaged", "ratio"}
