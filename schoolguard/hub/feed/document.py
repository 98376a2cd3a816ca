"""A document as the receiver sees it: who signed it, for which school, its sequence and period.

Its numbers are the schema's business; it must not look into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import zstandard

from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.signed import MOST_BYTES, read
from schoolguard.intake.orders.canonical import moment
from schoolguard.language import N_


class Line(IntEnum):
    """Where a document's sequence stands."""

    SIGNED = 0
    """In the document itself: a period's, a day's."""

    BESIDE = 1
    """Beside it, as a standing document has no time and no number: the same state is the same bytes. It
    shows what came, and takes no signed document's place."""


@dataclass(frozen=True, slots=True)
class Document:
    """A verified document; ``content`` is what was signed, with its signature. Times are Unix seconds."""

    key: bytes
    school: str
    line: Line
    sequence: int
    kind: str
    begin: int
    end: int
    digest: str
    content: bytes


def read_document(content: bytes, digest: str, beside: int) -> Document:
    """Return a document that its key has signed; ``beside`` is the number beside it.

    Raises ``FeedRefused``.
    """
    signed = read(content)
    line = Line.SIGNED if "sequence" in signed.document else Line.BESIDE
    sequence = int(signed.document.get("sequence", beside))
    if sequence == 0:
        raise FeedRefused("form", "", N_("a document without a sequence needs its number beside it"))
    begin, end = (moment(signed.document[name]) if line is Line.SIGNED else 0 for name in ("begin", "end"))
    return Document(
        signed.key,
        signed.document["school"],
        line,
        sequence,
        signed.document["format"],
        begin,
        end,
        digest,
        content,
    )


def packed(content: bytes) -> bytes:
    """Return a document as the file holds it."""
    return zstandard.ZstdCompressor(level=3, write_content_size=True).compress(content)


def unpacked(body: bytes) -> bytes:
    """Return a document that the file holds."""
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=MOST_BYTES)
