"""Requests to fetch public lists now: written down by a command, taken up by the publisher's process.

A request is an empty file named by the list's id, so that it outlives either process and two are as good as
one. It must not fetch.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

_ASKED = "subscriptions/asked"


class FetchRequests:
    """The requests in a publisher's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _ASKED

    def ask(self, ids: Collection[str]) -> None:
        """Ask for lists; raises ``OSError``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for list_id in ids:
            (self._folder / list_id).touch()

    def waiting(self) -> frozenset[str]:
        """Return the lists that nobody took up yet."""
        return frozenset(path.name for path in self._folder.glob("*"))

    def take(self) -> frozenset[str]:
        """Return what is asked for, and forget it; raises ``OSError``."""
        asked = self.waiting()
        for list_id in asked:
            (self._folder / list_id).unlink(missing_ok=True)
        return asked
