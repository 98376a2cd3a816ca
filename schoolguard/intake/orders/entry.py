"""One entry of the journal of orders and its line. It touches no file, and does not know what an entry means.

A line is canonical JSON. ``hash`` is the SHA-256, in hexadecimal, of the canonical form without the member
``hash``; ``previous`` is the hash of the entry before, 64 zeros in the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, read_canonical, rfc3339

FIRST: Final = "0" * 64
"""What the first entry follows."""

MOST_LINE = 1 << 20
"""Bytes of a line: the largest order with every name of it refused takes less."""

UNPROVEN = "unproven"
"""Member of entries that stood behind a break; it stays with them."""

_OWN = frozenset({"n", "time", "kind", "previous", "hash"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened and when (Unix seconds, whole); ``fields`` hold what JSON has but floats."""

    number: int
    time: int
    kind: str
    fields: Mapping[str, Any]
    previous: str

    @property
    def proven(self) -> bool:
        """Whether nothing before it was missing or changed when the journal was last opened."""
        return UNPROVEN not in self.fields

    def sealed(self) -> tuple[bytes, str]:
        """Return its line, and the hash that the next entry names; raises ``NotCanonical``."""
        content = self._content()
        digest = _hash(content)
        line = canonical(content | {"hash": digest}) + b"\n"
        if len(line) > MOST_LINE:
            raise NotCanonical(f"an entry of {len(line)} bytes, at most {MOST_LINE}")
        return line, digest

    def _content(self) -> dict[str, Any]:
        own = {"n": self.number, "time": rfc3339(self.time), "kind": self.kind, "previous": self.previous}
        return {**self.fields, **own}


def read_line(line: bytes) -> tuple[Entry, str]:
    """Return the entry of a line with its end, and its hash; raises ``NotCanonical``, also when that is
    wrong.
    """
    if not line.endswith(b"\n") or len(line) > MOST_LINE:
        raise NotCanonical("no whole line")
    members = read_canonical(line[:-1], MOST_LINE)
    number, time, kind, previous = (members.get(name) for name in ("n", "time", "kind", "previous"))
    if type(number) is not int or not isinstance(time, str):
        raise NotCanonical("a member is missing or of another type")
    if not (isinstance(kind, str) and isinstance(previous, str)):
        raise NotCanonical("a member is missing or of another type")
    entry = Entry(number, moment(time), kind, _without(members, _OWN), previous)
    if rfc3339(entry.time) != time:
        raise NotCanonical("a time in another zone")
    digest = _hash(_without(members, {"hash"}))
    if members.get("hash") != digest:
        raise NotCanonical("its hash does not fit its content")
    return entry, digest


def _without(members: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()
