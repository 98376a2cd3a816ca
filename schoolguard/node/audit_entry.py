"""One entry of the audit log and its canonical form, over which its hash is taken. It touches no file.

An entry is one JSON object a line. Canonical form: UTF-8, members sorted by name, no space outside strings,
no escape that JSON does not need, numbers only integers (RFC 8785's form, for names in ASCII and integers
below 2^53). ``hash`` is the SHA-256, in hexadecimal, of the canonical form without the member ``hash``;
``previous`` is the hash of the entry before, 64 zeros in the first. A line that is not in canonical form is
no entry, so every byte counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schoolguard.node.local_time import VIET_NAM

FIRST = "0" * 64
"""What the first entry follows."""

MAX_LINE = 1 << 16
"""Bytes of a line with its end: what a pass with its names takes is a tenth; a reader needs a bound."""

_OWN = frozenset({"n", "time", "action", "by", "previous", "hash"})


class NotAnEntry(ValueError):
    """Bytes that are no entry in canonical form, or fields that cannot become one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done, by whom and when: ``number`` counts from 1, ``time`` is Unix seconds (whole)."""

    number: int
    time: int
    action: str
    by: str
    fields: Mapping[str, Any]
    previous: str
    hash: str = ""

    def sealed(self) -> Entry:
        """Return the entry with its hash; raises ``NotAnEntry`` for fields that the form does not have."""
        if odd := _OWN & self.fields.keys():
            raise NotAnEntry(f"fields that every entry has already: {', '.join(sorted(odd))}")
        content = canonical(self._content())
        _members(content)
        return Entry(
            self.number, self.time, self.action, self.by, self.fields, self.previous, _digest(content)
        )

    @property
    def fits(self) -> bool:
        """Whether the hash is that of the content."""
        return self.hash == _digest(canonical(self._content()))

    def line(self) -> bytes:
        """Return the line of the file; raises ``NotAnEntry`` when it is too long."""
        line = canonical(self._content() | {"hash": self.hash}) + b"\n"
        if len(line) > MAX_LINE:
            raise NotAnEntry(f"{len(line)} bytes, at most {MAX_LINE}")
        return line

    def _content(self) -> dict[str, Any]:
        return {
            **self.fields,
            "n": self.number,
            "time": _rfc3339(self.time),
            "action": self.action,
            "by": self.by,
            "previous": self.previous,
        }


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the canonical form; raises ``NotAnEntry`` for what has none."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise NotAnEntry(str(error)) from error


def read_entry(line: bytes) -> Entry:
    """Return the entry of a line, with its end; its hash may not fit. Raises ``NotAnEntry``."""
    if not line.endswith(b"\n") or len(line) > MAX_LINE:
        raise NotAnEntry("no whole line")
    members = _members(line)
    if not members.keys() >= _OWN:
        raise NotAnEntry("a member is missing")
    entry = _entry(members)
    if entry.line() != line:
        raise NotAnEntry("not in canonical form")
    return entry


def _members(line: bytes) -> dict[str, Any]:
    try:
        members = json.loads(line, parse_float=_no_fraction)
    except (ValueError, RecursionError) as error:
        raise NotAnEntry(str(error)) from error
    if not isinstance(members, dict):
        raise NotAnEntry("no object")
    return members


def _no_fraction(text: str) -> None:
    """Refuse a number that programs write in different ways."""
    raise NotAnEntry(f"{text} is no whole number")


def _entry(members: dict[str, Any]) -> Entry:
    texts = [members[name] for name in ("time", "action", "by", "previous", "hash")]
    if type(members["n"]) is not int or not all(isinstance(text, str) for text in texts):
        raise NotAnEntry("a member of another type")
    time, action, by, previous, digest = texts
    try:
        seconds = int(datetime.fromisoformat(time).timestamp())
    except (ValueError, OverflowError) as error:
        raise NotAnEntry(str(error)) from error
    fields = {name: value for name, value in members.items() if name not in _OWN}
    return Entry(members["n"], seconds, action, by, fields, previous, digest)


def _rfc3339(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, VIET_NAM).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise NotAnEntry(str(error)) from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
