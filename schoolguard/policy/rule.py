"""One rule as somebody wrote it: who, in which layer, what for whom, when, and why. It decides nothing.

Sets of rules that are in force together stand in ``rulesets``, the order among them in ``decide``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from math import inf

from schoolguard.dns.names import search_key


class Layer(IntEnum):
    """Who speaks, highest first: no lower layer undoes what a higher one locked."""

    PROVINCE = 1
    COMMUNE = 2
    SCHOOL = 3
    GROUP = 4
    PASS = 5


class Verb(StrEnum):
    """What a rule does. ``ALLOW_ONLY``, the exam mode, closes all it does not list, and opens nothing."""

    LOCKED_BLOCK = "locked-block"
    LOCKED_ALLOW = "locked-allow"
    BLOCK = "block"
    ALLOW = "allow"
    ALLOW_ONLY = "allow-only"

    @property
    def blocks(self) -> bool:
        """Whether it closes something."""
        return self not in (Verb.LOCKED_ALLOW, Verb.ALLOW)

    @property
    def locked(self) -> bool:
        """Whether lower layers cannot undo it."""
        return self in (Verb.LOCKED_BLOCK, Verb.LOCKED_ALLOW)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of one layer for one group.

    ``names`` are in text shape, each with all below it, those of ``services`` (ids) among them;
    ``categories`` is a mask. ``during`` are names of windows, none for always; ``until`` is Unix seconds, the
    first moment it no longer holds. ``shadow`` says that it is counted and not enforced. ``place`` is where
    it is written and takes no part in equality; nor do ``keys``, the names as search keys.
    """

    layer: Layer
    verb: Verb
    names: frozenset[str]
    categories: int = 0
    services: tuple[str, ...] = ()
    owner: str = ""
    reason: str = ""
    during: frozenset[str] = frozenset()
    until: float | None = None
    shadow: bool = False
    place: str = field(default="", compare=False)
    keys: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(sorted(map(search_key, self.names))))
        object.__setattr__(self, "_hash", hash(self._written[:-1]))

    def __hash__(self) -> int:
        """Return what was computed once: every turn of plans looks rules up by value."""
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Made anew in another process: hashes of texts differ there.
        return Rule, self._written

    @property
    def _written(self) -> tuple[object, ...]:
        return (
            self.layer,
            self.verb,
            self.names,
            self.categories,
            self.services,
            self.owner,
            self.reason,
            self.during,
            self.until,
            self.shadow,
            self.place,
        )

    @property
    def order(self) -> tuple[object, ...]:
        """What rules are sorted by: all that makes them differ, so that no file's or set's order shows."""
        until = inf if self.until is None else self.until
        return (
            self.layer,
            self.verb.blocks,
            self.owner,
            self.reason,
            self.keys,
            self.categories,
            self.services,
            sorted(self.during),
            until,
            self.verb,
            self.shadow,
        )

    def holds(self, now: float | None, windows: frozenset[str] | None) -> bool:
        """Return whether it is in force at ``now`` (Unix seconds) while ``windows`` are open.

        ``None`` stands for a time or for windows that nobody knows: then holds what closes at any time, and
        only that opens which always does.
        """
        if self.until is not None and (not self.verb.blocks if now is None else now >= self.until):
            return False
        if not self.during:
            return True
        return self.verb.blocks if windows is None else bool(self.during & windows)


def next_end(rules: Iterable[Rule], now: float) -> float | None:
    """Return when the next of ``rules`` runs out after ``now``, ``None`` when none does."""
    return min((rule.until for rule in rules if rule.until is not None and rule.until > now), default=None)
