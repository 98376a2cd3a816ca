"""What speaks for and against a name, drawn from the lists' hits and the plan's own names.

It must not judge (``decide`` does) and must not ask the lists: their hits are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schoolguard.categories import ALLOWED, NEVER_BLOCK, Category
from schoolguard.dns.names import from_key
from schoolguard.policy.decide import named_by
from schoolguard.policy.model import Plan

EXCEPTION = 2
"""The flag of a hit that is an exception inside its list (``@@``, PASSTHRU)."""

EXCEPTIONS, LIFTED = -1, -2
"""Places, beside the bits, of exceptions and of the entries that they took back."""


class Hit(Protocol):
    """One entry of one list that covers the name asked for."""

    @property
    def name(self) -> str:
        """The listed name in text shape, or the expression that matched."""

    @property
    def list_id(self) -> str:
        """The list's ``id``."""

    @property
    def mask(self) -> int:
        """What the entry gives the name: categories, ``ALLOWED`` or ``NEVER_BLOCK``; 0 for an exception."""

    @property
    def flags(self) -> int:
        """Bits of what the entry does; only ``EXCEPTION`` is read here."""

    @property
    def lifted(self) -> bool:
        """Whether an exception of a list took the entry back: its mask does not count."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A listed name and the list it stands on; ``list_id`` is ``""`` for the school's own names."""

    name: str
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sources that say the same of a name: a category, or ``None`` for the safety net and own names."""

    sources: tuple[Source, ...]
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one name is judged on."""

    plan: Plan
    named: Sequence[str]
    mask: int
    found: tuple[tuple[int, Source], ...]
    categories: Mapping[int, Category]

    def of_categories(self, mask: int) -> tuple[Evidence, ...]:
        """Return the evidence for each category of ``mask``, gravest first."""
        bits = bits_of(mask & ~(ALLOWED | NEVER_BLOCK))
        return tuple(Evidence(self.of_bit(bit), self.category(bit)) for bit in bits)

    def category(self, bit: int) -> Category:
        """Return the table's category, or one called ``bit 45``: a snapshot may carry what the table lost."""
        unnamed = f"bit {bit}"
        return self.categories.get(bit) or Category(unnamed, bit, unnamed, unnamed)

    def of_bit(self, bit: int) -> tuple[Source, ...]:
        """Return the sources that give the name this bit, or ``EXCEPTIONS``, or ``LIFTED``."""
        return tuple(source for of, source in self.found if of == bit)

    def of_names(self, keys: frozenset[str]) -> tuple[Evidence, ...]:
        """Return the evidence of those own names of the plan that are in ``keys``."""
        return some(tuple(Source(from_key(key)) for key in self.named if key in keys))


def case_of(plan: Plan, key: str, mask: int, hits: Iterable[Hit], categories: Iterable[Category]) -> Case:
    """Return the case of the name with this search key; the order of ``hits`` does not matter."""
    found = tuple(sorted(set(_sources(hits))))
    return Case(plan, named_by(plan, key), mask, found, {c.bit: c for c in categories})


def some(sources: tuple[Source, ...]) -> tuple[Evidence, ...]:
    """Return the sources as one piece of evidence, or none when there are none."""
    return (Evidence(sources),) if sources else ()


def bits_of(mask: int) -> list[int]:
    """Return the numbers of the bits set in ``mask``, lowest first."""
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def _sources(hits: Iterable[Hit]) -> Iterator[tuple[int, Source]]:
    for hit in hits:
        source = Source(hit.name, hit.list_id)
        if hit.flags & EXCEPTION:
            yield EXCEPTIONS, source
        elif hit.lifted:
            yield LIFTED, source
        else:
            yield from ((bit, source) for bit in bits_of(hit.mask))
