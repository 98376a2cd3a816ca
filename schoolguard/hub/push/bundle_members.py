"""The members of one line of a bundle that is canonical JSON, taken one by one, each checked. No files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, read_canonical, rfc3339
from schoolguard.language import N_

MOST_HEADER = 8_192

_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")

_BAD_JSON = N_("line {line}: {why}")
_BAD_MEMBER = N_("line {line}: {member} is missing or is not what belongs there")
_UNKNOWN = N_("line {line}: the members {members} are not known")


class Members:
    """The members of one line, taken one by one; raises ``BundleRefused`` with the line's number."""

    def __init__(self, line: bytes, number: int) -> None:
        self._line = number
        try:
            self.found: dict[str, Any] = read_canonical(line, MOST_HEADER)
        except NotCanonical as error:
            raise BundleRefused("bad-json", number, _BAD_JSON, line=number, why=str(error)) from error

    @classmethod
    def of(cls, found: object, number: int, member: str) -> Members:
        """Return the members of an object that is a member itself."""
        if not isinstance(found, Mapping):
            raise BundleRefused("bad-member", number, _BAD_MEMBER, line=number, member=member)
        return cls(canonical(found), number)

    def _wrong(self, member: str) -> BundleRefused:
        return BundleRefused("bad-member", self._line, _BAD_MEMBER, line=self._line, member=member)

    def text(self, member: str, most: int = 200) -> str:
        """Take a printable text, not empty."""
        value = self.found.pop(member, None)
        if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
            raise self._wrong(member)
        return value

    def id(self, member: str) -> str:
        """Take an id: small letters and digits, with single marks between."""
        value = self.text(member, 60)
        if not _ID.match(value):
            raise self._wrong(member)
        return value

    def word(self, member: str, words: tuple[str, ...]) -> str:
        """Take one of some words."""
        value = self.text(member)
        if value not in words:
            raise self._wrong(member)
        return value

    def digest(self, member: str) -> str:
        """Take a SHA-256 in hexadecimal."""
        value = self.text(member)
        if not _HEX.match(value):
            raise self._wrong(member)
        return value

    def whole(self, member: str) -> int:
        """Take a whole number, not negative, that every JSON reader has."""
        value = self.found.pop(member, None)
        if type(value) is not int or not 0 <= value < 2**53:
            raise self._wrong(member)
        return value

    def time(self, member: str) -> int:
        """Take a time, written in its one form; return Unix seconds."""
        value = self.text(member)
        try:
            seconds = moment(value)
            if rfc3339(seconds) != value:
                raise self._wrong(member)
        except NotCanonical as error:
            raise self._wrong(member) from error
        return seconds

    def nothing_left(self) -> None:
        """Refuse members that nobody took."""
        if self.found:
            shown = ", ".join(sorted(self.found))[:100]
            raise BundleRefused("unknown-member", self._line, _UNKNOWN, line=self._line, members=shown)
