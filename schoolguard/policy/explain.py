"""Why a name is blocked or allowed: every rule in order, its evidence, which decided and what it beat.

It must not decide anew: it walks ``decide.ORDER``. ``screen`` puts an explanation into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schoolguard.categories import ALLOWED, CATEGORIES, NEVER_BLOCK, SEALED, Category, lowest
from schoolguard.dns.names import from_key
from schoolguard.policy.decide import ORDER, Decision, Rule
from schoolguard.policy.evidence import EXCEPTIONS, LIFTED, Case, Evidence, Hit, Source, case_of, some
from schoolguard.policy.model import Plan


@dataclass(frozen=True, slots=True)
class Step:
    """One rule tried: its decision if it applies, its evidence.

    Evidence without a decision: the rule would have blocked, but allow lists (``lifted_by``) lifted it.
    """

    rule: Rule
    decision: Decision | None
    evidence: tuple[Evidence, ...] = ()
    lifted_by: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A name's whole way through the rules.

    ``category`` is the one that decided, if one did. ``open`` are the categories that lists give the name and
    the plan does not block; ``lifted`` are entries that ``exceptions`` of lists took back.
    """

    name: str
    decision: Decision
    category: Category | None
    steps: tuple[Step, ...]
    open: tuple[Evidence, ...]
    exceptions: tuple[Source, ...]
    lifted: tuple[Source, ...]

    @property
    def beaten(self) -> tuple[Step, ...]:
        """The steps that would have said the opposite, had the one that decided not come first."""
        return tuple(
            step
            for step in self.steps
            if step.decision is not None
            and step.rule is not Rule.DEFAULT
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
        _step(case, rule, judge(plan, case.named, mask)) for rule, judge in zip(Rule, ORDER, strict=True)
    )
    decision = next(step.decision for step in steps if step.decision is not None)
    return Explanation(
        name=from_key(key) or ".",
        decision=decision,
        category=case.category(decision.bit) if decision.bit >= 0 else None,
        steps=steps,
        open=case.of_categories(mask & ~plan.blocked & ~SEALED),
        exceptions=case.of_bit(EXCEPTIONS),
        lifted=case.of_bit(LIFTED),
    )


def as_dict(explanation: Explanation) -> dict[str, object]:
    """Return the explanation as plain values for JSON, in no language: names of rules, categories, lists."""
    decision = explanation.decision
    return {
        "name": explanation.name,
        "blocked": decision.blocked,
        "rule": {"number": int(decision.rule), "name": slug(decision.rule)},
        "category": explanation.category.name if explanation.category else None,
        "matched": decision.name or None,
        "steps": [_step_dict(explanation, step) for step in explanation.steps],
        "open": [_evidence_dict(evidence) for evidence in explanation.open],
        "exceptions": [_source_dict(source) for source in explanation.exceptions],
        "lifted": [_source_dict(source) for source in explanation.lifted],
    }


def slug(rule: Rule) -> str:
    """Return the name of a rule for machines: ``safety-net``."""
    return rule.name.lower().replace("_", "-")


def _step(case: Case, rule: Rule, decision: Decision | None) -> Step:
    match rule:
        case Rule.SEALED:
            return Step(rule, decision, case.of_categories(case.mask & SEALED))
        case Rule.SAFETY_NET:
            return Step(rule, decision, some(case.of_bit(lowest(NEVER_BLOCK))) if decision else ())
        case Rule.DENY:
            return Step(rule, decision, case.of_names(case.plan.deny_keys))
        case Rule.ALLOW:
            return Step(rule, decision, case.of_names(case.plan.allow_keys))
        case Rule.CATEGORY:
            blocked = case.mask & case.plan.blocked & ~SEALED
            return Step(rule, decision, case.of_categories(blocked), _lifted_by(case, blocked))
        case Rule.DEFAULT:
            return Step(rule, decision)


def _lifted_by(case: Case, blocked: int) -> tuple[Source, ...]:
    return case.of_bit(lowest(ALLOWED)) if blocked and case.mask & ALLOWED else ()


def _step_dict(explanation: Explanation, step: Step) -> dict[str, object]:
    return {
        "rule": {"number": int(step.rule), "name": slug(step.rule)},
        "would": None if step.decision is None else "block" if step.decision.blocked else "allow",
        "decided": step.rule is explanation.decision.rule,
        "beaten": step in explanation.beaten,
        "evidence": [_evidence_dict(evidence) for evidence in step.evidence],
        "lifted_by": [_source_dict(source) for source in step.lifted_by],
    }


def _evidence_dict(evidence: Evidence) -> dict[str, object]:
    return {
        "category": evidence.category.name if evidence.category else None,
        "sources": [_source_dict(source) for source in evidence.sources],
    }


def _source_dict(source: Source) -> dict[str, str | None]:
    return {"name": source.name, "list": source.list_id or None}
