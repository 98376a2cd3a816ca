"""What the entries found for one name mean together: which blocks an exception lifts. Pure; no look-ups.

The semantics are AdGuard's: an exception on the name or on any parent lifts, whichever of the two is more
specific. How far it lifts is its list's ``exceptions`` setting. ``docs`` and ``explain`` rest on this file.

==========================  =======================================================================
entry                       covers
==========================  =======================================================================
no flag                     its name and everything below
``EXACT``                   its name only
``BELOW``                   everything below, not its name
types                       as above, and only questions whose type meets the condition
exception, ``OFF``          nothing: never stored, counted as ignored
exception, ``OWN``          lifts the other entries of its own list, sealed or not
exception, ``ALL``          lifts category blocks of every list, its own too, but never a sealed category
exception, ``CARVED``       lifts the other entries of its own list, whatever the setting
``IMPORTANT``               is lifted only by an exception that is ``IMPORTANT`` itself
==========================  =======================================================================

Names on a list of kind ``allow`` or ``never-block`` are not lifted by the exceptions of another list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.lists.model import Exceptions, Flag, Kind, ListSource

_EXACT, _BELOW = int(Flag.EXACT), int(Flag.BELOW)
_EXCEPTION, _IMPORTANT, _CARVED = int(Flag.EXCEPTION), int(Flag.IMPORTANT), int(Flag.CARVED)


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The list an entry comes from, as far as it matters here; compared by identity, one object a list."""

    id: str
    kind: Kind
    mask: int
    reach: Exceptions


class Rule(NamedTuple):
    """What one entry says apart from its name: index of its list, flags, condition on the query type."""

    source: int
    flags: int
    types: tuple[int, ...] = ()


class Found(NamedTuple):
    """One entry that covers the name asked for."""

    origin: Origin
    flags: int


def mask_of_source(source: ListSource) -> int:
    """Return the mask that names on ``source`` get: its category's bit, ALLOWED, or NEVER_BLOCK."""
    match source.kind:
        case Kind.BLOCK:
            return 1 << source.bit
        case Kind.ALLOW:
            return ALLOWED
        case Kind.NEVER_BLOCK:
            return NEVER_BLOCK


def covers(rule: Rule, own: bool, qtype: int) -> bool:
    """Return whether ``rule``, standing on the name asked for (``own``) or on a parent, covers it."""
    if rule.flags & (_BELOW if own else _EXACT):
        return False
    return not rule.types or meets(rule.types, qtype)


def meets(types: Sequence[int], qtype: int) -> bool:
    """Return whether a query type meets a condition; no condition is met by 0, the type not given."""
    if not qtype or -qtype in types:
        return False
    return qtype in types or all(t < 0 for t in types)


def settle(found: Iterable[Found]) -> int:
    """Return the mask that is left of the entries covering one name."""
    entries = list(found)
    mask = 0
    for entry in entries:
        if not entry.flags & _EXCEPTION and not is_lifted(entry, entries):
            mask |= entry.origin.mask
    return mask


def is_lifted(entry: Found, found: Iterable[Found]) -> bool:
    """Return whether an exception among ``found`` lifts ``entry``."""
    return any(other.flags & _EXCEPTION and _lifts(other, entry) for other in found)


def _lifts(exception: Found, entry: Found) -> bool:
    if entry.flags & _IMPORTANT and not exception.flags & _IMPORTANT:
        return False
    if exception.flags & _CARVED:
        return exception.origin is entry.origin
    match exception.origin.reach:
        case Exceptions.OWN:
            return exception.origin is entry.origin
        case Exceptions.ALL:
            return entry.origin.kind is Kind.BLOCK and not entry.origin.mask & SEALED
        case Exceptions.OFF:
            return False
