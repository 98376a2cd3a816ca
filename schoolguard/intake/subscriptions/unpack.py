"""From a file as it came over the line to the bytes of the list in it: gzip, xz, zstd, tar; all bounded.

What packs it is told by its first bytes, whatever the server or the file's name say: a packed file that the
server packs again, and one that it calls packed and sends plain, are both common. Memory is one block and the
decoder's window; it must not hold a list.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import zstandard

from schoolguard.intake.subscriptions.model import FetchRefused
from schoolguard.intake.subscriptions.tape import is_tape, member_of
from schoolguard.language import N_

_BLOCK = 1 << 16
_HEAD = 512
_ZSTD_SLICE = 256
"""A block of zstd is at least 4 bytes and at most 128 KiB: what one slice can become is at most 8 MiB."""
_ZSTD_WINDOW = 64 << 20
_XZ_MEMORY = 100 << 20
"""``xz -9`` needs 65 MiB."""
_LAYERS = 3
"""A packed file that a server packs again, and one more."""
_SPARED = 4 << 20
"""Bytes that an archive may become before its ratio counts."""

_DAMAGED = N_("the archive is damaged: {why}")
_LARGE = N_("unpacked it has more than the {most} bytes that are accepted")
_RATIO = N_("{packed} bytes become more than {most} bytes; no list is like that")


def unpacked(packed: BinaryIO, *, member: str, most: int, ratio: int) -> Iterator[bytes]:
    """Yield the bytes of the list; ``member`` is the file to take from a tar archive.

    Raises ``FetchRefused``: ``damaged``, ``too-large``, ``ratio``, ``no-member``; and ``OSError``.
    """
    size = packed.seek(0, 2)
    packed.seek(0)
    blocks: Iterator[bytes] = iter(lambda: packed.read(_BLOCK), b"")
    head, blocks = _peeked(blocks)
    for _ in range(_LAYERS):
        if head.startswith(b"\x1f\x8b"):
            blocks = _gunzipped(blocks)
        elif head.startswith(b"\xfd7zXZ\0"):
            blocks = _unxzed(blocks)
        elif head.startswith(b"\x28\xb5\x2f\xfd"):
            blocks = unzstded(blocks)
        else:
            break
        head, blocks = _peeked(bounded(blocks, size, most, ratio))
    if is_tape(head):
        blocks = member_of(blocks, member)
    yield from bounded(blocks, size, most, ratio)


def bounded(blocks: Iterator[bytes], size: int, most: int, ratio: int) -> Iterator[bytes]:
    """Pass on what ``size`` bytes became; raises ``FetchRefused``: ``too-large``, ``ratio``."""
    bound = _SPARED + size * ratio
    total = 0
    for block in blocks:
        total += len(block)
        if total > most:
            raise FetchRefused("too-large", _LARGE, most=most)
        if total > bound:
            raise FetchRefused("ratio", _RATIO, packed=size, most=bound)
        yield block


def _peeked(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    while len(head) < _HEAD and (block := next(blocks, b"")):
        head += block
    return head, chain((head,) if head else (), blocks)


def _gunzipped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    try:
        for block in blocks:
            rest = block
            while rest:
                if stream.eof:
                    rest = rest.lstrip(b"\0")  # padding after the last member, as tapes have it
                    if not rest:
                        break
                    stream = zlib.decompressobj(wbits=31)
                yield from _some(stream.decompress(rest, _BLOCK))
                rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            while not stream.eof and (more := stream.decompress(b"", _BLOCK)):
                yield more
    except zlib.error as error:
        raise FetchRefused("damaged", _DAMAGED, why=str(error)) from error
    if not stream.eof:
        raise _cut()


def _unxzed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    stream = _xz()
    try:
        for block in blocks:
            rest = block
            while rest or not (stream.needs_input or stream.eof):
                if stream.eof:
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    stream = _xz()
                yield from _some(stream.decompress(rest, _BLOCK))
                rest = stream.unused_data if stream.eof else b""
    except (lzma.LZMAError, EOFError) as error:
        raise FetchRefused("damaged", _DAMAGED, why=str(error)) from error
    if not stream.eof:
        raise _cut()


def unzstded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what zstd frames hold, in pieces of at most 8 MiB; raises ``FetchRefused``: ``damaged``."""
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    stream = decoder.decompressobj()
    try:
        for block in blocks:
            for start in range(0, len(block), _ZSTD_SLICE):
                rest = block[start : start + _ZSTD_SLICE]
                while rest:
                    if stream.eof:
                        stream = decoder.decompressobj()
                    yield from _some(stream.decompress(rest))
                    rest = stream.unused_data if stream.eof else b""
    except zstandard.ZstdError as error:
        raise FetchRefused("damaged", _DAMAGED, why=str(error)) from error
    if not stream.eof:
        raise _cut()


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _some(block: bytes) -> tuple[bytes, ...]:
    return (block,) if block else ()


def _cut() -> FetchRefused:
    return FetchRefused("damaged", _DAMAGED, why="it is cut off")
