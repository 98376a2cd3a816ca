"""The publisher that a gateway follows, as its configuration names it. A value only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where signed lists and orders come from.

    ``root`` is the fingerprint of the first root, as it was typed. At most one of ``url`` and ``folder`` is
    set; with neither, only what somebody carries here is taken. It is asked every ``every`` seconds and up to
    ``jitter`` seconds later. ``kept`` sets of its layers that were in force before stay here; every
    ``report_every`` seconds it is told, in counts, how much lists block while new ones are on their way.
    """

    root: str
    url: str | None = None
    folder: Path | None = None
    every: float = 300.0
    jitter: float = 30.0
    kept: int = 2
    report_every: float = 3_600.0
