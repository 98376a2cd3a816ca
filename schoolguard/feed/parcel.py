"""A delivery, on the wire and as a file: the sender's clock, the numbers in the outbox, the packed documents.

    "SGP" 1 | time | count | count numbers | the documents as ``compact`` packs them

Time, count and numbers are LEB128. A number is 0 for a document that has its sequence in itself: only what
has none, a standing document, needs one beside it. None of it is signed; it decides nothing but what is
shown as missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schoolguard.feed.compact import MOST_DOCUMENTS, MOST_UNPACKED, Packing, sender_of
from schoolguard.feed.refused import FeedRefused
from schoolguard.language import N_

_START = b"SGP\x01"
_LONGEST = 8
"""Bytes of a number: 7 bits each, below 2^56."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Signed documents of one key, each with its number in the outbox; ``time`` in Unix seconds."""

    documents: tuple[bytes, ...]
    sequences: tuple[int, ...]
    time: int

    def pairs(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and document of each."""
        return zip(self.sequences, self.documents, strict=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A parcel whose documents are still packed in ``body``; ``sender`` is the id of its key."""

    sequences: tuple[int, ...]
    time: int
    sender: bytes
    body: bytes

    def unpack(self, packing: Packing, key: bytes, most: int = MOST_UNPACKED) -> Parcel:
        """Return the documents, of which none is verified; raises ``FeedRefused``.

        They have at most ``most`` bytes when they are unpacked.
        """
        documents = tuple(packing.unpack(self.body, key, most))
        if len(documents) != len(self.sequences):
            raise _refused("there are not as many numbers as documents")
        return Parcel(documents, self.sequences, self.time)


def pack(parcel: Parcel, packing: Packing) -> bytes:
    """Return a parcel as bytes; raises ``ValueError`` for documents that ``Packing.pack`` does not take."""
    numbers = (parcel.time, len(parcel.sequences), *parcel.sequences)
    return _START + b"".join(map(_leb128, numbers)) + packing.pack(parcel.documents)


def opened(content: bytes) -> Opened:
    """Return what stands before the documents, and those packed; raises ``FeedRefused``."""
    if not content.startswith(_START):
        raise _refused("it does not begin like one")
    time, at = _number(content, len(_START))
    count, at = _number(content, at)
    if not 0 < count <= MOST_DOCUMENTS:
        raise _refused(f"{count} documents, not 1 to {MOST_DOCUMENTS}")
    sequences = []
    for _ in range(count):
        number, at = _number(content, at)
        sequences.append(number)
    body = content[at:]
    return Opened(tuple(sequences), time, sender_of(body), body)


def _leb128(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return a number and where the next begins."""
    number = 0
    for place in range(_LONGEST):
        if at + place >= len(content):
            break
        byte = content[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if number >= 1 << 53:
                break
            return number, at + place + 1
    raise _refused("a number is cut off, or too large")


def _refused(problem: str) -> FeedRefused:
    return FeedRefused("packing", "", N_("this is no parcel: {problem}"), problem=problem)
