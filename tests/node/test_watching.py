"""What a watching terminal shows: words for every outcome there is, never an error."""

from __future__ import annotations

import pytest

from schoolguard.dns.names import to_wire
from schoolguard.language import translator
from schoolguard.node.watching import verdict_line
from schoolguard.policy.bypass import Bypass
from schoolguard.resolver.counts import SIZE, Outcome
from schoolguard.resolver.resolver import Verdict


def line(outcome: int, language: str = "en") -> str:
    verdict = Verdict("th", "Lớp 6A", "thcs", to_wire("hoc.example"), 1, outcome, "vì thế")
    return verdict_line(verdict, translator(language))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_outcome_has_words(language: str) -> None:
    """A verdict that could not be shown once ended the worker's line to the control process."""
    for outcome in (*range(SIZE), *Outcome):
        assert "hoc.example A" in line(outcome, language)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.ALLOWED, "allowed"),
        (Outcome.ECH_STRIPPED, "allowed"),
        (Outcome.SAFE_SEARCH, "safe search"),
        (Outcome.SHADOW + 10, "allowed (trial)"),
        (Outcome.SHADOW_RULED, "allowed (trial)"),
        (Outcome.BLOCKED + 10, "BLOCKED"),
        (Outcome.EXAM, "BLOCKED"),
        (Outcome.BYPASS + Bypass.CANARY, "BLOCKED"),
        (Outcome.ALIAS_RULED, "BLOCKED"),
        (Outcome.FAILED, "FAILED"),
    ],
)
def test_the_words(outcome: int, word: str) -> None:
    assert line(outcome).startswith(f"{word} ")
