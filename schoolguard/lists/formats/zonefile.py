"""Master-file syntax (RFC 1035 5): records out of lines, with owners made whole. Nothing of RPZ.

It must not follow ``$INCLUDE`` or unroll ``$GENERATE``: a list names no other files and is no program.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schoolguard.lists.formats.refused import refuse
from schoolguard.lists.formats.rrtypes import type_number

MAX_GROUP = 200
"""Lines one record may span by parentheses; a bracket left open must not swallow the list."""

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[()]|;.*|(?:[^\s();"\\]|\\.)+|["\\]', re.DOTALL)
_TTL = re.compile(r"(?:\d+[smhdw]?)+\Z", re.IGNORECASE)
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})


class Record(NamedTuple):
    """One record: owner as an absolute name without its last dot (``""`` the root), type, its other words."""

    owner: str
    type: str
    words: list[str]


class ZoneFile:
    """Turns lines into records; keeps what one line leaves to the next.

    ``origin`` is absolute without its last dot (``""`` the root), ``previous`` the last owner as written.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.previous: str | None = None
        self._words: list[str] = []
        self._blank = False
        self._depth = 0
        self._lines = 0

    @property
    def open(self) -> bool:
        """Whether a parenthesis is still open."""
        return self._depth > 0

    def line(self, text: str) -> Record | None:
        """Return the record that ends on this line, or ``None``; raises ``LineRefused``.

        ``text`` keeps its leading blanks: they stand for the previous owner. Reasons: ``include``,
        ``generate``, ``directive``, ``unbalanced``, ``class``, ``record-type``, ``unknown-line``.
        """
        words = [word for word in _WORD.findall(text) if not word.startswith(";")]
        if not self._depth:
            if not words:
                return None
            self._blank = text[0] in " \t"
            self._words, self._lines = [], 0
            if words[0].startswith("$") and not self._blank:
                self._directive(words)
                return None
        self._collect(words)
        return None if self._depth else self._record(self._words)

    def absolute(self, name: str) -> str:
        """Return a name of the file as an absolute one, without the last dot."""
        if name == "@":
            return self.origin
        if name.endswith(".") and not name.endswith("\\."):
            return name[:-1].lower()
        return f"{name}.{self.origin}".lower() if self.origin else name.lower()

    def _collect(self, words: list[str]) -> None:
        self._lines += 1
        for word in words:
            self._depth += {"(": 1, ")": -1}.get(word, 0)
            if self._depth not in (0, 1) or self._lines > MAX_GROUP:
                self._depth = 0
                refuse("unbalanced")
            if word not in ("(", ")"):
                self._words.append(word)

    def _directive(self, words: list[str]) -> None:
        match words[0].upper(), len(words):
            case "$ORIGIN", 2:
                self.origin = self.absolute(words[1])
            case "$TTL", 2:
                pass
            case "$INCLUDE", _:
                refuse("include")
            case "$GENERATE", _:
                refuse("generate")
            case _:
                refuse("directive")

    def _record(self, words: list[str]) -> Record | None:
        at = 0
        if not self._blank:
            self.previous = words[0]
            at = 1
        if self.previous is None:
            refuse("unknown-line")
        while at < len(words) and (_TTL.match(words[at]) or words[at].upper() in _CLASSES):
            if words[at].upper() in _CLASSES - {"IN"}:
                refuse("class")
            at += 1
        if at >= len(words) or type_number(words[at]) is None:
            refuse("unknown-line")
        return Record(self.absolute(self.previous), words[at].upper(), words[at + 1 :])
