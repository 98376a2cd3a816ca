"""Trouble of the query log, logged once until rows are written again. It must not stop anything."""

from __future__ import annotations

import logging

_log = logging.getLogger("schoolguard.querylog")


class Trouble:
    """What was said already."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def tell(self, event: str, error: Exception) -> None:
        """Log trouble that is new; the event is a fixed sentence."""
        if event not in self._said:
            self._said.add(event)
            _log.error(event, extra={"problem": str(error)})

    def over(self) -> None:
        """Let trouble be told again."""
        self._said.clear()
