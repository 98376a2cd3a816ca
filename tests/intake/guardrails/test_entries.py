"""What single entries lead to: suffixes, protected and popular names, imitations, expressions."""

from __future__ import annotations

from dataclasses import replace

import idna
import pytest

from schoolguard.intake.guardrails.entries import Subject, WellKnown
from schoolguard.intake.guardrails.judge import judge_change, judge_list
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action, Code, Verdict
from schoolguard.lists.model import Entry, Flag, Kind
from schoolguard.lists.stack import Stack

GAMBLING = Subject("gambling", category="gambling")
NOTE, DROP, HOLD, REFUSE = Action.NOTE, Action.DROP, Action.HOLD, Action.REFUSE


def entry(name: str, flags: Flag = Flag.SUBTREE, *, pattern: bool = False) -> Entry:
    return Entry(name, flags, 1, None, pattern)


def judged(
    known: WellKnown, *entries: Entry, subject: Subject = GAMBLING, limits: Limits | None = None
) -> Verdict:
    return judge_list(entries, subject, Stack([]), known, limits or Limits())


def found(verdict: Verdict) -> set[tuple[Code, Action]]:
    return {(reason.code, reason.action) for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("name", "code", "action"),
    [
        ("com", Code.TOP_LEVEL, REFUSE),
        ("vn", Code.TOP_LEVEL, REFUSE),
        ("edu.vn", Code.PUBLIC_SUFFIX, REFUSE),
        ("com.vn", Code.PUBLIC_SUFFIX, REFUSE),
        ("laichau.vn", Code.PUBLIC_SUFFIX, REFUSE),
        ("co.uk", Code.PUBLIC_SUFFIX, DROP),
        ("github.io", Code.PRIVATE_SUFFIX, DROP),
        ("blogspot.com", Code.PRIVATE_SUFFIX, DROP),
        ("laichau.gov.vn", Code.PROTECTED, DROP),
        ("www.olm.vn", Code.PROTECTED, DROP),
        ("misa.vn", Code.PROTECTED_BELOW, HOLD),
        ("google.com", Code.POPULAR_HEAD, HOLD),
    ],
)
def test_an_entry_that_reaches_too_far(known: WellKnown, name: str, code: Code, action: Action) -> None:
    verdict = judged(known, entry("bet88.example"), entry(name))
    assert found(verdict) == {(code, action)}
    assert verdict.reasons[0].names == (name,)
    assert verdict.dropped == ({name} if action is DROP else set())
    assert verdict.accepted is (action is DROP)
    assert name in str(verdict.reasons[0].said)


def test_plain_entries_are_accepted(known: WellKnown) -> None:
    names = ("bet88.example", "user.github.io", "x.blogspot.com", "casino.com.vn", "mail.google.com")
    verdict = judged(known, *map(entry, names))
    assert (verdict.reasons, verdict.accepted, verdict.dropped) == ((), True, frozenset())
    assert (verdict.counts.added, verdict.counts.after) == (5, 5)


def test_an_entry_for_a_zone_alone_is_no_danger_to_what_is_below(known: WellKnown) -> None:
    assert found(judged(known, entry("github.io", Flag.EXACT), entry("misa.vn", Flag.EXACT))) == set()
    assert found(judged(known, entry("github.io", Flag.BELOW))) == {(Code.PRIVATE_SUFFIX, DROP)}
    assert found(judged(known, entry("google.com", Flag.EXACT))) == {(Code.POPULAR_HEAD, HOLD)}


def test_a_sealed_category_stands_above_the_safety_net_so_protected_names_are_refused(
    known: WellKnown,
) -> None:
    orders = Subject("orders", category="takedown", sealed=True)
    assert found(judged(known, entry("olm.vn"), subject=orders)) == {(Code.PROTECTED, REFUSE)}
    assert found(judged(known, entry("misa.vn"), subject=orders)) == {(Code.PROTECTED_BELOW, REFUSE)}


