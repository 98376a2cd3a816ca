"""Where an order holds: in the whole province, in communes, or in schools; and what schools of one gateway
tell apart.

A gateway may serve several schools, and one set of lists serves them all. Schools that the same orders
concern are one *class*; a name that is closed for some schools only carries the bits of their classes, and a
plan the bit of its own. It must not know names or times.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIRST_BIT = 64
"""The first bit of a class of schools: above those of lists, whose masks have 64 bits on disk. Masks in
memory are integers of any length, so there is no limit to the classes."""


@dataclass(frozen=True, slots=True)
class Served:
    """A school of this gateway: its id and its commune's name, as the configuration has them."""

    id: str
    commune: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole province, or the schools of some communes (by name) together with some schools (by id)."""

    province: bool = False
    communes: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()

    def of(self, served: Iterable[Served]) -> frozenset[str]:
        """Return the ids of those schools that the order is for."""
        communes = {_fold(commune) for commune in self.communes}
        return frozenset(
            school.id
            for school in served
            if self.province or school.id in self.schools or _fold(school.commune) in communes
        )

    def document(self) -> dict[str, Any]:
        """Return it as a member of an order."""
        if self.province:
            return {"province": True}
        parts = {"communes": sorted(self.communes), "schools": sorted(self.schools)}
        return {name: values for name, values in parts.items() if values}


class Reach:
    """Which schools of one gateway each scope holds, worked out once for each."""

    def __init__(self, served: Iterable[Served]) -> None:
        self._served = tuple(served)
        self._found: dict[Scope, frozenset[str]] = {}

    def of(self, scope: Scope) -> frozenset[str]:
        """Return what ``Scope.of`` does."""
        found = self._found.get(scope)
        if found is None:
            found = self._found[scope] = scope.of(self._served)
        return found


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of the schools of one gateway: ``of_school`` has a school's bit, nothing for one that no
    order of limited scope is for; ``of_set`` the bits for a set of schools.
    """

    of_school: Mapping[str, int]
    of_set: Mapping[frozenset[str], int]


def classes_of(sets: Collection[frozenset[str]]) -> Classes:
    """Return the fewest classes with which every one of ``sets`` (ids of schools) can be told.

    Schools are of one class when the same sets hold them, so there are at most as many classes as schools.
    The bits depend on the sets only, not on their order.
    """
    ordered = sorted(set(sets), key=sorted)
    signatures: dict[str, tuple[int, ...]] = {}
    for number, each in enumerate(ordered):
        for school in each:
            signatures[school] = (*signatures.get(school, ()), number)
    numbers = {signature: i for i, signature in enumerate(sorted(set(signatures.values())))}
    of_school = {school: 1 << (FIRST_BIT + numbers[sign]) for school, sign in signatures.items()}
    return Classes(of_school, {each: _union(of_school[school] for school in each) for each in ordered})


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
