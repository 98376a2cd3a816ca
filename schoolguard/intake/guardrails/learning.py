"""Whether a name looks like a place to learn at: a guess for previews, never for a decision. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.categories import ALLOWED, NEVER_BLOCK
from schoolguard.intake.guardrails.well_known import parents

_ZONES = frozenset(
    ["edu", "ac", "sch", "school", "academy", "university", "college", "education"]  # registries keep them
)
_WORDS = frozenset(
    (
        *("edu", "school", "academy", "university", "college", "education", "learning", "learn", "lms"),
        *("classroom", "scratch", "wiki", "wikipedia", "library", "lophoc", "hoctot", "baitap", "luyenthi"),
        *("toanhoc", "thcs", "thpt", "mamnon", "sachgiaokhoa", "khoahoc", "vatly", "hoahoc", "sinhhoc"),
        *("lichsu", "dialy", "tienganh"),
    )
)
"""Words that stand in names of schools and lesson sites, whole or between hyphens."""

_STEMS = ("giaoduc", "truonghoc", "daihoc", "tieuhoc", "elearning", "moodle", "hoctap", "thuvien", "onthi")
"""Parts of words long enough to mean nothing else."""


class Learning:
    """Known names of learning services, and guesses by the words of a name."""

    def __init__(self, services: Iterable[str]) -> None:
        self._services = frozenset(services)

    def is_like(self, name: str, mask: int = 0) -> bool:
        """Return whether a name in text shape looks like a learning site.

        ``mask`` is what lists say of it now: on an allow list or in the safety net counts as known.
        """
        if mask & (ALLOWED | NEVER_BLOCK) or name in self._services:
            return True
        labels = name.split(".")
        if not _ZONES.isdisjoint(labels[-2:]) or any(parent in self._services for parent in parents(name)):
            return True
        words = {word for label in labels[:-1] for word in label.split("-")}
        return not _WORDS.isdisjoint(words) or any(stem in name for stem in _STEMS)
