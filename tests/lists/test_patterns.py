"""The second stage: bounded, linear, and right also when a set runs out of memory."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.lists import patterns
from schoolguard.lists.patterns import MAX_LENGTH, Pattern, Patterns, matches, refusal_of


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("^ads[0-9]+\\.", None),
        ("(?P<n>a)|(?P<n>b)", None),
        ("(", "bad-pattern"),
        ("a(?=b)", "bad-pattern"),
        ("(a)\\1", "bad-pattern"),
        ("a{1000}b{1000}", "pattern-too-large"),
        ("a" * (MAX_LENGTH + 1), "pattern-too-long"),
    ],
)
def test_what_is_refused(text: str, reason: str | None) -> None:
    assert refusal_of(text) == reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab.|()[]*+?^$x-", max_size=8), max_size=8), st.text("abx.-", max_size=12))
def test_a_set_finds_what_its_members_find(texts: list[str], name: str) -> None:
    good = [Pattern(number, text) for number, text in enumerate(texts) if refusal_of(text) is None]
    assert list(Patterns(good).match(name)) == [p for p in good if matches(p.text, name)]


def test_a_backtracking_trap_is_no_trap() -> None:
    trap = Patterns([Pattern(0, "^(([a-z0-9])+.)+[A-Z]([a-z0-9])+$")])
    assert list(trap.match("a" * 200 + ".example!")) == []


def test_a_set_too_large_for_its_memory_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_SET_MEMORY", 100_000)
    many = [Pattern(number, f"^x{number}[a-z]{{40}}\\.") for number in range(100)]
    joined = Patterns(many)
    assert len(joined._sets) > 1
    assert list(joined.match(f"x7{'a' * 40}.example")) == [many[7]]
    assert list(joined.match("x7.example")) == []
    with pytest.raises(re2.error):
        re2.compile("|".join(pattern.text for pattern in many), patterns._options(100_000))


def test_bad_expressions_from_a_list_are_counted_not_fatal() -> None:
    assert refusal_of("[z-a]") == "bad-pattern"
    assert len(Patterns([])) == 0
    assert list(Patterns([]).match("x.example")) == []
