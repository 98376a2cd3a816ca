"""Which held lists the publisher's staff agreed to: one small file for each, for a while.

A held push is refused; after somebody agreed, the partner pushes the list again. It must not let through what
is refused outright.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from schoolguard.intake.orders.canonical import canonical, rfc3339
from schoolguard.lists.archive import write_synced

_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Agreements:
    """The folder; ``needed`` people, all different, must agree to one list."""

    folder: Path
    needed: int = 1

    def agree(self, list_id: str, by: str, until: float) -> int:
        """Note that somebody agrees to the list's pushes until a time; return how many still must."""
        people = self._people(list_id) | {by: int(until)}
        self.folder.mkdir(parents=True, exist_ok=True)
        members = {name: {"until": time, "told": rfc3339(time)} for name, time in people.items()}
        write_synced(self.folder / f"{list_id}.json", canonical(members))
        return max(0, self.needed - len(people))

    def agreed(self, list_id: str, now: float) -> tuple[str, ...]:
        """Return who agreed to a list, nobody when they are too few."""
        people = sorted(name for name, until in self._people(list_id).items() if until > now)
        return tuple(people) if len(people) >= self.needed else ()

    def _people(self, list_id: str) -> dict[str, int]:
        """Return until when each person agrees; a file that cannot be read says nobody does."""
        try:
            with (self.folder / f"{list_id}.json").open("rb") as file:
                members = json.loads(file.read(_LARGEST))
            return {str(name): int(each["until"]) for name, each in members.items()}
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return {}
