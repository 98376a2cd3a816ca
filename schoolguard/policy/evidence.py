"""What speaks for and against a name, drawn from the lists' hits and from the rules and budgets of the plan.

It must not judge (``decide`` does) and must not ask the lists: their hits are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED, Category, lowest
from schoolguard.dns.names import from_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import parents_of
from schoolguard.policy.plans import Plan
from schoolguard.policy.rule import Rule
from schoolguard.policy.rulesets import Ruleset

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
    """A listed name and the list it stands on."""

    name: str
    list_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sources that say the same of a name: a category, or ``None`` for the safety net.

    ``by`` is the rule that opened or closed the category for this plan; without one, the tier did.
    """

    sources: tuple[Source, ...]
    category: Category | None = None
    by: Rule | None = None


@dataclass(frozen=True, slots=True)
class Cited:
    """A rule that concerns a name: by the narrowest of its names that covers it, or by a category of it.

    Neither is there for an exam mode, which concerns what it does not list.
    """

    rule: Rule
    name: str = ""
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Covering:
    """A budget that covers a name, and whether it is used up."""

    budget: Budget
    spent: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one name is judged on; ``parents`` are the keys of ``parents_of``."""

    plan: Plan
    parents: Sequence[str]
    mask: int
    found: tuple[tuple[int, Source], ...]
    categories: Mapping[int, Category]

    def of_categories(self, mask: int) -> tuple[Evidence, ...]:
        """Return the evidence for each category of ``mask``, gravest first."""
        bits = bits_of(mask & ~(ALLOWED | NEVER_BLOCK))
        return tuple(
            Evidence(self.of_bit(bit), self.category(bit), opened_or_closed(self.plan, bit)) for bit in bits
        )

    def category(self, bit: int) -> Category:
        """Return the table's category, or one called ``bit 45``: a snapshot may carry what the table lost."""
        unnamed = f"bit {bit}"
        return self.categories.get(bit) or Category(unnamed, bit, unnamed, unnamed)

    def of_bit(self, bit: int) -> tuple[Source, ...]:
        """Return the sources that give the name this bit, or ``EXCEPTIONS``, or ``LIFTED``."""
        return tuple(source for of, source in self.found if of == bit)

    def named(self, rulesets: Iterable[Ruleset]) -> tuple[Cited, ...]:
        """Return the rules that name it, in the order they are tried: set by set, narrowest name first."""
        return tuple(cited for rules in rulesets for cited in self._by_name(rules))

    def categorised(self, rulesets: Iterable[Ruleset]) -> tuple[Cited, ...]:
        """Return the rules for a category of it, set by set, gravest category first."""
        return tuple(cited for rules in rulesets for cited in self._by_category(rules))

    def tried(self, rulesets: Iterable[Ruleset]) -> tuple[Cited, ...]:
        """Return both: in each set those that name it, then those for a category of it."""
        return tuple(
            cited for rules in rulesets for cited in (*self._by_name(rules), *self._by_category(rules))
        )

    def unlisted(self) -> tuple[Cited, ...]:
        """Return the exam modes in force that do not list it."""
        return tuple(Cited(each.rule) for each in self.plan.exams if not each.lists(self.parents, self.mask))

    def budgets(self) -> tuple[Covering, ...]:
        """Return the budgets that cover it."""
        plan, key = self.plan, self.parents[0] if self.parents else ""
        covering = (budget for budget in plan.budgets if budget.covers(key, self.mask))
        return tuple(Covering(budget, budget.id in plan.spent) for budget in covering)

    def _by_name(self, rules: Ruleset) -> Iterator[Cited]:
        ordered = _closing_first(rules)
        cited = set()
        for key in self.parents:
            for rule in ordered:
                if key in rule.keys and rule not in cited:
                    cited.add(rule)
                    yield Cited(rule, from_key(key))

    def _by_category(self, rules: Ruleset) -> Iterator[Cited]:
        for bit in bits_of(self.mask & ~SEALED):
            for rule in _closing_first(rules):
                if rule.categories >> bit & 1:
                    yield Cited(rule, category=self.category(bit))


def case_of(plan: Plan, key: str, mask: int, hits: Iterable[Hit], categories: Iterable[Category]) -> Case:
    """Return the case of the name with this search key; the order of ``hits`` does not matter."""
    found = tuple(sorted(set(_sources(hits))))
    return Case(plan, parents_of(key), mask, found, {c.bit: c for c in categories})


def opened_or_closed(plan: Plan, bit: int) -> Rule | None:
    """Return the rule by which the plan opens or closes a category: the first lock, else the nearest rule."""
    passes = [] if plan.passes is None else [plan.passes]
    for rules in [*plan.locks, *passes, *plan.rules]:
        for blocks, mask in ((True, rules.blocks), (False, rules.allows)):
            if mask & ~SEALED & 1 << bit:
                return rules.of_category(bit, blocks)
    return None


def some(sources: tuple[Source, ...]) -> tuple[Evidence, ...]:
    """Return the sources as one piece of evidence, or none when there are none."""
    return (Evidence(sources),) if sources else ()


def bits_of(mask: int) -> list[int]:
    """Return the numbers of the bits set in ``mask``, lowest first."""
    bits = []
    while mask:
        bits.append(lowest(mask))
        mask &= mask - 1
    return bits


def _closing_first(rules: Ruleset) -> list[Rule]:
    return sorted(rules.rules, key=lambda rule: rule.order, reverse=True)


def _sources(hits: Iterable[Hit]) -> Iterator[tuple[int, Source]]:
    for hit in hits:
        source = Source(hit.name, hit.list_id)
        if hit.flags & EXCEPTION:
            yield EXCEPTIONS, source
        elif hit.lifted:
            yield LIFTED, source
        else:
            yield from ((bit, source) for bit in bits_of(hit.mask))
