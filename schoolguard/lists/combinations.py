"""Numbers for what stands on one name: a *combination* is a set of rules, shared by thousands of names.

Used while compiling only. A name costs one small integer; adding a rule to a name is one step in a
transition table, so that no set of names is ever held.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from schoolguard.lists.model import Flag
from schoolguard.lists.rules import Origin, Rule, covers

UNSETTLED = (1 << 64) - 1
"""In place of a mask: this combination needs ``settle`` (an exception, or a condition on the type)."""

NONE = 0
"""The combination of a name without a rule: not yet, while compiling; not any more, in a delta layer."""

WIDE = 1 << 16
"""Combinations that two bytes a name can tell apart."""


class Combinations:
    """The combinations seen so far, and the transitions between them."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.members: list[tuple[int, ...]] = [()]
        self._rule_numbers: dict[Rule, int] = {}
        self._numbers: dict[tuple[int, ...], int] = {(): NONE}
        self._steps: list[dict[int, int]] = []

    def rule(self, rule: Rule) -> int:
        """Return the number of ``rule``, a new one if it was not seen before."""
        number = self._rule_numbers.get(rule)
        if number is None:
            number = self._rule_numbers[rule] = len(self.rules)
            self.rules.append(rule)
            self._steps.append({})
        return number

    def forget_after(self, count: int) -> None:
        """Drop the rules beyond the first ``count``, none of which may have been stepped by."""
        for rule in self.rules[count:]:
            del self._rule_numbers[rule]
        del self.rules[count:], self._steps[count:]

    def steps(self, rule: int) -> dict[int, int]:
        """Return the transitions by ``rule`` known so far: combination before -> combination after."""
        return self._steps[rule]

    def step(self, before: int, rule: int) -> int:
        """Return the combination ``before`` with ``rule`` added, and remember the transition."""
        members = tuple(sorted({*self.members[before], rule}))
        after = self._numbers.get(members)
        if after is None:
            after = self._numbers[members] = len(self.members)
            self.members.append(members)
        self._steps[rule][before] = after
        return after


def quick_mask(rules: Iterable[Rule], origins: Sequence[Origin], own: bool) -> int:
    """Return the mask of a combination on the name itself (``own``) or a parent, or ``UNSETTLED``."""
    mask = 0
    for rule in rules:
        if rule.types or (rule.flags & Flag.EXCEPTION and covers(rule, own, 0)):
            return UNSETTLED
        if covers(rule, own, 0):
            mask |= origins[rule.source].mask
    return mask


def sections_of(combinations: Combinations, origins: Sequence[Origin]) -> dict[str, bytes]:
    """Return the combinations as sections of a snapshot, all arrays of machine integers.

    ``combination-rules`` holds the rules of all of them in a row, ``combination-ends`` where each one ends;
    ``masks-own`` and ``masks-above`` the mask of each on the name itself and on a parent.
    """
    ends, rules, own, above = array("I"), array("I"), array("Q"), array("Q")
    for members in combinations.members:
        rules.extend(members)
        ends.append(len(rules))
        found = [combinations.rules[number] for number in members]
        own.append(quick_mask(found, origins, own=True))
        above.append(quick_mask(found, origins, own=False))
    arrays = {"combination-ends": ends, "combination-rules": rules, "masks-own": own, "masks-above": above}
    return {name: numbers.tobytes() for name, numbers in arrays.items()}
