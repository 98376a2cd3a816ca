"""Names that no plan of two configurations can tell apart, put together, so that each kind is judged once.

A decision hangs on the categories that the lists give a name and on which of the names in rules, budgets and
the table of search engines cover it; on nothing else of it. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from schoolguard.dns.names import search_key, to_wire
from schoolguard.dns.rr import CLASS_IN, RRType
from schoolguard.lists.stack import Stack
from schoolguard.policy.decide import parents_of
from schoolguard.policy.model import Group
from schoolguard.resolver.special import special_answer
from schoolguard.settings import Settings

_EVERY_CATEGORY = -1
QUESTION_END = RRType.A.to_bytes(2) + CLASS_IN.to_bytes(2)
"""Names are compared as they are mostly asked for: addresses."""


@dataclass(slots=True)
class Alike:
    """Names (text shape) that are judged alike, and what they are judged by: ``key`` is that of any of them.

    ``masks`` are what the lists of the former and of the new configuration say, ``covering`` the keys that
    cover them, narrowest first. ``own`` is ``key`` where the whole name matters. ``question`` is set for
    names that the gateway may answer itself: their question, for ``special_answer``.
    """

    key: str
    masks: tuple[int, int]
    covering: tuple[str, ...]
    own: str = ""
    question: bytes = b""
    names: list[str] = field(default_factory=list)

    @property
    def relisted(self) -> bool:
        """Whether the lists say something else of them."""
        return self.masks[0] != self.masks[1]


def alike(
    names: Iterable[str], configurations: tuple[Settings, Settings], stacks: tuple[Stack, Stack]
) -> list[Alike]:
    """Return the names (text shape) by kind, each kind's in the order given."""
    groups = [group for each in configurations for school in each.schools for group in school.groups]
    covering = frozenset(chain(covering_keys(*groups), *(each.engines.zones for each in configurations)))
    exact = frozenset(chain.from_iterable(map(_exact, configurations)))
    former, new = stacks
    found: dict[tuple[object, ...], Alike] = {}
    for name in names:
        key = search_key(name)
        masks = former.mask(key, RRType.A), new.mask(key, RRType.A)
        question = to_wire(name) + QUESTION_END
        special = special_answer(key, question, _EVERY_CATEGORY) is not None
        own = key if special or key in exact else ""
        covers = tuple([each for each in parents_of(key) if each in covering])
        each = found.get((masks, own, covers))
        if each is None:
            each = found[masks, own, covers] = Alike(key, masks, covers, own, question if special else b"")
        each.names.append(name)
    return list(found.values())


def alike_for(kinds: Iterable[Alike], keys: Container[str]) -> list[Alike]:
    """Return kinds joined that differ only by what covers them, where none of it is in ``keys``.

    So the kinds of a school with 500 rules are many for the group that has them, and few for all others.
    """
    found: dict[tuple[object, ...], Alike] = {}
    for kind in kinds:
        covers = tuple([each for each in kind.covering if each in keys])
        place = (kind.masks, kind.own, covers)
        each = found.get(place)
        if each is None:
            each = found[place] = Alike(kind.key, kind.masks, covers, kind.own, kind.question)
        each.names.extend(kind.names)
    return list(found.values())


def covering_keys(*groups: Group) -> Iterator[str]:
    """Yield the search keys that stand in rules and budgets of groups for themselves and all below."""
    for group in groups:
        for rule in group.rules:
            yield from rule.keys
        for budget in group.budgets:
            yield from budget.keys


def _exact(settings: Settings) -> Iterable[str]:
    engines = settings.engines
    return chain(engines.safe, engines.hosts, *engines.youtube.values())
