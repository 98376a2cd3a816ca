"""The values that pass between the parts of this package: sources, entries, refusals. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a list is for: to block a category, to lift blocks, or to be the safety net."""

    BLOCK = "block"
    ALLOW = "allow"
    NEVER_BLOCK = "never-block"


class Exceptions(StrEnum):
    """How far an exception (``@@``, PASSTHRU) inside a list reaches."""

    OFF = "off"
    OWN = "own"
    ALL = "all"


class Flag(IntFlag):
    """What an entry does: without a flag it blocks its name and everything below it.

    ``EXACT`` is the name alone, ``BELOW`` only what stands below it (RPZ ``*.x``, adblock ``||*.x^``).
    ``CARVED`` comes with ``EXCEPTION`` and belongs to a block of the same list (``$denyallow``): it narrows
    that list's own blocks whatever the list's ``exceptions`` say, and never reaches another list.
    """

    SUBTREE = 0
    EXACT = 1
    EXCEPTION = 2
    IMPORTANT = 4
    BELOW = 8
    CARVED = 16


@dataclass(frozen=True, slots=True)
class ListSource:
    """One list as ``lists.yaml`` names it; ``path`` is a file, ``bit`` the category's (unused unless BLOCK).

    ``max_shrink`` and ``max_growth`` are fractions of the last good copy's entries (0.35 is 35 %), ``None``
    switches the limit off. An ``awaited`` list's file is brought by the gateway itself, and may not have come
    yet.
    """

    id: str
    path: str
    bit: int
    kind: Kind = Kind.BLOCK
    format: str = "auto"
    exceptions: Exceptions = Exceptions.OFF
    max_entries: int = 10_000_000
    max_shrink: float | None = 0.5
    max_growth: float | None = 3.0
    awaited: bool = False


class Entry(NamedTuple):
    """One line understood: a name in text shape, its flags, its line number (from 1).

    ``types`` is ``None`` or the ``$dnstype`` condition: query types, each negative when excluded.
    ``pattern`` is true when ``name`` is a regular expression (RE2 syntax, matched on the text shape).
    """

    name: str
    flags: Flag
    line: int
    types: tuple[int, ...] | None = None
    pattern: bool = False


class Refusal(NamedTuple):
    """One line refused: its number, one short word for the counter, and the line's beginning."""

    line: int
    reason: str
    text: str


@dataclass(slots=True)
class Report:
    """What became of one list: format found, entries taken, refusals by reason and the first of them.

    ``skipped`` counts lines that ask for nothing (comments, blank lines, cosmetic rules, repeats).
    ``approximated`` counts, by reason, entries taken as a plain block though the line asks for a particular
    answer (RPZ local data, ``$dnsrewrite=NXDOMAIN``, unbound ``redirect``).
    """

    id: str
    format: str
    entries: int = 0
    skipped: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    first: list[Refusal] = field(default_factory=list)
    approximated: dict[str, int] = field(default_factory=dict)
