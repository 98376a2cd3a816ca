"""What is read from outside before anything is believed: bombs, cut archives, pages, junk, paths."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.guardrails.limits import MEBIBYTE, ByteLimits
from schoolguard.intake.guardrails.packed import check_junk, line_reasons, unpacked
from schoolguard.intake.guardrails.paths import check_path
from schoolguard.intake.guardrails.verdict import Code, PushRefused

LIMITS = ByteLimits()
LIST = b"".join(b"site%d.example\n" % number for number in range(20_000))


def packed(content: bytes, level: int = 3) -> bytes:
    return zstandard.ZstdCompressor(level=level).compress(content)


def unpack(content: bytes, limits: ByteLimits = LIMITS, *, taken: list[int] | None = None) -> int:
    """Return the size unpacked; ``taken`` gets the size of each chunk, also before a refusal."""
    sizes = [] if taken is None else taken
    sizes.extend(len(chunk) for chunk in unpacked(io.BytesIO(content), limits))
    return sum(sizes)


def refusal(content: bytes, limits: ByteLimits = LIMITS) -> Code:
    with pytest.raises(PushRefused) as caught:
        unpack(content, limits)
    return caught.value.reason.code


def test_a_list_comes_out_as_it_went_in() -> None:
    assert b"".join(unpacked(io.BytesIO(packed(LIST)), LIMITS)) == LIST
    assert b"".join(unpacked(io.BytesIO(packed(b"")), LIMITS)) == b""


def test_a_bomb_is_refused_after_a_few_megabytes() -> None:
    bomb = packed(b"a" * (100 * MEBIBYTE), level=1)
    assert len(bomb) < 100_000
    taken: list[int] = []
    with pytest.raises(PushRefused) as caught:
        unpack(bomb, taken=taken)
    assert caught.value.reason.code is Code.RATIO
    assert sum(taken) <= 16 * MEBIBYTE


def test_sizes_packed_and_unpacked_are_bounded() -> None:
    assert refusal(packed(LIST), replace(LIMITS, max_size=1000)) is Code.TOO_LARGE
    assert (
        refusal(packed(os.urandom(5000).hex().encode()), replace(LIMITS, max_packed=2000)) is Code.TOO_LARGE
    )


def test_a_window_that_wants_much_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27)
    maker = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    assert refusal(maker.compress(LIST) + maker.flush()) is Code.DAMAGED


@pytest.mark.parametrize("cut", [0, 1, 5, 100, -1])
def test_a_stream_cut_short_or_followed_by_more_is_damaged(cut: int) -> None:
    assert refusal(packed(LIST)[:cut]) is Code.DAMAGED
    assert refusal(packed(LIST) + b"x" * 300) is Code.DAMAGED
    assert refusal(packed(LIST) + packed(LIST)) is Code.DAMAGED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<!DOCTYPE html><html><body>404 Not Found", Code.HTML),
        (b"\n\n <html>\n<head>", Code.HTML),
        (b"PK\x03\x04zip", Code.NOT_TEXT),
        (b"site.example\n\0", Code.NOT_TEXT),
        (b"\xff\xfes\0i\0t\0e\0", Code.NOT_TEXT),
    ],
)
def test_a_page_or_an_archive_is_no_list(content: bytes, code: Code) -> None:
    assert refusal(packed(content)) is code


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.booleans())
def test_foreign_bytes_are_refused_or_read(content: bytes, disguised: bool) -> None:
    stream = packed(LIST)[:20] + content if disguised else content
    try:
        assert unpack(stream) <= LIMITS.max_size
    except PushRefused as refused:
        code = refused.reason.code
    else:
        code = Code.DAMAGED
    assert code in {Code.DAMAGED, Code.HTML, Code.NOT_TEXT, Code.RATIO}


def test_junk_is_refused_long_before_ten_million_lines() -> None:
    def read() -> Iterator[int]:
        for lines in range(0, 10_000_000, 1000):
            yield lines
            check_junk(0, lines, LIMITS)

    seen: list[int] = []
    with pytest.raises(PushRefused, match="lines are no entries"):
        seen.extend(read())
    assert seen[-1] <= 2 * LIMITS.junk_floor
    check_junk(100_000, 1_500, LIMITS)


@pytest.mark.parametrize(
    ("entries", "junk", "size", "codes"),
    [
        (1000, 10, 20_000, []),
        (1000, 1_500, 40_000, [Code.JUNK]),
        (10_000, 0, 20_000, [Code.DENSITY]),
        (100, 0, 2 * MEBIBYTE, [Code.DENSITY]),
        (1, 0, 9_000, []),
        (0, 0, 500, []),
    ],
)
def test_lines_and_bytes_fit_together(entries: int, junk: int, size: int, codes: list[Code]) -> None:
    assert [reason.code for reason in line_reasons(entries, junk, size, LIMITS)] == codes


def test_paths_that_this_program_writes_are_accepted() -> None:
    assert check_path("lists/viettel/co-bac.sgl.zst", "viettel") == "co-bac"
    assert check_path("orders/viettel/2026-0412.json", "viettel") == "2026-0412"
    assert check_path(f"layers/{'0a' * 32}.layer.zst", None) == "0a" * 32


@pytest.mark.parametrize(
    "path",
    [
        *[
            "../etc/passwd",
            "lists/viettel/../vnpt/x.sgl.zst",
            "/lists/viettel/x.sgl.zst",
            "lists/vnpt/x.sgl.zst",
        ],
        *[
            "lists/viettel/x.sgl.zst\n",
            "lists/viettel/x\0.sgl.zst",
            "lists/viettel/.sgl.zst",
            "",
            "lists/viettel/",
        ],
        *[
            "lists\\viettel\\x.sgl.zst",
            "lists/viettel/%2e%2e.sgl.zst",
            "lists/viettel/X.sgl.zst",
            "lists//x.sgl.zst",
        ],
        *["lists/viettel/x.sgl.zst/y", "lists/viettel/" + "a" * 65 + ".sgl.zst", "lists/viettel/é.sgl.zst"],
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    for partner in ("viettel", None):
        with pytest.raises(PushRefused) as caught:
            check_path(path, partner)
        assert caught.value.reason.code is Code.PATH
