"""What a configuration says must come out: names that must be blocked or open. It tests nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Assertion:
    """One name that must be ``blocked``, or must not be.

    ``school`` is an id, ``None`` for every school; empty ``tiers`` and ``groups`` are all of them. ``at`` is
    Unix seconds, ``None`` for now. ``place`` is where it is written and takes no part in equality.
    """

    school: str | None
    tiers: frozenset[str]
    groups: frozenset[str]
    blocked: bool
    name: str
    at: float | None = None
    place: str = field(default="", compare=False)
