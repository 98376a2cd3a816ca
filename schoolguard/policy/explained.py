"""An explanation as plain values for machines, in no language: words as they stand in the configuration."""

from __future__ import annotations

from datetime import datetime

from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Decision, Rank
from schoolguard.policy.evidence import Cited, Covering, Evidence, Source
from schoolguard.policy.explain import Explanation, Step
from schoolguard.policy.rule import Rule
from schoolguard.policy.timetable import VIETNAM


def as_dict(explanation: Explanation) -> dict[str, object]:
    """Return the explanation for JSON: everything by its name, times as ISO 8601."""
    return {
        "name": explanation.name,
        **_decision_dict(explanation.decision),
        "category": explanation.category.name if explanation.category else None,
        "steps": [_step_dict(explanation, step) for step in explanation.steps],
        "open": [_evidence_dict(evidence) for evidence in explanation.open],
        "exceptions": [_source_dict(source) for source in explanation.exceptions],
        "lifted": [_source_dict(source) for source in explanation.lifted],
        "shadow": _decision_dict(explanation.shadow) if explanation.shadow else None,
    }


def slug(rank: Rank) -> str:
    """Return the name of a rank for machines: ``safety-net``."""
    return rank.name.lower().replace("_", "-")


def _decision_dict(decision: Decision) -> dict[str, object]:
    return {
        "blocked": decision.blocked,
        "rank": {"number": int(decision.rank), "name": slug(decision.rank)},
        "matched": decision.name or None,
        "rule": _rule_dict(decision.rule) if decision.rule else None,
        "budget": _budget_dict(decision.budget) if decision.budget else None,
        "engine": decision.engine or None,
        "redirect": decision.redirect or None,
    }


def _step_dict(explanation: Explanation, step: Step) -> dict[str, object]:
    return {
        "rank": {"number": int(step.rank), "name": slug(step.rank)},
        "would": None if step.decision is None else "block" if step.decision.blocked else "allow",
        "decided": step.rank is explanation.decision.rank,
        "beaten": step in explanation.beaten,
        "evidence": [_evidence_dict(evidence) for evidence in step.evidence],
        "rules": [_cited_dict(cited) for cited in step.rules],
        "budgets": [_covering_dict(covering) for covering in step.budgets],
        "lifted_by": [_source_dict(source) for source in step.lifted_by],
    }


def _rule_dict(rule: Rule) -> dict[str, object]:
    """Return a rule without its names, which may be hundreds; ``until`` is the first moment it is over."""
    until = None if rule.until is None else datetime.fromtimestamp(rule.until, VIETNAM).isoformat()
    return {
        "layer": rule.layer.name.lower(),
        "verb": rule.verb.value,
        "services": list(rule.services),
        "owner": rule.owner,
        "reason": rule.reason,
        "during": sorted(rule.during),
        "until": until,
        "shadow": rule.shadow,
        "place": rule.place or None,
    }


def _budget_dict(budget: Budget) -> dict[str, object]:
    return {
        "id": budget.id,
        "label": budget.label,
        "minutes": budget.minutes,
        "layer": budget.layer.name.lower(),
        "owner": budget.owner,
        "reason": budget.reason,
    }


def _cited_dict(cited: Cited) -> dict[str, object]:
    category = cited.category.name if cited.category else None
    return {**_rule_dict(cited.rule), "matched": cited.name or None, "category": category}


def _covering_dict(covering: Covering) -> dict[str, object]:
    return {**_budget_dict(covering.budget), "used_up": covering.spent}


def _evidence_dict(evidence: Evidence) -> dict[str, object]:
    return {
        "category": evidence.category.name if evidence.category else None,
        "sources": [_source_dict(source) for source in evidence.sources],
        "by": _rule_dict(evidence.by) if evidence.by else None,
    }


def _source_dict(source: Source) -> dict[str, str]:
    return {"name": source.name, "list": source.list_id}
