"""Which categories of a mask count, once the safety net and the allow lists have had their say. Pure."""

from __future__ import annotations

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED, SHADOW_FIRST, SHADOW_LAST

SHADOW: int = (1 << SHADOW_LAST + 1) - (1 << SHADOW_FIRST)
"""Mask of the lists in shadow, which block nothing."""

EVERY: int = (ALLOWED - 1) & ~SHADOW
"""Mask of every category that some tier may block."""


def closed(mask: int, blocked: int = EVERY) -> int:
    """Return the categories of ``mask`` that block, for whom the categories ``blocked`` are closed.

    The order is that of decisions: sealed categories stand above the safety net, the net and allow lists
    above all others. Rules of schools and tiers are not looked at: they are not the lists'.
    """
    return mask & blocked & (SEALED if mask & (NEVER_BLOCK | ALLOWED) else EVERY)
