"""Why a list went back, as the state keeps it: what was said, to be shown in any language later."""

from __future__ import annotations

from typing import Any

from schoolguard.language import Said, said_of

Kept = str | dict[str, Any]
"""What ``language.kept`` makes, or a text that nobody translates."""


def said(reason: Kept) -> Said:
    """Return a kept reason as it is said; what cannot be understood is said as it stands."""
    try:
        return Said("{text}", text=reason) if isinstance(reason, str) else said_of(reason)
    except ValueError:
        return Said("{text}", text=str(reason))