def test_zones_that_a_province_names_may_be_blocked(known: WellKnown) -> None:
    limits = Limits(suffixes=frozenset({"github.io"}))
    assert judged(known, entry("github.io"), limits=limits).reasons == ()


def test_too_much_to_leave_out_is_refused(known: WellKnown) -> None:
    limits = Limits(max_dropped=3)
    names = [entry(f"a{number}.gov.vn") for number in range(4)]
    assert found(judged(known, *names[:3], limits=limits)) == {(Code.PROTECTED, DROP)}
    verdict = judged(known, *names, limits=limits)
    assert found(verdict) == {(Code.PROTECTED, DROP), (Code.PROTECTED, REFUSE)}
    assert verdict.action is REFUSE


def test_popular_names_have_a_threshold_of_their_own(known: WellKnown) -> None:
    limits = Limits(head=2, max_popular=2)
    few = [entry("facebook.com"), entry("zalo.me")]
    assert judged(known, *few, limits=limits).reasons == ()
    assert found(judged(known, *few, entry("apple.com"), limits=limits)) == {(Code.POPULAR, HOLD)}
    assert found(judged(known, entry("www.google.com"), limits=limits)) == {(Code.POPULAR_HEAD, HOLD)}
    assert judged(known, entry("www.google.com"), limits=replace(limits, max_head=1)).reasons == ()


@pytest.mark.parametrize(
    "shown", ["gооgle.com", "goοgle.com", "góogle.com", "ɡoogle.com", "fаcebооk.com", "ołm.vn"]
)
def test_an_imitation_of_a_known_name(known: WellKnown, shown: str) -> None:
    name = idna.encode(shown, uts46=True).decode()
    assert found(judged(known, entry(name))) == {(Code.LOOK_ALIKE, HOLD)}
    assert found(judged(known, entry("www." + name))) == {(Code.LOOK_ALIKE, HOLD)}
    phishing = Subject("phishing", category="phishing")
    assert found(judged(known, entry(name), subject=phishing)) == {(Code.LOOK_ALIKE, NOTE)}
    allow = Subject("allow", kind=Kind.ALLOW)
    assert found(judged(known, entry(name), subject=allow)) == {(Code.LOOK_ALIKE, REFUSE)}


def test_honest_names_imitate_nobody(known: WellKnown) -> None:
    names = [
        "google.com.example",
        "goog1e.com",
        "xn--bcher-kva.example",
        idna.encode("tiếngviệt.vn").decode(),
    ]
    assert judged(known, *map(entry, names)).reasons == ()


def test_an_allow_list_may_name_protected_names_but_no_zone(known: WellKnown) -> None:
    allow = Subject("allow", kind=Kind.ALLOW)
    assert judged(known, entry("olm.vn"), entry("google.com"), subject=allow).reasons == ()
    assert found(judged(known, entry("vn"), subject=allow)) == {(Code.TOP_LEVEL, REFUSE)}


@pytest.mark.parametrize("text", [".", "(?i)google", r"\.vn$", "^olm"])
def test_an_expression_that_matches_a_known_name_is_refused(known: WellKnown, text: str) -> None:
    verdict = judged(known, entry(r"^bet[0-9]+\.", pattern=True), entry(text, pattern=True))
    assert found(verdict) == {(Code.BROAD_PATTERN, REFUSE)}
    assert verdict.reasons[0].names == (text,)


def test_exceptions_close_nothing(known: WellKnown) -> None:
    assert judged(known, entry("google.com", Flag.EXCEPTION)).reasons == ()


def test_a_change_is_judged_by_what_it_adds(known: WellKnown) -> None:
    added = [entry("google.com"), entry("bet.example")]
    verdict = judge_change(added, ["nobody.example"], GAMBLING, Stack([]), known, Limits())
    assert found(verdict) == {(Code.POPULAR_HEAD, HOLD)}
    assert (verdict.counts.added, verdict.counts.removed) == (2, 0)
