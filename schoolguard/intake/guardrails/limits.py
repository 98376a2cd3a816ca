"""How much an update of a list may do: limits with defaults and the reason for each. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.intake.guardrails.verdict import Action

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one list. Fractions are of the list's names before; ``None`` switches a limit off.

    *Change.* Good daily lists change by 1 to 5 % a day; the worst seen in the wild, 35 % gone in a day, was a
    fault of its maker. So a person is asked from a quarter on, and what doubles or halves is a mistake. A
    small list may do as it likes: ``few`` changes are never judged by fractions.

    *Suffixes.* No list has cause to close a top-level domain, or a zone under ``vn`` where anyone registers:
    whoever sends one sent the wrong file. Other registries' zones do stand on real lists (up to 8 in a
    million names, by mistake): those are left out. So are hosting services' own zones (``github.io``,
    ``blogspot.com``: some 0 to 200 in a real list), unless ``suffixes`` names them.

    *Protected names.* The safety net stands above every category but the sealed ones, so such entries change
    nothing and are left out; in a sealed category they would be obeyed, so the whole update is refused. A
    name above protected ones takes much else with it, and is held for a person.

    *Popular names.* A list that newly takes one of the first ``head`` names of the ranking asks a person; so
    does one that takes more than ``max_popular`` of the whole ranking at once. What the list had before
    counts no more.
    """

    few: int = 200
    held_growth: float | None = 0.25
    max_growth: float | None = 1.0
    held_shrink: float | None = 0.25
    max_shrink: float | None = 0.5
    held_churn: float | None = 0.4
    max_churn: float | None = 1.5
    max_entries: int = 10_000_000
    max_dropped: int = 1_000
    suffixes: frozenset[str] = frozenset()
    other_suffix: Action = Action.DROP
    private_suffix: Action = Action.DROP
    protected: Action = Action.DROP
    protected_below: Action = Action.HOLD
    head: int = 100
    max_head: int = 0
    max_popular: int = 10
    popular: Action = Action.HOLD


@dataclass(frozen=True, slots=True)
class LineLimits:
    """Limits on the lines of a file, and on its bytes for each entry.

    A real line has 5 to 60 bytes, with provenance some 300. In real lists less than 1 % of the lines are no
    entry and no comment.
    """

    min_density: int = 4
    max_density: int = 2_048
    junk_floor: int = 1_000
    max_junk: float = 0.2
