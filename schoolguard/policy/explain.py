"""Why a name is blocked or allowed: every rank in order, its evidence, which decided and what it beat.

It must not decide anew: it walks ``decide.ORDER``. ``screen`` puts an explanation into words, ``explained``
into values for machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schoolguard.categories import ALLOWED, CATEGORIES, NEVER_BLOCK, SEALED, Category, lowest
from schoolguard.dns.names import from_key
from schoolguard.policy.decide import ORDER, Decision, Rank, decide, searched
from schoolguard.policy.evidence import (
    EXCEPTIONS,
    LIFTED,
    Case,
    Cited,
    Covering,
    Evidence,
    Hit,
    Source,
    case_of,
    some,
)
from schoolguard.policy.plans import Plan


@dataclass(frozen=True, slots=True)
class Step:
    """One rank tried: its decision if it applies, and what it looked at.

    ``evidence`` is what lists say, ``rules`` the rules that concern the name in the order they were tried,
    ``budgets`` those that cover it. A lock or a category without a decision would have blocked, had not allow
    lists (``lifted_by``) lifted the category.
    """

    rank: Rank
    decision: Decision | None
    evidence: tuple[Evidence, ...] = ()
    rules: tuple[Cited, ...] = ()
    budgets: tuple[Covering, ...] = ()
    lifted_by: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A name's whole way through the ranks.

    ``category`` is the one that decided, if one did. ``open`` are the categories that lists give the name and
    the plan does not block; ``lifted`` are entries that ``exceptions`` of lists took back. ``shadow`` is the
    decision if what is on trial were enforced, ``None`` when the verdict would be the same.
    """

    name: str
    decision: Decision
    category: Category | None
    steps: tuple[Step, ...]
    open: tuple[Evidence, ...]
    exceptions: tuple[Source, ...]
    lifted: tuple[Source, ...]
    shadow: Decision | None

    @property
    def beaten(self) -> tuple[Step, ...]:
        """The steps that would have said the opposite, had the one that decided not come first."""
        return tuple(
            step
            for step in self.steps
            if step.decision is not None
            and step.rank is not Rank.DEFAULT
            and step.decision.blocked != self.decision.blocked
        )


def explain(
    plan: Plan, key: str, mask: int, hits: Iterable[Hit], categories: Iterable[Category] = CATEGORIES
) -> Explanation:
    """Return the explanation of ``decide(plan, key, mask)``.

    ``hits`` are the entries behind ``mask``; a category of the mask that no hit names is shown without a
    source. ``categories`` is the table in force, a school's own included.
    """
    case = case_of(plan, key, mask, hits, categories)
    steps = tuple(
        _step(case, rank, judge(plan, case.parents, mask)) for rank, judge in zip(Rank, ORDER, strict=True)
    )
    decision = searched(plan, key, next(step.decision for step in steps if step.decision is not None))
    return Explanation(
        name=from_key(key) or ".",
        decision=decision,
        category=case.category(decision.bit) if decision.bit >= 0 else None,
        steps=steps,
        open=case.of_categories(mask & ~plan.blocked & ~SEALED),
        exceptions=case.of_bit(EXCEPTIONS),
        lifted=case.of_bit(LIFTED),
        shadow=_on_trial(plan, key, mask, decision),
    )


def _on_trial(plan: Plan, key: str, mask: int, decision: Decision) -> Decision | None:
    if plan.shadow is None:
        return None
    shadow = decide(plan.shadow, key, mask)
    return shadow if shadow.blocked != decision.blocked else None


def _step(case: Case, rank: Rank, decision: Decision | None) -> Step:
    plan = case.plan
    match rank:
        case Rank.SEALED:
            return Step(rank, decision, case.of_categories(case.mask & SEALED))
        case Rank.SAFETY_NET:
            return Step(rank, decision, some(case.of_bit(lowest(NEVER_BLOCK))) if decision else ())
        case Rank.LOCK:
            cited = case.tried(plan.locks)
            closed = any(each.category is not None and each.rule.verb.blocks for each in cited)
            return Step(rank, decision, rules=cited, lifted_by=_lifted_by(case, closed))
        case Rank.PASS:
            return Step(rank, decision, rules=case.tried(() if plan.passes is None else (plan.passes,)))
        case Rank.EXAM:
            return Step(rank, decision, rules=case.unlisted())
        case Rank.BUDGET:
            return Step(rank, decision, budgets=case.budgets())
        case Rank.RULE:
            return Step(rank, decision, rules=case.named(plan.rules))
        case Rank.CATEGORY:
            return _category_step(case, decision)
        case Rank.SAFE_SEARCH | Rank.DEFAULT:
            return Step(rank, decision)


def _category_step(case: Case, decision: Decision | None) -> Step:
    blocked = case.mask & case.plan.blocked & ~SEALED
    return Step(
        Rank.CATEGORY,
        decision,
        case.of_categories(blocked),
        rules=case.categorised(case.plan.rules),
        lifted_by=_lifted_by(case, bool(blocked)),
    )


def _lifted_by(case: Case, closed: bool) -> tuple[Source, ...]:
    return case.of_bit(lowest(ALLOWED)) if closed and case.mask & ALLOWED else ()
