"""Files of a repository that a notice carries along, so that a gateway need not ask for them one by one.

Only the format: ``{"PATH": "TEXT", ...}``, null for a file that is not there, deflated (RFC 1950), in base64.
Who opens one must verify every file, as if it had come in the usual way.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

Files = Mapping[str, bytes | None]
"""Content by path within the repository; None for what the publisher does not have."""

MOST_PACKED = 32 << 10
"""Characters of an enclosure: 5,000 gateways on slow lines must not fill the publisher's memory."""
MOST_BYTES = 256 << 10
"""Bytes of all its files together."""


class EnclosureRefused(ValueError):
    """An enclosure is not as it must be; the text says why, for the log."""


def enclosed(files: Files) -> str | None:
    """Return an enclosure of texts, None when they are too much for one."""
    if sum(len(content or b"") for content in files.values()) > MOST_BYTES:
        return None
    texts = {path: None if content is None else content.decode() for path, content in files.items()}
    plain = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
    packed = base64.b64encode(zlib.compress(plain, 9)).decode("ascii")
    return packed if len(packed) <= MOST_PACKED and len(plain) <= 2 * MOST_BYTES else None


def opened(packed: object) -> dict[str, bytes | None]:
    """Return the files of an enclosure; raises ``EnclosureRefused``."""
    if not isinstance(packed, str) or len(packed) > MOST_PACKED:
        raise EnclosureRefused("the enclosure is no text, or too long")
    try:
        members = json.loads(_inflated(base64.b64decode(packed, validate=True)))
    except (ValueError, binascii.Error, zlib.error, RecursionError) as error:
        raise EnclosureRefused(f"the enclosure cannot be read: {error}") from error
    if not isinstance(members, dict) or not all(
        text is None or isinstance(text, str) for text in members.values()
    ):
        raise EnclosureRefused("the enclosure holds no texts by path")
    return {path: None if text is None else _encoded(text) for path, text in members.items()}


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed, 2 * MOST_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise EnclosureRefused("it does not end, or is too large")
    return plain


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EnclosureRefused("a text cannot be encoded") from error
