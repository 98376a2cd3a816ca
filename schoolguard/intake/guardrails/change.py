"""Growth, shrink and churn of a list against its limits. Pure; counts in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action, Code, Counts, Reason


def change_reasons(counts: Counts, limits: Limits) -> Iterator[Reason]:
    """Yield what is wrong with how much a list changes; a list that is new can only be empty or too large."""
    if not counts.after:
        yield Reason(Code.EMPTY, Action.REFUSE)
    if counts.after > limits.max_entries:
        yield Reason(Code.TOO_MANY_ENTRIES, Action.REFUSE, counts.after, limits.max_entries)
    if not counts.before:
        return
    churn = counts.added + counts.removed
    for code, found, held, refused in (
        (Code.GROWTH, counts.after - counts.before, limits.held_growth, limits.max_growth),
        (Code.SHRINK, counts.before - counts.after, limits.held_shrink, limits.max_shrink),
        (Code.CHURN, churn, limits.held_churn, limits.max_churn),
    ):
        yield from _judged(
            code, found, counts.before, (held, Action.HOLD), (refused, Action.REFUSE), limits.few
        )


def _judged(
    code: Code,
    found: int,
    before: int,
    held: tuple[float | None, Action],
    refused: tuple[float | None, Action],
    few: int,
) -> Iterator[Reason]:
    """Yield the graver of the two limits that is passed, if any."""
    for fraction, action in (refused, held):
        if fraction is not None and found > max(few, fraction * before):
            yield Reason(code, action, found, int(max(few, fraction * before)))
            return
