"""Which entries one list has in a stack: for guardrails, which compare a new copy of a list with the old.

It is asked entry by entry; names are not held, expressions are.
"""

from __future__ import annotations

from schoolguard.dns.names import search_key
from schoolguard.lists.delta_chain import Chain
from schoolguard.lists.delta_part import Part, parts_of
from schoolguard.lists.model import Entry
from schoolguard.lists.rows import SourceRow
from schoolguard.lists.rules import Rule
from schoolguard.lists.snapshot import ABSENT
from schoolguard.lists.stack import Stack

Said = tuple[int, tuple[int, ...]]
"""What an entry says apart from its name: flags, condition on the query type."""


class Listed:
    """The entries of one list in a stack; of a list that the stack does not know, none.

    ``row`` is what the stack tells of the list, ``None`` when it does not know it.
    """

    __slots__ = ("_parts", "_patterns", "row")

    def __init__(self, stack: Stack, list_id: str) -> None:
        self.row: SourceRow | None = None
        self._parts: list[tuple[Part, list[frozenset[Said]]]] = []
        self._patterns: frozenset[tuple[str, Said]] = frozenset()
        for layer in stack.layers:
            for place, row in enumerate(layer.sources):
                if row.id == list_id:
                    self.row = row
                    layers = layer.layers if isinstance(layer, Chain) else (layer,)
                    self._take(parts_of(layers), layers[-1].rules, place)

    def __contains__(self, key: str) -> bool:
        """Return whether any entry of the list stands on this very search key."""
        return bool(self._said(key))

    def has(self, entry: Entry) -> bool:
        """Return whether the list has this very entry: name or expression, flags, condition on the type."""
        said = int(entry.flags), entry.types or ()
        if entry.pattern:
            return (entry.name, said) in self._patterns
        return said in self._said(search_key(entry.name))

    def _said(self, key: str) -> frozenset[Said]:
        for part, combinations in self._parts:
            number = part.layer.number_of(key)
            if number != ABSENT:
                return combinations[number]
        return frozenset()

    def _take(self, parts: tuple[Part, ...], rules: list[Rule], source: int) -> None:
        own = {number: (rule.flags, rule.types) for number, rule in enumerate(rules) if rule.source == source}
        self._parts = [
            (part, [frozenset(own[n] for n in members if n in own) for members in part.combinations()])
            for part in parts
        ]
        stating = next(part for part in parts if part.layer.patterns is not None)
        numbered = ((stating.numbers[rule], text) for rule, text in stating.layer.patterns or ())
        self._patterns = frozenset((text, own[number]) for number, text in numbered if number in own)
