"""What a list or a line is refused with. It must not decide anything: the formats do."""

from __future__ import annotations

from typing import NoReturn


class ListRefused(Exception):
    """A whole list that cannot be taken; ``reason`` is one word for counters, the message is for people.

    Reasons: ``empty``, ``html``, ``json``, ``not-text``, ``unknown-format``, ``too-many-entries``,
    ``too-many-badfilters``, ``too-large``, ``damaged``, ``unreadable``.
    """

    def __init__(self, reason: str, where: str, found: str, accepted: str) -> None:
        super().__init__(f"{where}: found {found}; accepted is {accepted}")
        self.reason = reason


class LineRefused(Exception):
    """One line, or one name on it, that cannot be taken; ``reason`` is one word for counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refuse(reason: str) -> NoReturn:
    """Raise ``LineRefused`` with ``reason``."""
    raise LineRefused(reason)
