"""Documents that travel, in their one form: sorted members, no spaces, UTF-8, only whole numbers.

The form is RFC 8785's for member names in ASCII and integers below 2^53, so a telecom's own program can write
it with any library. A document has exactly one string of bytes, so that its hash is its identity. It must not
know what the members mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn

VIET_NAM = timezone(timedelta(hours=7))

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)


class NotCanonical(ValueError):
    """Bytes, or values, that are no document in its one form; the text says why, in English."""


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the canonical form; raises ``NotCanonical`` for what has none."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise NotCanonical(str(error)) from error


def read_canonical(content: bytes, most: int) -> dict[str, Any]:
    """Return the members of a document of at most ``most`` bytes; raises ``NotCanonical``."""
    if len(content) > most:
        raise NotCanonical(f"{len(content)} bytes, at most {most}")
    try:
        members = json.loads(content, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if not isinstance(members, dict):
        raise NotCanonical("no object")
    if canonical(members) != content:
        raise NotCanonical("not in canonical form")
    return members


def rfc3339(seconds: float) -> str:
    """Return a moment (Unix seconds, cut to whole ones) in Viet Nam's time; raises ``NotCanonical``."""
    try:
        return datetime.fromtimestamp(int(seconds), VIET_NAM).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise NotCanonical(str(error)) from error


def moment(text: str) -> int:
    """Return Unix seconds; raises ``NotCanonical`` for what is not RFC 3339 in whole seconds."""
    if not _RFC3339.match(text):
        raise NotCanonical(f"{text[:40]!r} is no time as RFC 3339 writes it, in whole seconds")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError) as error:
        raise NotCanonical(str(error)) from error


def _refuse(text: str) -> NoReturn:
    """Refuse a number that programs write in different ways."""
    raise NotCanonical(f"{text[:40]} is no whole number")
