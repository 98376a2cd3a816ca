"""How this gateway judges a new copy of a fetched list: by its own safety net, limits and lists in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from schoolguard.categories import Category
from schoolguard.intake.subscriptions.judging import Case, Judged, judged, limits_of
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.lists.model import Kind, ListSource
from schoolguard.settings import Settings


async def judge_for(
    settings: Settings, in_force: Sequence[str], wanted: Subscription, path: Path, *, agreed: bool
) -> Judged:
    """Return what the guardrails say of the copy at ``path``; ``in_force`` are the gateway's own snapshots.

    Raises ``FetchRefused``, and ``KeyError`` for a list that ``settings`` do not have.
    """
    return await judged(case_of(settings, in_force, wanted, path), agreed=agreed)


def case_of(settings: Settings, in_force: Sequence[str], wanted: Subscription, path: Path) -> Case:
    """Return the case of one copy; raises ``KeyError`` for a list that ``settings`` do not have."""
    source = {each.id: each for each in settings.lists}[wanted.id]
    category = _category(settings, source)
    popular = settings.subscriptions.popular
    return Case(
        replace(source, path=str(path)),
        category.name if category else "",
        bool(category and category.sealed),
        limits_of(source),
        tuple(each for each in settings.lists if each.kind is Kind.NEVER_BLOCK and not each.awaited),
        None if popular is None else ListSource("popular", str(popular), 0),
        tuple(in_force),
    )


def _category(settings: Settings, source: ListSource) -> Category | None:
    if source.kind is not Kind.BLOCK:
        return None
    by_mask = {each.mask: each for each in settings.categories}
    _id, mask = settings.shadow_lists.get(source.bit, ("", 1 << source.bit))
    return by_mask.get(mask)
