"""The rules of one layer that are in force together, as tables to look names up in. It knows no other layer.

Within a layer the narrowest name wins, so that a school can close a site and open one part of it, or the
other way round; of two rules for the very same name the one that blocks wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schoolguard.policy.rule import Layer, Rule, Verb


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules of one layer and one force (locked, or not); equal rules make equal sets, in whatever order.

    ``names`` is search key -> rule; ``blocks`` and ``allows`` are the masks of its category rules. The three
    are made of ``rules`` and take no part in equality.
    """

    layer: Layer
    rules: frozenset[Rule]
    names: Mapping[str, Rule] = field(init=False, repr=False, compare=False)
    blocks: int = field(init=False, repr=False, compare=False)
    allows: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.rules, key=lambda rule: rule.order)
        names = {key: rule for rule in ordered for key in rule.keys}  # those that block come last, and win
        blocks = mask_of_rules(rule for rule in ordered if rule.verb.blocks)
        allows = mask_of_rules(rule for rule in ordered if not rule.verb.blocks)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "blocks", blocks)
        object.__setattr__(self, "allows", allows)

    def named(self, parents: Sequence[str]) -> tuple[str, Rule] | None:
        """Return the narrowest of a name's ``parents`` (narrowest first, itself included) with its rule."""
        names = self.names
        for key in parents:
            if key in names:
                return key, names[key]
        return None

    def of_category(self, bit: int, blocks: bool) -> Rule | None:
        """Return a rule that opens or closes the category with this bit."""
        found = (rule for rule in self.rules if rule.categories >> bit & 1 and rule.verb.blocks == blocks)
        return max(found, key=lambda rule: rule.order, default=None)


@dataclass(frozen=True, slots=True)
class AllowOnly:
    """One exam mode in force: what it lists stays as it is, everything else is closed."""

    rule: Rule
    keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", frozenset(self.rule.keys))

    def lists(self, parents: Sequence[str], mask: int) -> bool:
        """Return whether it lists a name, by itself, by a parent or by a category."""
        return bool(mask & self.rule.categories) or any(key in self.keys for key in parents)


def mask_of_rules(rules: Iterable[Rule]) -> int:
    """Return the categories of all ``rules`` together."""
    mask = 0
    for rule in rules:
        mask |= rule.categories
    return mask


Made = dict[tuple[Layer, frozenset[Rule]], Ruleset]
"""Sets made before: fifty groups of a school share those of the higher layers."""


def rulesets(rules: Iterable[Rule], locked: bool, made: Made) -> tuple[Ruleset, ...]:
    """Return the rules that are locked, or those that are not, one set a layer, highest layer first.

    Sets in ``made`` are used again, new ones added to it.
    """
    by_layer: dict[Layer, list[Rule]] = {}
    for rule in rules:
        if rule.verb is not Verb.ALLOW_ONLY and rule.verb.locked == locked:
            by_layer.setdefault(rule.layer, []).append(rule)
    return tuple(_made(layer, frozenset(by_layer[layer]), made) for layer in sorted(by_layer))


def _made(layer: Layer, rules: frozenset[Rule], made: Made) -> Ruleset:
    ruleset = made.get((layer, rules))
    if ruleset is None:
        ruleset = made[layer, rules] = Ruleset(layer, rules)
    return ruleset
