"""The second stage: expressions that no trie can hold, matched by google-re2 and never by ``re``.

Bounded in number, length and memory. Only RE2 is allowed: a backtracking engine needs minutes for some legal
names, RE2's time is linear in the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import re2

MAX_PATTERNS = 4_000
MAX_LENGTH = 2_048
MAX_PROGRAM = 1_500
"""Longest compiled program, in RE2 instructions: ``x{1000}`` has 1,004."""

_MEMORY = 1 << 20
"""Bytes that RE2 may spend on one expression."""

_SET_MEMORY = 8 << 20
"""Bytes that RE2 may spend on a set: a search of AdGuard's 227 expressions takes 0.9 us, their union 9 us."""

_TOGETHER = 500
_ALWAYS = "^"


class Pattern(NamedTuple):
    """One expression and the number of its rule."""

    rule: int
    text: str


def refusal_of(text: str) -> str | None:
    """Return why an expression cannot be used, as one word for counters, or ``None``."""
    if len(text) > MAX_LENGTH:
        return "pattern-too-long"
    try:
        program = re2.compile(text, _options())
    except re2.error:
        return "bad-pattern"
    return "pattern-too-large" if program.programsize > MAX_PROGRAM else None


class Patterns:
    """Expressions ready to match; expects each to have passed ``refusal_of``."""

    __slots__ = ("_all", "_sets")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._all = tuple(patterns)
        groups = [self._all[i : i + _TOGETHER] for i in range(0, len(self._all), _TOGETHER)]
        self._sets = [part for group in groups for part in _join(group)]

    def __len__(self) -> int:
        return len(self._all)

    def match(self, name: str) -> Iterator[Pattern]:
        """Yield the expressions that match a name in text shape."""
        for joined, members in self._sets:
            found = joined.Match(name)
            if found is None:
                yield from (member for member in members if matches(member.text, name))
            elif len(found) > 1:
                yield from (members[number - 1] for number in sorted(found) if number)


def matches(text: str, name: str) -> bool:
    """Return whether one expression that passed ``refusal_of`` matches a name in text shape."""
    return bool(re2.compile(text, _options()).search(name))


def _join(patterns: Sequence[Pattern]) -> list[tuple[re2.Set, Sequence[Pattern]]]:
    """Join expressions into as few sets as memory allows: a set too large is halved.

    A set tells a search that ran out of memory only by an empty result; so each has a first member that
    always matches, and its absence means that the expressions have to be asked one by one.
    """
    joined = re2.Set.SearchSet(_options(_SET_MEMORY))
    joined.Add(_ALWAYS)
    for pattern in patterns:
        joined.Add(pattern.text)
    try:
        joined.Compile()
    except re2.error:
        if len(patterns) == 1:
            raise
    else:
        return [(joined, patterns)]
    half = len(patterns) // 2
    return _join(patterns[:half]) + _join(patterns[half:])


def _options(memory: int = _MEMORY) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = memory
    return options
