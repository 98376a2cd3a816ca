"""What a gateway remembers of lists on their way, in ``state/province/rollout.json``; for its user only.

``names`` are for the school to look at and go nowhere else. What cannot be read is begun anew: it is counts
and examples, nothing that is enforced.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.lists.archive import write_synced
from schoolguard.node.rollout_rates import Rates, Span

FORMAT = "schoolguard-rollout-memory/1"
MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Switch:
    """Which state came in place of which, and when (Unix seconds)."""

    state: str = ""
    former: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """``told`` are pairs of states whose preview the publisher has; ``previews`` what was judged here."""

    number: int = 0
    switch: Switch = field(default_factory=Switch)
    told: tuple[tuple[str, str], ...] = ()
    previews: tuple[dict[str, Any], ...] = ()
    rates: Rates = field(default_factory=Rates)

    def next_number(self, now: float) -> int:
        """Return a number above all before, whatever the clock does."""
        return max(self.number + 1, int(now * 1_000))


def read_memory(path: Path) -> Memory:
    """Return what is remembered."""
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            return Memory()
        rates = Rates(tuple(Span(*each) for each in found["spans"]))
        told = tuple((str(state), str(former)) for state, former in found["told"])
        return Memory(found["number"], Switch(**found["switch"]), told, tuple(found["previews"]), rates)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Memory()


def write_memory(path: Path, memory: Memory) -> None:
    """Write it down; raises ``OSError``."""
    members = {
        "format": FORMAT,
        "number": memory.number,
        "switch": asdict(memory.switch),
        "told": [list(pair) for pair in memory.told[-MOST_TOLD:]],
        "previews": list(memory.previews),
        "spans": [list(astuple(span)) for span in memory.rates.spans],
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_synced(path, json.dumps(members, ensure_ascii=False).encode())
