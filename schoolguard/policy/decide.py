"""The numbered order of decision: may this plan open this name?

It must not look at lists, clients or the clock: it is given the plan, the name's search key and the mask of
categories that the lists gave it, and the same three always get the same decision.

To insert a rank: a member of ``Rank`` at its place (those below move down by one), a function, and a line in
``ORDER``. ``decide`` and ``explain`` both walk ``ORDER``, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED, lowest
from schoolguard.dns.names import from_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.plans import Plan
from schoolguard.policy.rule import Rule
from schoolguard.policy.rulesets import Ruleset


class Rank(IntEnum):
    """The order of decision, highest first; the number is shown to people, the name is what to store."""

    SEALED = 1
    SAFETY_NET = 2
    LOCK = 3
    PASS = 4
    EXAM = 5
    BUDGET = 6
    RULE = 7
    CATEGORY = 8
    SAFE_SEARCH = 9
    DEFAULT = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a name and its cause.

    ``bit`` is the category's that decided (the gravest when several would), -1 when none did; ``rule`` the
    rule that did, and ``name`` the one of its names that matched; ``budget`` the one that is used up;
    ``engine`` the search engine that cannot be made safe. An allowed name that is a search engine's has the
    name of its safe service in ``redirect``.
    """

    blocked: bool
    rank: Rank
    bit: int = -1
    name: str = ""
    rule: Rule | None = None
    budget: Budget | None = None
    engine: str = ""
    redirect: str = ""


_BITS = NEVER_BLOCK.bit_length()
_SEALED = tuple(Decision(True, Rank.SEALED, bit) for bit in range(_BITS))
_CATEGORY = tuple(Decision(True, Rank.CATEGORY, bit) for bit in range(_BITS))
_SAFETY_NET = Decision(False, Rank.SAFETY_NET)
_DEFAULT = Decision(False, Rank.DEFAULT)
_SHIELDS = (Rank.SAFETY_NET, Rank.LOCK, Rank.PASS, Rank.RULE)
_UNSEARCHED = (Rank.SAFETY_NET, Rank.PASS)
"""Ranks whose allow keeps a search engine as it is: a teacher's pass for YouTube is for the whole of it."""

Judge = Callable[[Plan, Sequence[str], int], Decision | None]


def decide(plan: Plan, key: str, mask: int) -> Decision:
    """Return the decision of the first rank of ``ORDER`` that applies.

    ``key`` is the name's search key (``vn.example.www.``), escaped labels included; ``mask`` is what the
    lists say of it, with the ``ALLOWED`` and ``NEVER_BLOCK`` bits.
    """
    decision = _first(_JUDGES, plan, key, mask)
    return searched(plan, key, decision) if plan.safe_search.demanded else decision


def searched(plan: Plan, key: str, decision: Decision) -> Decision:
    """Return the decision with the name of the safe service, when an allowed name is a search engine's."""
    if decision.blocked or decision.rank in _UNSEARCHED:
        return decision
    target = plan.engines.redirect(key, plan.safe_search)
    return decision if target is None else replace(decision, redirect=target)


def decide_chain(plan: Plan, question: Decision, targets: Iterable[tuple[str, int]]) -> Decision:
    """Return the decision on a whole answer: the question name's, or that of a blocked target.

    ``targets`` are ``(key, mask)`` of the names the answer leads to: the CNAME chain and the HTTPS/SVCB
    target names. A blocked target blocks the question (of several the gravest), or else a tracker or a
    betting site would only need an unlisted alias (cloaking). Three limits:

    - A question that the safety net or a person's rule or pass allowed is not blocked through its targets.
      A person vouched for that site, and its aliases are hosting that is shared and changes without notice:
      the help line on a content network that a list calls advertising must still open.
    - In exam mode only the question is compared with the list, for the same reason.
    - A sealed target always blocks, and so does a higher layer's lock under a lower layer's allow. Nothing
      below may open such a name, so an allowed alias of it may not either.

    An allowed target excuses nothing: anybody can point a name at a famous one.
    """
    if question.blocked:
        return question
    judged = (_first(_OF_TARGETS, plan, key, mask) for key, mask in targets)
    found = [each for each in judged if each.blocked and not _shielded(question, each)]
    return min(found, key=_gravity, default=question)


def _gravity(block: Decision) -> tuple[int, int, str, str, str]:
    return block.rank, block.bit, block.name, block.budget.id if block.budget else "", block.engine


def _shielded(question: Decision, block: Decision) -> bool:
    if question.rank not in _SHIELDS or block.rank is Rank.SEALED:
        return False
    if question.rank is Rank.SAFETY_NET or block.rank is not Rank.LOCK:
        return True
    # Both are rules of people: the higher layer's word holds.
    assert question.rule is not None and block.rule is not None  # noqa: PT018, S101 - every lock and rule has one
    return question.rank is Rank.LOCK and question.rule.layer <= block.rule.layer


def parents_of(key: str) -> list[str]:
    """Return the search keys of a name and its parents, narrowest first, the root not among them.

    An escaped dot never ends a label here by mistake: what stands before it holds a backslash, and the keys
    of rules hold none.
    """
    found = [key] if key else []
    end = key.rfind(".", 0, -1) + 1
    while end:
        found.append(key[:end])
        end = key.rfind(".", 0, end - 1) + 1
    return found


