"""What a stage's lists together do to the names that everybody knows: a reason to take back, or to show.

An entry was judged when it was pushed; here the outcome of all lists is. It must not decide what follows.
"""

from __future__ import annotations

from typing import Any

from schoolguard.intake.guardrails.effects import effect_reasons
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action
from schoolguard.language import Said
from schoolguard.lists.stack import Stack


def refusal(old: Stack, new: Stack, known: WellKnown, limits: Limits, *, agreed: bool) -> Said | None:
    """Return why new lists may not be enforced anywhere, None when they may.

    What a person can agree to is none when people ``agreed`` to all that changed.
    """
    least = Action.REFUSE if agreed else Action.HOLD
    reasons = [reason for reason in effect_reasons(old, new, known, limits) if reason.action >= least]
    return Said("{reasons}", reasons=tuple(reason.said for reason in reasons)) if reasons else None


def clashes(old: Stack, new: Stack, known: WellKnown, limits: Limits) -> list[dict[str, Any]]:
    """Return what new lists would do to well-known names, for a preview; public names only."""
    return [reason.to_json() for reason in effect_reasons(old, new, known, limits)]
