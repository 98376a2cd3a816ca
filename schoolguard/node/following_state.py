"""What is known of following a publisher, for status and metrics: a frozen value, and what makes it.

It must not do anything about it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schoolguard.language import Said

MOST_PROBLEMS = 100
"""Problems shown at once; a partner may list thousands of orders that are not there."""

_log = logging.getLogger("schoolguard.publisher")


@dataclass(frozen=True, slots=True)
class FollowingState:
    """Times are in Unix seconds, 0 for never.

    ``success`` is when the publisher's state was last believed, ``versions`` and ``expires`` are by role of
    its metadata, ``state`` is that of the layers in force and ``offered`` the publisher's. ``faults`` counts
    them by word since the start; ``problems`` are those of now, as word and text, by what was tried.
    ``receipts`` is how many wait.
    """

    success: float = 0.0
    versions: Mapping[str, int] = field(default_factory=dict)
    expires: Mapping[str, float] = field(default_factory=dict)
    state: str = ""
    offered: str = ""
    installed: float = 0.0
    faults: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, Said | str]] = field(default_factory=dict)
    receipts: int = 0

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it, but for texts: whoever writes it says them in the reader's language."""
        return {
            "success": self.success,
            "versions": dict(self.versions),
            "expires": dict(self.expires),
            "state": self.state,
            "offered": self.offered,
            "installed": self.installed,
            "faults": dict(self.faults),
            "problems": [
                {"what": what, "word": word, "text": text} for what, (word, text) in self.problems.items()
            ],
            "receipts": self.receipts,
        }


class Told:
    """The state of now; a fault is logged when it is new, and when it is over."""

    def __init__(self) -> None:
        self.state = FollowingState()

    def change(self, **changes: Any) -> None:
        """Replace members of the state."""
        self.state = replace(self.state, **changes)

    def fault(self, what: str, word: str, error: Said | Exception) -> None:
        """Take note that ``what`` failed."""
        state, text = self.state, error if isinstance(error, Said) else str(error)
        if state.problems.get(what, ("", ""))[0] != word:
            _log.error("publisher: not taken", extra={"what": what, "word": word, "problem": str(text)})
        faults = {**state.faults, word: state.faults.get(word, 0) + 1}
        self.state = replace(state, faults=faults)
        if what in state.problems or len(state.problems) < MOST_PROBLEMS:
            self.state = replace(self.state, problems={**state.problems, what: (word, text)})

    def right(self, what: str, still: Collection[str] = ()) -> None:
        """Take note that ``what`` went well, and all below it (``what/...``) but what is ``still`` wrong."""
        problems = self.state.problems
        over = {each for each in problems if each == what or each.startswith(f"{what}/")}.difference(still)
        if over:
            _log.info("publisher: taken again", extra={"what": sorted(over)})
            left = {each: told for each, told in problems.items() if each not in over}
            self.state = replace(self.state, problems=left)
