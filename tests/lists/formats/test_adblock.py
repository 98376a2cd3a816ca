"""Adblock rules: what is a name, what is an expression, what only a browser could honour."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import re2

from schoolguard.lists.formats import ListRefused, adblock, patterns
from schoolguard.lists.model import Entry, Flag, Report

Take = Callable[..., tuple[list[Entry], Report]]
BELOW, EXACT, EXCEPTION, IMPORTANT, CARVED = 8, 1, 2, 4, 16

NAMES = [
    ("||ads.example^", [("ads.example", 0)]),
    ("||Ads.Example^", [("ads.example", 0)]),
    ("||ads.example^|", [("ads.example", 0)]),
    ("||ads.example", [("ads.example", 0)]),
    ("||ads.example^ # a note", [("ads.example", 0)]),
    ("||ví-dụ.vn^", [("xn--v-d-rma6749a.vn", 0)]),
    ("ads.example^", [("ads.example", 0)]),
    ("ads.example", [("ads.example", 0)]),
    ("0.0.0.0 ads.example", [("ads.example", 0)]),
    ("0.0.0.0 ads.example ## a note", [("ads.example", 0)]),
    ("|ads.example^", [("ads.example", EXACT)]),
    ("://ads.example^", [("ads.example", EXACT)]),
    ("||*.ads.example^", [("ads.example", BELOW)]),
    (".ads.example^", [("ads.example", BELOW)]),
    ("@@||ads.example^|", [("ads.example", EXCEPTION)]),
    ("@@|ads.example^|", [("ads.example", EXCEPTION | EXACT)]),
    ("||ads.example^$important", [("ads.example", IMPORTANT)]),
    ("@@||ads.example^$important", [("ads.example", EXCEPTION | IMPORTANT)]),
    ("||ads.example^$", [("ads.example", 0)]),
    ("@@||gov.vn^", [("gov.vn", EXCEPTION)]),
    (
        "||ads.example^$denyallow=a.ads.example|b.other.example",
        [("ads.example", 0), ("a.ads.example", EXCEPTION | CARVED)],
    ),
    (
        "||ads.example^$important,denyallow=a.ads.example",
        [("ads.example", IMPORTANT), ("a.ads.example", EXCEPTION | IMPORTANT | CARVED)],
    ),
    ("||ads.example^$dnsrewrite=NXDOMAIN", [("ads.example", 0)]),
    ("||ads.example^$dnsrewrite=0.0.0.0", [("ads.example", 0)]),
    ("||ads.example^$dnsrewrite=REFUSED;;", [("ads.example", 0)]),
]

SKIPPED = """
[Adblock Plus 2.0]
! a comment
!#if adguard
# a comment
#a comment
example.org##.banner
##.banner
example.org,example.net#@#.banner
example.org#?#div:has(> .ad)
example.org#$#body { margin: 0 }
example.org##+js(nowebrtc)
example.org#%#window.x = 1
example.org$$script[data-x="y"]
example.org##^script
||ads.example^$badfilter
"""

BROWSER = """
third-party 3p ~third-party popup script image document doc all domain=a.example from=a.example
~script xmlhttprequest subdocument media font stylesheet redirect=noop.js removeparam=x csp=x app=x
important,third-party match-case websocket ping object other
"""

REFUSED = [
    ("||ads.example^$client=10.0.0.1", "client"),
    ("||ads.example^$ctag=device_pc", "client"),
    ("||ads.example^$dnsrewrite=1.2.3.4", "dnsrewrite"),
    ("||ads.example^$dnsrewrite=NOERROR;CNAME;a.example", "dnsrewrite"),
    ("||ads.example^$dnsrewrite", "dnsrewrite"),
    ("@@||ads.example^$dnsrewrite=NXDOMAIN", "dnsrewrite"),
    ("||ads.example^$dnstype=NOSUCH", "bad-modifier"),
    ("||ads.example^$dnstype", "bad-modifier"),
    ("||ads.example^$important=1", "bad-modifier"),
    ("||ads.example^$never-heard-of", "unknown-modifier"),
    ("||ads.example^$denyallow=ads.example", "denyallow"),
    ("||ads.example^$denyallow=example.vn|ads.example", "denyallow"),
    ("||x.ads.example^$denyallow=ads.example", "denyallow"),
    ("@@||ads.example^$denyallow=a.ads.example", "denyallow"),
    ("||ads*.example^$denyallow=a.example", "denyallow"),
    ("||ads.example^$denyallow=com", "top-level"),
    ("||ads.example/banner/", "path"),
    ("||ads.example/*", "path"),
    ("/banner/ads/img.gif", "path"),
    ("http://ads.example/x", "path"),
    ("||ads.example:8080^", "port"),
    ("||1.2.3.4^", "address"),
    ("1.2.3.4", "address"),
    ("||[2001:db8::1]^", "address"),
    ("||158.247.208.", "address"),
    ("||107.167.16.*.gif", "address"),
    ("||com^", "top-level"),
    ("||*.vn^", "top-level"),
    ("banner", "top-level"),
    ("||edu.vn^", "public-suffix"),
    ("||a*^", "too-broad"),
    ("*", "too-broad"),
    ("||*com^", "too-broad"),
    ("||*.com.*^", "too-broad"),
    ("/.*/", "too-broad"),
    ("/^.+$/", "too-broad"),
    (r"/\.vn$/", "too-broad"),
    ("/(?=ads)/", "bad-expression"),
    ("/(ads/", "bad-expression"),
    (r"/(ads)\1/", "bad-expression"),
    ("/((a{100}){100}){100}/", "bad-expression"),
    ("/ads" + "x" * 2000 + "/", "too-long"),
    (r"/^https?:\/\/ads\.example/", "url"),
    (r"/ads\.example:8080/", "url"),
    (r"/^139\.45\.197\.2(4[0-9]|5[0-4])/", "address"),
    ("some words in a row", "unknown-line"),
    ("||a b^", "unknown-line"),
    ("||ads.ex^ample", "bad-label"),
]

PATTERNS = [
    ("||ads*.example.com^", "ads1.example.com x.ads-2.example.com", "myads.example.com ads.example.com.vn"),
    ("||track.*^", "track.example www.track.example.vn", "mytrack.example"),
    ("||track.", "track.example www.track.example.vn", "mytrack.example"),
    ("|ads*.example.com^", "ads1.example.com", "x.ads1.example.com"),
    ("-banner-", "my-banner-1.example", "banner.example"),
    ("-ads.example^", "x-ads.example", "ads.example x-ads.example.vn"),
    (r"/^ads\d+\.example\.com$/", "ads1.example.com", "ads.example.com xads1.example.com"),
    (r"/^ADS[0-9]\./", "ads1.example", "adsx.example"),
    (r"/^(?:a|b)-track\./", "a-track.example", "c-track.example"),
]


@pytest.mark.parametrize(("rule", "expected"), NAMES)
def test_a_rule_names(take: Take, rule: str, expected: list[tuple[str, int]]) -> None:
    entries, report = take(f"! title\n{rule}\n", "adblock")
    assert [(e.name, int(e.flags)) for e in entries] == expected
    assert not report.refused
    assert not any(e.pattern for e in entries)
    assert {e.line for e in entries} == {2}


@pytest.mark.parametrize("line", SKIPPED.strip().splitlines())
def test_a_line_asks_for_nothing(take: Take, line: str) -> None:
    entries, report = take(f"{line}\n||x.example^\n", "adblock")
    assert [e.name for e in entries] == ["x.example"]
    assert (report.skipped, report.refused) == (1, {})


@pytest.mark.parametrize("modifier", BROWSER.split())
@pytest.mark.parametrize("rule", ["||ads.example^", "@@||ads.example^", "/^ads[0-9]/"])
def test_a_browser_only_rule_is_never_a_block(take: Take, rule: str, modifier: str) -> None:
    entries, report = take(f"||x.example^\n{rule}${modifier}\n", "adblock")
    assert [e.name for e in entries] == ["x.example"]
    assert report.refused == {"browser-only": 1}


@pytest.mark.parametrize(("rule", "reason"), REFUSED)
def test_a_rule_is_refused(take: Take, rule: str, reason: str) -> None:
    entries, report = take(f"||x.example^\n{rule}\n", "adblock")
    assert [e.name for e in entries] == ["x.example"]
    assert report.refused == {reason: 1}


@pytest.mark.parametrize(("rule", "hits", "misses"), PATTERNS)
def test_an_expression_matches_what_the_rule_says(take: Take, rule: str, hits: str, misses: str) -> None:
    entries, report = take(f"{rule}\n@@{rule}$important\n", "adblock")
    assert not report.refused
    assert [(e.pattern, e.flags) for e in entries] == [
        (True, Flag.SUBTREE),
        (True, Flag.EXCEPTION | Flag.IMPORTANT),
    ]
    compiled = re2.compile(entries[0].name)
    assert all(compiled.search(name) for name in hits.split())
    assert not any(compiled.search(name) for name in misses.split())


@pytest.mark.parametrize(
    ("value", "types"),
    [("A", (1,)), ("a|aaaa", (1, 28)), ("~AAAA", (-28,)), ("HTTPS|~TYPE64", (65, -64))],
)
def test_dnstype_limits_an_entry(take: Take, value: str, types: tuple[int, ...]) -> None:
    entries, _ = take(f"||ads.example^$dnstype={value}\n/^ads[0-9]/$dnstype={value}", "adblock")
    assert [e.types for e in entries] == [types, types]


CANCELS = [
    ("||x.example^\n||x.example^$badfilter", []),
    ("||x.example^$badfilter\n||x.example^", []),
    ("||x.example^$important\n||x.example^$badfilter", ["x.example"]),
    ("||x.example^$important,dnstype=A\n||x.example^$dnstype=A,badfilter,important", []),
    ("||x.example^\n|x.example^$badfilter", ["x.example"]),
    ("@@||x.example^\n||x.example^$badfilter", ["x.example"]),
    ("||x.example^\n!||x.example^$badfilter", ["x.example"]),
    ("||y.example^$badfilter\n||x.example^\n||x.example^", ["x.example", "x.example"]),
    ("/^x[0-9]/\n/^x[0-9]/$badfilter", []),
]


@pytest.mark.parametrize(("rules", "names"), CANCELS)
def test_badfilter_cancels_the_identical_rule_wherever_it_stands(
    take: Take, rules: str, names: list[str]
) -> None:
    entries, report = take(f"{rules}\n||z.example^\n", "adblock")
    assert [e.name for e in entries] == [*names, "z.example"]
    assert not report.refused


def test_expressions_are_bounded_in_number(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MAX_PATTERNS", 3)
    entries, report = take("".join(f"||ads{n}*.example^\n" for n in range(5)), "adblock")
    assert len(entries) == 3
    assert report.refused == {"too-many-patterns": 2}


def test_cancellations_are_bounded_in_number(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adblock, "MAX_BADFILTERS", 3)
    with pytest.raises(ListRefused, match="at most 3") as refused:
        take("".join(f"||x{n}.example^$badfilter\n" for n in range(5)), "adblock")
    assert refused.value.reason == "too-many-badfilters"


def test_an_asked_answer_is_counted_as_approximated(take: Take) -> None:
    _, report = take("||a.example^$dnsrewrite=NXDOMAIN\n||b.example^\n", "adblock")
    assert report.approximated == {"dnsrewrite": 1}
