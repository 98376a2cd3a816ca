"""One layer as it came, packed: unpacked within bounds, and compared with what the publisher said of it.

It must not believe a length or a ratio that the packed file tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

from schoolguard.language import N_, Said
from schoolguard.lists.archive import digest_of
from schoolguard.lists.snapshot import Snapshot
from schoolguard.node.province_chain import Layer

_PIECE = 256
"""Bytes unpacked at once: 4 may stand for a block of 128 KiB (RFC 8878, 3.1.1.2), so at most 8 MiB."""

MEBIBYTE = 1 << 20
MOST_BYTES, MOST_RATIO, MOST_WINDOW = 1024 * MEBIBYTE, 200, 8 * MEBIBYTE
"""A bomb is refused after so many times what was read of it, and a larger window before memory is taken for
it (RFC 8878, 7.2, recommends 8 MiB)."""

PACKED = N_("{path}: it does not unpack to the layer that was named ({word})")


class LayerRefused(Said):
    """A layer was refused; ``word`` says why for programs."""

    def __init__(self, word: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.word = word


def layer_file(layer: Layer) -> str:
    """Return the name of a layer's file, unpacked."""
    return f"{layer.digest}.layer"


def is_layer(path: Path, layer: Layer) -> bool:
    """Return whether a file is what was said of a layer; every byte is read. Raises ``SnapshotBroken``."""
    opened = Snapshot.open(path)
    follows = opened.delta.follows if opened.delta is not None else ""
    named = layer.digest in (opened.digest, digest_of(path))
    return named and (opened.state, follows) == (layer.state, layer.follows)


def unpacked(stream: IO[bytes], path: str, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield the content of one zstd frame, in chunks of at most some megabytes; raises ``LayerRefused``:
    ``ratio`` (also beyond ``most`` bytes), ``damaged`` (also cut short, or followed by more).
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW).decompressobj()
    read = size = 0
    while not unpacker.eof and (piece := stream.read(_PIECE)):
        read += len(piece)
        try:
            chunk = unpacker.decompress(piece)
        except zstandard.ZstdError as error:
            raise LayerRefused("damaged", PACKED, path=path, word="damaged") from error
        size += len(chunk)
        # The first mebibyte may be a run of one letter: little can be read out of so little.
        if size > most or (size > MEBIBYTE and size > read * MOST_RATIO):
            raise LayerRefused("ratio", PACKED, path=path, word="ratio")
        yield chunk
    if not unpacker.eof or unpacker.unused_data or stream.read(1):
        raise LayerRefused("damaged", PACKED, path=path, word="damaged")
