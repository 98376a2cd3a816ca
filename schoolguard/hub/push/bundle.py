"""A bundle's parts: header, provenances, entries, and the line that each is. No files, no compression.

One line of text each, ended by LF. The same content has one form only, so that its digest is its identity:

    {"category":"gambling",...,"format":"schoolguard-bundle/1",...}    the header, canonical JSON
    {"by":"Phòng ANM","date":"2026-11-20T08:00:00+07:00",...}          provenances, numbered from 0
    +bet.example<TAB>0                                                 entries, sorted by their bytes
    {"entries":1,"sha256":"..."}                                       the end: digest of all lines before
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from schoolguard.hub.push.bundle_members import Members
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.intake.orders.canonical import canonical, rfc3339
from schoolguard.language import N_

FORMAT = "schoolguard-bundle/1"
MOST_ENTRY = 300

_LABEL = rb"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_ENTRY = re.compile(
    rb"([+-])((=|\*\.)?((?:" + _LABEL + rb"\.)*" + _LABEL + rb"))(?:\t(0|[1-9][0-9]{0,6}))?\Z"
)
_MAX_NAME = 253

_BAD_LINE = N_("line {line}: {text} is no entry")
_FORMAT = N_("line {line}: the format is {found}; known is {known}")


class Match(StrEnum):
    """Which names an entry means: the name and all below it, it alone, or only what is below it."""

    SUBTREE = ""
    EXACT = "="
    BELOW = "*."


class Sign(StrEnum):
    """Whether an entry comes or, in a delta, goes."""

    ADD = "+"
    REMOVE = "-"


class BundleEntry(NamedTuple):
    """One entry; ``provenance`` is the number of one of the bundle's provenances."""

    name: str
    match: Match = Match.SUBTREE
    provenance: int | None = None
    sign: Sign = Sign.ADD

    @property
    def token(self) -> str:
        """What entries are sorted by."""
        return self.match + self.name


@dataclass(frozen=True, slots=True)
class Base:
    """The bundle that a delta is a change to: its sequence number and its digest."""

    sequence: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BundleHeader:
    """What a bundle is; ``created`` in Unix seconds; ``base`` is None for a whole list.

    ``kind`` is ``block`` or ``allow``. A partner's sequence numbers of one list only grow.
    """

    partner: str
    list: str
    category: str
    licence: str
    sequence: int
    created: int
    kind: str = "block"
    base: Base | None = None

    def line(self) -> bytes:
        """Return the line."""
        members: dict[str, Any] = {
            "category": self.category,
            "created": rfc3339(self.created),
            "format": FORMAT,
            "kind": self.kind,
            "licence": self.licence,
            "list": self.list,
            "partner": self.partner,
            "sequence": self.sequence,
        }
        if self.base:
            members["base"] = {"sequence": self.base.sequence, "sha256": self.base.sha256}
        return canonical(members) + b"\n"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who put an entry on the list, for what order or from what source, when, and when it is looked at again.

    ``kind`` is ``order``, ``source`` or ``report``; times in Unix seconds.
    """

    by: str
    kind: str
    ref: str
    date: int
    review: int | None = None

    def line(self) -> bytes:
        """Return the line."""
        members: dict[str, Any] = {
            "by": self.by,
            "date": rfc3339(self.date),
            "kind": self.kind,
            "ref": self.ref,
        }
        if self.review is not None:
            members["review"] = rfc3339(self.review)
        return canonical(members) + b"\n"


def is_entry(entry: BundleEntry) -> bool:
    """Return whether an entry's name has the one form that a bundle takes."""
    return len(entry.name) <= _MAX_NAME and _ENTRY.match(f"+{entry.token}".encode()) is not None


def entry_line(entry: BundleEntry) -> bytes:
    """Return the line of an entry."""
    number = "" if entry.provenance is None else f"\t{entry.provenance}"
    return f"{entry.sign}{entry.token}{number}\n".encode()


def end_line(entries: int, sha256: str) -> bytes:
    """Return the last line."""
    return canonical({"entries": entries, "sha256": sha256}) + b"\n"


def entry_of(line: bytes, number: int) -> BundleEntry:
    """Return the entry of a line (without LF); raises ``BundleRefused``: ``bad-line``."""
    match = _ENTRY.match(line)
    if match is None or len(match[4]) > _MAX_NAME:
        shown = line[:80].decode("ascii", "backslashreplace")
        raise BundleRefused("bad-line", number, _BAD_LINE, line=number, text=repr(shown))
    sign, _, how, name, provenance = match.groups()
    return BundleEntry(
        name.decode(),
        Match(how.decode()) if how else Match.SUBTREE,
        int(provenance) if provenance else None,
        Sign.REMOVE if sign == b"-" else Sign.ADD,
    )


def header_of(line: bytes) -> BundleHeader:
    """Return the header of the first line (without LF); raises ``BundleRefused``."""
    members = Members(line, 1)
    if members.found.get("format") != FORMAT:
        found = repr(members.found.get("format"))[:60]
        raise BundleRefused("format", 1, _FORMAT, line=1, found=found, known=FORMAT)
    members.found.pop("format")
    base = members.found.pop("base", None)
    header = BundleHeader(
        members.id("partner"),
        members.id("list"),
        members.id("category"),
        members.text("licence"),
        members.whole("sequence"),
        members.time("created"),
        members.word("kind", ("block", "allow")),
        _base(base) if base is not None else None,
    )
    members.nothing_left()
    return header


def provenance_of(line: bytes, number: int) -> Provenance:
    """Return the provenance of a line (without LF); raises ``BundleRefused``."""
    members = Members(line, number)
    provenance = Provenance(
        members.text("by"),
        members.word("kind", ("order", "source", "report")),
        members.text("ref"),
        members.time("date"),
        members.time("review") if "review" in members.found else None,
    )
    members.nothing_left()
    return provenance


def end_of(line: bytes, number: int) -> tuple[int, str]:
    """Return the number of entries and the digest that the last line tells; raises ``BundleRefused``."""
    members = Members(line, number)
    told = members.whole("entries"), members.digest("sha256")
    members.nothing_left()
    return told


def _base(found: object) -> Base:
    members = Members.of(found, 1, "base")
    base = Base(members.whole("sequence"), members.digest("sha256"))
    members.nothing_left()
    return base
