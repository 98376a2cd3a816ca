"""zstd streams unpacked within bounds, and what their first bytes and lines say. It knows no list format.

A bomb is refused after ``max_ratio`` times what was read of it, so a file of a few kilobytes costs a few
megabytes at most; a window larger than ``max_window`` is refused before memory is taken for it.
Source: RFC 8878, 3.1.1.1.2 (window) and 7.2 (it recommends at least 8 MiB).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import zstandard

from schoolguard.intake.guardrails.limits import MEBIBYTE, ByteLimits
from schoolguard.intake.guardrails.verdict import Action, Code, PushRefused, Reason
from schoolguard.lists.formats import ListRefused
from schoolguard.lists.formats.detect import HEAD, check_head

PIECE = 256
"""Bytes unpacked at once: 4 bytes may stand for a block of 128 KiB (RFC 8878, 3.1.1.2), so at most 8 MiB."""


def unpacked(stream: IO[bytes], limits: ByteLimits) -> Iterator[bytes]:
    """Yield the content of one zstd frame, in chunks of at most some megabytes.

    Raises ``PushRefused``: ``too-large``, ``ratio``, ``damaged`` (also cut short, or followed by more), and
    ``html`` or ``not-text`` when the first bytes are a page or an archive.
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=limits.max_window).decompressobj()
    packed = size = 0
    while not unpacker.eof and (piece := stream.read(PIECE)):
        packed += len(piece)
        if packed > limits.max_packed:
            raise PushRefused(Reason(Code.TOO_LARGE, Action.REFUSE, packed, limits.max_packed))
        try:
            chunk = unpacker.decompress(piece)
        except zstandard.ZstdError as error:
            raise PushRefused(Reason(Code.DAMAGED, Action.REFUSE)) from error
        if chunk and not size:
            _check_head(chunk[:HEAD])
        size += len(chunk)
        _check_size(size, packed, limits)
        if chunk:
            yield chunk
    if not unpacker.eof or unpacker.unused_data or stream.read(1):
        raise PushRefused(Reason(Code.DAMAGED, Action.REFUSE))


def line_reasons(entries: int, junk: int, size: int, limits: ByteLimits) -> Iterator[Reason]:
    """Yield what is wrong with a file of ``size`` bytes with so many entries and so many lines of junk."""
    allowed = max(limits.junk_floor, int(limits.max_junk * (entries + junk)))
    if junk > allowed:
        yield Reason(Code.JUNK, Action.REFUSE, junk, allowed)
    if not entries:
        return
    density = size / entries
    if density < limits.min_density:
        yield Reason(Code.DENSITY, Action.REFUSE, round(density, 1), limits.min_density)
    if size > MEBIBYTE and density > limits.max_density:
        yield Reason(Code.DENSITY, Action.REFUSE, round(density, 1), limits.max_density)


def check_junk(entries: int, junk: int, limits: ByteLimits) -> None:
    """Raise ``PushRefused`` as soon as the lines so far are mostly junk; ask every thousand lines."""
    for reason in line_reasons(entries, junk, 0, limits):
        if reason.code is Code.JUNK:
            raise PushRefused(reason)


def _check_size(size: int, packed: int, limits: ByteLimits) -> None:
    if size > limits.max_size:
        raise PushRefused(Reason(Code.TOO_LARGE, Action.REFUSE, size, limits.max_size))
    # The first mebibyte may be a run of one letter: little can be read out of so little.
    if size > MEBIBYTE and size > packed * limits.max_ratio:
        raise PushRefused(Reason(Code.RATIO, Action.REFUSE, size // max(1, packed), limits.max_ratio))


def _check_head(chunk: bytes) -> None:
    try:
        check_head(chunk, "")
    except ListRefused as error:
        if error.reason != "json":  # documents that travel are JSON; who reads them judges them
            code = Code.HTML if error.reason == "html" else Code.NOT_TEXT
            raise PushRefused(Reason(code, Action.REFUSE)) from error
