"""Updates against what is in force: growth, shrink, churn, what was there before, outcomes, assertions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.intake.guardrails.change import change_reasons
from schoolguard.intake.guardrails.effects import effect_reasons
from schoolguard.intake.guardrails.entries import Subject, WellKnown
from schoolguard.intake.guardrails.judge import (
    judge_change,
    judge_list,
    with_reasons,
)
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action, Code, Counts, Reason, Verdict
from schoolguard.lists.model import Entry, Flag
from schoolguard.lists.stack import Stack

if TYPE_CHECKING:
    from tests.intake.guardrails.conftest import Compiled

GAMES = Subject("games", category="games")


def names(first: int, last: int) -> list[str]:
    return [f"site{number}.example" for number in range(first, last)]


def entries(*listed: str) -> list[Entry]:
    return [Entry(name, Flag.SUBTREE, number) for number, name in enumerate(listed, 1)]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 1000, set()),
        (0, 1200, set()),
        (0, 1300, {(Code.GROWTH, Action.HOLD)}),
        (0, 2200, {(Code.GROWTH, Action.REFUSE), (Code.CHURN, Action.HOLD)}),
        (300, 1000, {(Code.SHRINK, Action.HOLD)}),
        (600, 1000, {(Code.SHRINK, Action.REFUSE), (Code.CHURN, Action.HOLD)}),
        (210, 1210, {(Code.CHURN, Action.HOLD)}),
        (5000, 6000, {(Code.CHURN, Action.REFUSE)}),
    ],
)
def test_how_much_a_list_may_change_at_once(
    compiled: Compiled, known: WellKnown, first: int, last: int, expected: set[tuple[Code, Action]]
) -> None:
    old = compiled(games=[f"||{name}^" for name in names(0, 1000)])
    verdict = judge_list(entries(*names(first, last)), GAMES, old, known, Limits())
    assert {(reason.code, reason.action) for reason in verdict.reasons} == expected
    assert (verdict.counts.before, verdict.counts.after) == (1000, last - first)


def test_an_empty_list_and_an_endless_one(known: WellKnown) -> None:
    assert judge_list([], GAMES, Stack([]), known, Limits()).reasons[0].code is Code.EMPTY
    endless: Iterator[Entry] = (Entry(f"a{n}.example", Flag.SUBTREE, n) for n in itertools.count())
    verdict = judge_list(endless, GAMES, Stack([]), known, Limits(max_entries=500))
    assert (verdict.reasons[0].code, verdict.action) == (Code.TOO_MANY_ENTRIES, Action.REFUSE)


def test_what_the_list_had_before_was_judged_before(compiled: Compiled, known: WellKnown) -> None:
    old = compiled(games=["||google.com^", "||misa.vn^", "||bet.example^"])
    again = judge_list(entries("google.com", "misa.vn", "bet.example"), GAMES, old, known, Limits())
    assert (again.reasons, again.counts.added) == ((), 0)
    other = Subject("ads", category="ads")
    assert judge_list(entries("google.com"), other, old, known, Limits()).action is Action.HOLD


def test_an_entry_that_reaches_further_than_before_is_new(compiled: Compiled, known: WellKnown) -> None:
    old = compiled(games=["|misa.vn^", "@@||google.com^", "||bet.example^"])
    verdict = judge_list(entries("misa.vn", "google.com"), GAMES, old, known, Limits())
    assert {reason.code for reason in verdict.reasons} == {Code.PROTECTED_BELOW, Code.POPULAR_HEAD}


def test_a_change_counts_only_what_really_comes_and_goes(compiled: Compiled, known: WellKnown) -> None:
    old = compiled(games=["||a.example^", "||b.example^"])
    verdict = judge_change(
        entries("a.example", "c.example"), ["b.example", "d.example"], GAMES, old, known, Limits()
    )
    assert verdict.counts == Counts(before=2, after=2, added=1, removed=1)
    gone = judge_change([], ["a.example", "b.example"], GAMES, old, known, Limits())
    assert gone.reasons[0].code is Code.EMPTY


def test_an_exception_taken_away_is_seen_by_its_outcome(compiled: Compiled, known: WellKnown) -> None:
    old = compiled(games=["||google.com^", "@@||google.com^", "||x.example^"])
    new = compiled(games=["||google.com^", "||x.example^"])
    assert judge_list(entries("google.com", "x.example"), GAMES, old, known, Limits()).reasons == ()
    (reason,) = effect_reasons(old, new, known, Limits())
    assert (reason.code, reason.action) == (Code.POPULAR_HEAD, Action.HOLD)
    assert reason.names == ("google.com", "www.google.com")
    assert list(effect_reasons(new, old, known, Limits())) == []


def test_only_a_sealed_category_reaches_into_the_safety_net(compiled: Compiled, known: WellKnown) -> None:
    old, new = compiled(games=["||x.example^"]), compiled(games=["||misa.vn^"])
    assert list(effect_reasons(old, new, known, Limits())) == []
    (reason,) = effect_reasons(old, compiled(takedown=["||misa.vn^"]), known, Limits())
    assert (reason.code, reason.action, reason.names) == (Code.PROTECTED, Action.REFUSE, ("emis.misa.vn",))


def test_a_verdict_can_be_read_by_a_program_and_by_a_person(known: WellKnown) -> None:
    verdict = judge_list(entries("vn", "github.io", "google.com"), GAMES, Stack([]), known, Limits())
    read = json.loads(json.dumps(verdict.to_json()))
    assert [reason["code"] for reason in read["reasons"]] == ["top-level", "popular-head", "private-suffix"]
    assert (read["action"], read["accepted"], read["dropped"], read["added"]) == ("refuse", False, 1, 3)
    assert str(verdict.reasons[0].said) == "whole top-level domains: vn"
    more = with_reasons(verdict, [Reason(Code.SHRINK, Action.REFUSE, 1, 0, ("x",))])
    assert [reason.action for reason in more.reasons] == sorted(
        (r.action for r in more.reasons), reverse=True
    )


@given(st.builds(Counts, *[st.integers(0, 5_000)] * 4))
def test_a_person_is_asked_before_anything_is_refused(counts: Counts) -> None:
    verdict = Verdict("x", counts, tuple(change_reasons(counts, Limits())))
    wide = Limits(max_growth=None, max_shrink=None, max_churn=None)
    held = Verdict("x", counts, tuple(change_reasons(counts, wide)))
    assert held.accepted is verdict.accepted
    assert held.action <= verdict.action
    assert all(str(reason.said) for reason in verdict.reasons)
