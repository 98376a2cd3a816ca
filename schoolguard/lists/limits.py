"""When a list of good lines is refused all the same: its count is too far from the last good copy's. Pure.

``max_entries`` is kept by the reader, which stops there.
"""

from __future__ import annotations

from schoolguard.lists.archive import Copy
from schoolguard.lists.model import ListSource


class LimitExceeded(Exception):
    """The list must not be used; ``reason`` is one word, the text says what was found and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def check_change(source: ListSource, entries: int, last: Copy) -> None:
    """Raise ``LimitExceeded`` (``empty``, ``shrank``, ``grew``) for a count that cannot be right.

    A list without a last good copy can only be empty.
    """
    if not entries:
        raise LimitExceeded("empty", "no entry in it")
    if not last.entries:
        return
    change = entries / last.entries - 1
    if source.max_shrink is not None and -change > source.max_shrink:
        raise LimitExceeded("shrank", _said(source, entries, last, "max-shrink", -change, source.max_shrink))
    if source.max_growth is not None and change > source.max_growth:
        raise LimitExceeded("grew", _said(source, entries, last, "max-growth", change, source.max_growth))


def _said(source: ListSource, entries: int, last: Copy, limit: str, change: float, allowed: float) -> str:
    verb = "shrank" if limit == "max-shrink" else "grew"
    return (
        f"{verb} by {change:.0%}, from {last.entries} to {entries} entries, "
        f"at most {allowed:.0%} is accepted; "
        f"if that is right, raise {limit} of {source.id} for one compile"
    )
