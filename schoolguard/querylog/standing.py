"""Which query logs are on, kept over a restart in ``query-log.json``: for that to be known when they are not.

It holds terms and no query. A log that was ended, by hand or by its date, stays ended when the clock goes
back.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from schoolguard.querylog.keys import sync_folder
from schoolguard.querylog.model import Terms

_MOST_ENDED = 1_000
_MOST_BYTES = 1 << 20


@dataclass(slots=True)
class Standing:
    """The terms that are on, by school, and up to which end (Unix seconds) the logs of others were ended."""

    on: dict[str, Terms] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def ended_at(self, terms: Terms) -> float:
        """Return up to which end a log was ended, minus infinity when it was not."""
        return self.ended.get(terms.identity, -inf)

    def end(self, terms: Terms, by_hand: bool) -> None:
        """Let a log stay ended; one that was ended by its date may be given a later one."""
        self.ended[terms.identity] = inf if by_hand else max(terms.ends, self.ended_at(terms))
        while len(self.ended) > _MOST_ENDED:
            del self.ended[next(iter(self.ended))]


def standing_path(state: Path) -> Path:
    """Return where that is kept in a state folder."""
    return state / "query-log.json"


def read(path: Path) -> Standing:
    """Return what is kept, nothing when there is none; raises ``OSError`` and ``ValueError`` (damaged)."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return Standing()
    try:
        kept = json.loads(content)
        on = {school: _terms(each) for school, each in kept["on"].items()}
        return Standing(on, {str(identity): float(at) for identity, at in kept["ended"].items()})
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not what was written: {error!r}") from error


def write(path: Path, standing: Standing) -> None:
    """Put it on the disk, whole or not at all; raises ``OSError``."""
    kept = {"on": {school: asdict(each) for school, each in standing.on.items()}, "ended": standing.ended}
    content = json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n"
    partial = path.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)  # a log that was ended by hand must not be on again after a power cut


def _terms(kept: dict[str, Any]) -> Terms:
    return Terms(**kept | {"groups": tuple(kept["groups"])})