def sealed(_plan: Plan, _parents: Sequence[str], mask: int) -> Decision | None:
    """Block what the law or an order in force forbids; nobody below can lift it."""
    return _SEALED[lowest(mask & SEALED)] if mask & SEALED else None


def safety_net(_plan: Plan, _parents: Sequence[str], mask: int) -> Decision | None:
    """Allow help lines, schools, health and government, whatever stands below."""
    return _SAFETY_NET if mask & NEVER_BLOCK else None


def lock(plan: Plan, parents: Sequence[str], mask: int) -> Decision | None:
    """Do what the highest layer locked: the name if one of its locks names it, else its locked categories.

    A locked-open category opens a name only if no other category closes it.
    """
    for locks in plan.locks:
        decision = _by_name(locks, parents, Rank.LOCK)
        if decision is not None:
            return decision
        if mask & ALLOWED:
            continue
        if blocks := mask & locks.blocks & ~SEALED:
            bit = lowest(blocks)
            return Decision(True, Rank.LOCK, bit, rule=locks.of_category(bit, True))
        if (allows := mask & locks.allows) and not mask & plan.blocked:
            bit = lowest(allows)
            return Decision(False, Rank.LOCK, bit, rule=locks.of_category(bit, False))
    return None


def passes(plan: Plan, parents: Sequence[str], mask: int) -> Decision | None:
    """Allow what a teacher's pass opens: a name, or a category if no other one closes the name."""
    if plan.passes is None:
        return None
    decision = _by_name(plan.passes, parents, Rank.PASS)
    if decision is not None:
        return decision
    allows = mask & plan.passes.allows
    if not allows or mask & plan.blocked:
        return None
    bit = lowest(allows)
    return Decision(False, Rank.PASS, bit, rule=plan.passes.of_category(bit, False))


def exam(plan: Plan, parents: Sequence[str], mask: int) -> Decision | None:
    """Block what an exam mode in force does not list."""
    for each in plan.exams:
        if not each.lists(parents, mask):
            return Decision(True, Rank.EXAM, rule=each.rule)
    return None


def budget(plan: Plan, parents: Sequence[str], mask: int) -> Decision | None:
    """Block what a used-up time budget covers."""
    if plan.spent:
        for each in plan.budgets:
            if each.id in plan.spent and each.covers(parents[0] if parents else "", mask):
                return Decision(True, Rank.BUDGET, budget=each)
    return None


def rule(plan: Plan, parents: Sequence[str], _mask: int) -> Decision | None:
    """Do what the nearest layer says that has a rule for the name: group, school, commune, province."""
    for rules in plan.rules:
        decision = _by_name(rules, parents, Rank.RULE)
        if decision is not None:
            return decision
    return None


def category(plan: Plan, _parents: Sequence[str], mask: int) -> Decision | None:
    """Block the categories the plan blocks, unless an allow list lifts them."""
    blocked = mask & plan.blocked & ~SEALED
    return _CATEGORY[lowest(blocked)] if blocked and not mask & ALLOWED else None


def safe_search(plan: Plan, parents: Sequence[str], _mask: int) -> Decision | None:
    """Block a search engine that cannot be made safe, where safe search is demanded."""
    if not plan.safe_search.on or not parents:
        return None
    engine = plan.engines.unforceable(parents[0])
    return None if engine is None else Decision(True, Rank.SAFE_SEARCH, engine=engine)


def default(_plan: Plan, _parents: Sequence[str], _mask: int) -> Decision | None:
    """Allow the rest."""
    return _DEFAULT


def _first(judges: Sequence[Sequence[Judge]], plan: Plan, key: str, mask: int) -> Decision:
    # Ranks that the plan has nothing for are left out: a plan without rules is judged in a third of the time.
    parts = plan.parts
    parents = parents_of(key) if parts else ()
    for judge in judges[parts]:
        decision = judge(plan, parents, mask)
        if decision is not None:
            return decision
    raise AssertionError("the last rank of ORDER applies to every name")


def _by_name(rules: Ruleset, parents: Sequence[str], rank: Rank) -> Decision | None:
    if not rules.names:
        return None
    found = rules.named(parents)
    if found is None:
        return None
    key, by = found
    return Decision(by.verb.blocks, rank, name=from_key(key), rule=by)


ORDER: tuple[Judge, ...] = (
    sealed,
    safety_net,
    lock,
    passes,
    exam,
    budget,
    rule,
    category,
    safe_search,
    default,
)
"""The ranks in order; each is given the plan, the keys of ``parents_of`` and the mask."""

_OPTIONAL = (lock, passes, exam, budget, rule, safe_search)
"""The ranks that say nothing without their part of a plan, in the order of the bits of ``Plan.parts``."""


def _by_parts(order: Sequence[Judge]) -> tuple[tuple[Judge, ...], ...]:
    """Return, for each set of parts that a plan may have, the ranks that can say something."""
    every = range(1 << len(_OPTIONAL))
    idle = [{judge for i, judge in enumerate(_OPTIONAL) if not parts >> i & 1} for parts in every]
    return tuple(tuple(judge for judge in order if judge not in idle[parts]) for parts in every)


_JUDGES = _by_parts(ORDER)
_OF_TARGETS = _by_parts([judge for judge in ORDER if judge is not exam])
"""How a target of an answer is judged: an exam must not stand before another rank that would block it."""
