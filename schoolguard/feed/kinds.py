"""The kinds of values in the feed's documents: each reads strictly and says its JSON Schema.

What is not exactly of its kind is refused with its place. It must not know which member has which kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from schoolguard.feed.refused import SHOWN, FeedRefused
from schoolguard.intake.orders.canonical import NotCanonical, moment
from schoolguard.language import N_

Schema = dict[str, Any]
LARGEST = (1 << 53) - 1
"""Whole numbers that every JSON program reads exactly (RFC 8259, section 6)."""

_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\+other)?\Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_WORD = 70


class Kind(Protocol):
    """What a member's value may be."""

    def read(self, value: object, place: str) -> None:
        """Raise ``FeedRefused`` for a value of another kind."""

    def schema(self) -> Schema:
        """Return the JSON Schema (2020-12) of its values."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: int = LARGEST

    def read(self, value: object, place: str) -> None:
        """Refuse what is no such number; ``true`` is none."""
        if type(value) is not int or not self.least <= value <= self.most:
            msgid = N_("{place}: {found} stands here, and a whole number from {least} to {most} belongs here")
            raise _field(place, msgid, value, least=self.least, most=self.most)

    def schema(self) -> Schema:
        """Return an integer's schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, value: object, place: str) -> None:
        """Refuse everything else."""
        if not isinstance(value, bool):
            raise _field(place, N_("{place}: {found} stands here, and true or false belongs here"), value)

    def schema(self) -> Schema:
        """Return a flag's schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of 1 to ``most`` characters, none of them a control character."""

    most: int

    def takes(self, value: object) -> bool:
        """Return whether a value is such a text."""
        return isinstance(value, str) and 1 <= len(value) <= self.most and not _CONTROL.search(value)

    def read(self, value: object, place: str) -> None:
        """Refuse others: control characters would write on a screen what nobody sent."""
        if not self.takes(value):
            msgid = N_("{place}: {found} stands here, and a text of 1 to {most} characters belongs here")
            raise _field(place, msgid, value, most=self.most)

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.most,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$",
        }


@dataclass(frozen=True, slots=True)
class Exactly:
    """One text and no other."""

    text: str

    def read(self, value: object, place: str) -> None:
        """Refuse every other."""
        if value != self.text:
            raise _field(
                place, N_("{place}: {found} stands here, and {text} belongs here"), value, text=self.text
            )

    def schema(self) -> Schema:
        """Return a constant's schema."""
        return {"const": self.text}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as RFC 3339 writes it, in whole seconds."""

    def read(self, value: object, place: str) -> None:
        """Refuse others."""
        try:
            moment(value if isinstance(value, str) else "")
        except NotCanonical as error:
            msgid = N_("{place}: {found} stands here, and a time like 2026-11-24T07:35:00+07:00 belongs here")
            raise _field(place, msgid, value) from error

    def schema(self) -> Schema:
        """Return a time's schema."""
        pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$"
        return {"type": "string", "format": "date-time", "pattern": pattern}


@dataclass(frozen=True, slots=True)
class Hexadecimal:
    """``least`` to ``most`` small hexadecimal digits."""

    least: int
    most: int

    def read(self, value: object, place: str) -> None:
        """Refuse others."""
        right = isinstance(value, str) and self.least <= len(value) <= self.most
        if not right or not set(str(value)) <= set("0123456789abcdef"):
            msgid = N_("{place}: {found} stands here, and {least} to {most} hexadecimal digits belong here")
            raise _field(place, msgid, value, least=self.least, most=self.most)

    def schema(self) -> Schema:
        """Return the digits' schema."""
        return {"type": "string", "pattern": f"^[0-9a-f]{{{self.least},{self.most}}}$"}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of ``least`` to ``most`` values of one kind."""

    kind: Kind
    most: int
    least: int = 1

    def read(self, value: object, place: str) -> None:
        """Refuse others."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            msgid = N_("{place}: a list of {least} to {most} belongs here")
            raise _field(place, msgid, value, least=self.least, most=self.most)
        for at, each in enumerate(value):
            self.kind.read(each, f"{place}[{at}]")

    def schema(self) -> Schema:
        """Return a list's schema."""
        items = self.kind.schema()
        return {"type": "array", "minItems": self.least, "maxItems": self.most, "items": items}


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values of one kind, at least one, each under a word (``thcs``, ``ads+other``)."""

    kind: Kind
    most: int

    def read(self, value: object, place: str) -> None:
        """Refuse others."""
        if not isinstance(value, dict) or not 1 <= len(value) <= self.most:
            raise _field(place, N_("{place}: 1 to {most} members belong here"), value, most=self.most)
        for word, each in value.items():
            if len(word) > _LONGEST_WORD or not _WORD.match(word):
                raise _field(place, N_("{place}: {found} is no word of small letters, digits, hyphens"), word)
            self.kind.read(each, f"{place}.{word}")

    def schema(self) -> Schema:
        """Return the members' schema."""
        names = {"pattern": r"^[a-z0-9]+(?:-[a-z0-9]+)*(?:\+other)?$", "maxLength": _LONGEST_WORD}
        counts = {"minProperties": 1, "maxProperties": self.most}
        values = self.kind.schema()
        return {"type": "object", "propertyNames": names, "additionalProperties": values} | counts


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a document: its name, kind, and what it says in English and Vietnamese."""

    name: str
    kind: Kind
    en: str
    vi: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Members:
    """An object with these members and no others; ``title`` is what it is."""

    members: tuple[Member, ...]
    title: str = ""

    def read(self, value: object, place: str) -> None:
        """Refuse missing and unknown members, and wrong values."""
        if not isinstance(value, dict):
            raise _field(place, N_("{place}: {found} stands here, and members belong here"), value)
        known = {member.name: member for member in self.members}
        for name in value:
            if name not in known:
                msgid = N_("{place}: the member {found} is not known to this version")
                raise _field(place, msgid, name)
        for name, member in known.items():
            inner = f"{place}.{name}" if place else name
            if name in value:
                member.kind.read(value[name], inner)
            elif member.required:
                raise FeedRefused("field", inner, N_("{place}: this member is missing"))

    def schema(self) -> Schema:
        """Return the object's schema, with what each member says in both languages."""
        properties = {m.name: m.kind.schema() | {"description": f"{m.en} — {m.vi}"} for m in self.members}
        required = [member.name for member in self.members if member.required]
        title = {"title": self.title} if self.title else {}
        return {
            **title,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }


def _field(place: str, msgid: str, value: object, **values: object) -> FeedRefused:
    found = value if isinstance(value, str) else repr(value)
    return FeedRefused("field", place, msgid, found=repr(found[:SHOWN]), **values)
