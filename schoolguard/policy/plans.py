"""What a group is under at one moment: its rules in force, put together into an immutable plan.

It must not look at a clock: ``now``, the open windows and the passes are handed in. How a name is judged
under a plan stands in ``decide``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schoolguard.categories import SEALED
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import Blocking, Group
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.rulesets import AllowOnly, Made, Ruleset, rulesets
from schoolguard.policy.safe_search import Engines, SafeSearch

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules in force for a set of clients; equal rules give an equal plan, so that they share replies.

    ``blocked`` is the mask of closed categories, sealed ones always in it. ``locks`` stand highest layer
    first, ``rules`` (not locked) nearest layer first, those of passes apart in ``passes``. ``spent`` are ids
    of the ``budgets`` that are used up. ``shadow`` is the plan that would hold if what is on trial were
    enforced. ``orders`` are the bits, above those of lists, of orders whose scope holds the school: plans of
    schools under other orders differ, and share no reply. ``parts`` tells which of the optional parts there
    are, a bit each: locks, passes, exams, used-up budgets, rules, safe search; like ``engines`` it takes no
    part in equality.
    """

    blocked: int = SEALED
    locks: tuple[Ruleset, ...] = ()
    passes: Ruleset | None = None
    exams: tuple[AllowOnly, ...] = ()
    rules: tuple[Ruleset, ...] = ()
    budgets: tuple[Budget, ...] = ()
    spent: frozenset[str] = NOTHING
    safe_search: SafeSearch = field(default=SafeSearch())
    strip_ech: bool = False
    blocking: Blocking = field(default=Blocking())
    shadow: Plan | None = None
    orders: int = 0
    engines: Engines = field(default=Engines(), compare=False, repr=False)
    parts: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        there = (self.locks, self.passes, self.exams, self.spent, self.rules, self.safe_search.on)
        object.__setattr__(self, "parts", sum(1 << i for i, part in enumerate(there) if part))


def plan_of(
    group: Group,
    engines: Engines,
    now: float | None,
    windows: frozenset[str] | None = NOTHING,
    passes: Iterable[Rule] = (),
    spent: frozenset[str] = NOTHING,
    made: Made | None = None,
) -> Plan:
    """Return the plan a group is under at ``now`` (Unix seconds) while ``windows`` are open.

    ``passes`` are the rules of the passes that concern it, ``spent`` the ids of used-up budgets. ``None`` for
    ``now`` or ``windows``: nobody knows, see ``Rule.holds``. ``made`` are sets of rules to share.
    """
    rules = [rule for rule in (*group.rules, *passes) if rule.holds(now, windows)]
    return _with_shadow(group, engines, rules, spent, {} if made is None else made)


def strictest(group: Group, engines: Engines, made: Made | None = None) -> Plan:
    """Return the plan for when the time cannot be trusted: all that closes at some time does, nothing that
    opens only at times, no pass, and every budget used up."""
    return plan_of(group, engines, None, None, (), frozenset(budget.id for budget in group.budgets), made)


def _with_shadow(
    group: Group, engines: Engines, rules: list[Rule], spent: frozenset[str], made: Made
) -> Plan:
    enforced = [rule for rule in rules if not rule.shadow]
    plan = _plan(group, engines, enforced, group.tier.blocked & ~group.shadow, spent, made)
    if len(enforced) == len(rules) and not group.shadow:
        return plan
    return replace(plan, shadow=_plan(group, engines, rules, group.tier.blocked | group.shadow, spent, made))


def _plan(
    group: Group, engines: Engines, rules: list[Rule], blocked: int, spent: frozenset[str], made: Made
) -> Plan:
    locks, plain = rulesets(rules, True, made), rulesets(rules, False, made)
    passes = next((each for each in plain if each.layer is Layer.PASS), None)
    exams = {rule for rule in rules if rule.verb is Verb.ALLOW_ONLY}
    return Plan(
        _categories(blocked, plain, locks),
        locks,
        passes,
        tuple(map(AllowOnly, sorted(exams, key=lambda rule: rule.order))),
        tuple(each for each in reversed(plain) if each is not passes),
        tuple(sorted(group.budgets, key=lambda budget: (budget.layer, budget.id))),
        spent & {budget.id for budget in group.budgets},
        group.safe_search,
        group.strip_ech,
        group.blocking,
        engines=engines,
    )


def _categories(blocked: int, plain: tuple[Ruleset, ...], locks: tuple[Ruleset, ...]) -> int:
    """Return the closed categories: the nearest layer decides, unless a higher one locked it; of locks the
    highest layer has the last word, and of sealed categories nobody."""
    for each in plain:
        blocked = (blocked & ~each.allows) | each.blocks
    for each in reversed(locks):
        blocked = (blocked & ~each.allows) | each.blocks
    return blocked | SEALED
