"""Signed documents on the wire: few bytes, because a school's line is slow and sends one every five minutes.

A body is: ``SG``, the form's number (1), how many documents (a byte), the first 8 bytes of the SHA-256 of
the key that signed them all, a signature of 64 bytes for each, and one zstd frame. In the frame stand the
documents, a line each, with 0 in the place of every whole number that is not negative; then a byte 0; then
those numbers in their order, each in 7 bits a byte, the lowest first, the highest bit set on all bytes but
the last (LEB128). The frame uses a dictionary that both sides have; it was trained on simulated schools,
and a new one makes a new form.

It must not verify anything: what comes out may be forged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import zstandard

from schoolguard.feed.refused import FeedRefused
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical
from schoolguard.language import N_

MOST_PACKED = 1 << 20
MOST_UNPACKED = 8 << 20
MOST_DOCUMENTS = 255

_START = b"SG\x01"
_ID, _SIGNATURE = 8, 64
_HEAD = len(_START) + 1 + _ID
_LEVEL = 22
_LARGEST_BITS = 56
_DICTIONARY = Path(__file__).with_name("dictionary-1.zdict")


def key_id(key: bytes) -> bytes:
    """Return what names a public key on the wire: 8 bytes."""
    return sha256(key).digest()[:_ID]


def sender_of(body: bytes) -> bytes:
    """Return the id of the key that a body says it is from; raises ``FeedRefused``."""
    if len(body) > MOST_PACKED:
        msgid = N_("{size} bytes, at most {most}")
        raise FeedRefused("size", "", msgid, size=len(body), most=MOST_PACKED)
    if not body.startswith(_START) or len(body) < _HEAD or body[len(_START)] == 0:
        raise _not_packed("it does not begin like a delivery")
    return body[len(_START) + 1 : _HEAD]


def unpacked_size(body: bytes) -> int | None:
    """Return how many bytes a body says it has when unpacked; ``None`` when it does not say."""
    frame = body[_HEAD + _SIGNATURE * body[len(_START)] :]
    try:
        size = zstandard.frame_content_size(frame)
    except zstandard.ZstdError:
        return None
    return size if size >= 0 else None


def packing() -> Packing:
    """Return a packing with the shipped dictionary; raises ``OSError``."""
    return Packing(_DICTIONARY.read_bytes())


class Packing:
    """Packs and unpacks; it holds the prepared dictionary, so keep it."""

    def __init__(self, dictionary: bytes) -> None:
        shared = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
        form = zstandard.ZstdCompressionParameters.from_level(_LEVEL, write_dict_id=0, write_content_size=1)
        self._compressor = zstandard.ZstdCompressor(dict_data=shared, compression_params=form)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=shared, max_window_size=MOST_UNPACKED)

    def pack(self, documents: Sequence[bytes]) -> bytes:
        """Return the body of a delivery of signed documents.

        Raises ``ValueError`` unless they are 1 to ``MOST_DOCUMENTS`` of one key, in canonical form.
        """
        if not 1 <= len(documents) <= MOST_DOCUMENTS:
            raise ValueError(f"{len(documents)} documents, not 1 to {MOST_DOCUMENTS}")
        envelopes = [read_canonical(document, MOST_UNPACKED) for document in documents]
        keys = {envelope["key"] for envelope in envelopes}
        if len(keys) > 1:
            raise ValueError("documents of several keys in one delivery")
        signatures = b"".join(bytes.fromhex(envelope["signature"]) for envelope in envelopes)
        head = _START + bytes([len(documents)]) + key_id(bytes.fromhex(keys.pop()))
        stripped = strip([canonical(envelope["document"]) for envelope in envelopes])
        return head + signatures + self._compressor.compress(stripped)

    def unpack(self, body: bytes, key: bytes, most: int = MOST_UNPACKED) -> list[bytes]:
        """Return the signed documents of a body as they were before; ``key`` is that of ``sender_of``.

        Raises ``FeedRefused``, for more than ``most`` bytes unpacked too. No signature is checked.
        """
        if sender_of(body) != key_id(key):
            raise FeedRefused("key", "", N_("the delivery is from another key"))
        count = body[len(_START)]
        frame = _HEAD + _SIGNATURE * count
        signatures = [body[at : at + _SIGNATURE] for at in range(_HEAD, frame, _SIGNATURE)]
        stripped = self._decompressed(body[frame:], most)
        if stripped.partition(b"\x00")[0].count(b"\n") + 1 != count:
            # Before they are read: four million lines fit into 800 bytes, and take 12 seconds.
            raise _not_packed("another number of documents than it says")
        documents = fill(stripped)
        try:
            return [
                canonical({"document": document, "key": key.hex(), "signature": signature.hex()})
                for document, signature in zip(documents, signatures, strict=True)
            ]
        except NotCanonical as error:
            raise _not_packed(str(error)) from error

    def _decompressed(self, frame: bytes, most: int) -> bytes:
        try:
            with self._decompressor.stream_reader(frame) as reader:
                content = reader.read(most + 1)
        except zstandard.ZstdError as error:
            raise _not_packed(str(error)) from error
        if len(content) > most:
            msgid = N_("more than {most} bytes when unpacked")
            raise FeedRefused("size", "", msgid, most=most)
        return content


def strip(documents: Iterable[bytes]) -> bytes:
    """Return documents in canonical form with their numbers taken out and put behind them."""
    numbers: list[int] = []

    def taken(text: str) -> int:
        if text.startswith("-"):
            return int(text)
        numbers.append(int(text))
        return 0

    lines = [canonical(json.loads(document, parse_int=taken)) for document in documents]
    return b"\n".join(lines) + b"\x00" + b"".join(map(_leb128, numbers))


def fill(stripped: bytes) -> list[object]:
    """Return the values of stripped documents, the numbers in their places again; ``FeedRefused``."""
    lines, zero, tail = stripped.partition(b"\x00")
    numbers = _numbers(tail)

    def placed(text: str) -> int:
        if text != "0":
            return int(text)
        number = next(numbers, None)
        if number is None:  # a StopIteration would be the parser's own
            raise _not_packed("a number is missing")
        return number

    try:
        documents = [json.loads(line, parse_int=placed) for line in lines.split(b"\n")]
    except (ValueError, RecursionError) as error:
        raise _not_packed(str(error)) from error
    if not zero or next(numbers, None) is not None:
        raise _not_packed("numbers are left over")
    return documents


def _leb128(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _numbers(tail: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in tail:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
        elif shift >= _LARGEST_BITS:
            raise _not_packed("a number is too large")
    if shift:
        raise _not_packed("the last number is cut off")


def _not_packed(problem: str) -> FeedRefused:
    return FeedRefused("packing", "", N_("this is no delivery: {problem}"), problem=problem)
