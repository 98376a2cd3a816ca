"""Hosts, plain and wildcard files, which share the reading of a line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolguard.lists.model import Entry, Flag, Report

Take = Callable[..., tuple[list[Entry], Report]]

TAKEN = [
    ("bet88.com", ["bet88.com"]),
    ("xxx", ["xxx"]),
    ("*.porn", ["porn"]),
    ("  Bet88.COM.  ", ["bet88.com"]),
    ("bet88.com # a note", ["bet88.com"]),
    ("bet88.com#a note", ["bet88.com"]),
    ("bet88.com ; a note", ["bet88.com"]),
    ("bet88.com // a note", ["bet88.com"]),
    ("ví-dụ.vn", ["xn--v-d-rma6749a.vn"]),
    ("bücher.example", ["xn--bcher-kva.example"]),
    ("_sip._tcp.example.vn", ["_sip._tcp.example.vn"]),
    ("xn--p1ai.xn--p1ai", ["xn--p1ai.xn--p1ai"]),
    ("*.bet88.com", ["bet88.com"]),
    (".bet88.com", ["bet88.com"]),
    ("||bet88.com^", ["bet88.com"]),
    ("0.0.0.0 bet88.com", ["bet88.com"]),
    ("0.0.0.0\tbet88.com www.bet88.com\t m.bet88.com", ["bet88.com", "www.bet88.com", "m.bet88.com"]),
    ("127.0.0.1 bet88.com #note", ["bet88.com"]),
    ("127.0.0.53 bet88.com", ["bet88.com"]),
    (":: bet88.com", ["bet88.com"]),
    ("::1 bet88.com", ["bet88.com"]),
    ("fe80::1%lo0 bet88.com", ["bet88.com"]),
    ("0 bet88.com", ["bet88.com"]),
    ("0.0.0.0 Bet88.com.", ["bet88.com"]),
    ("127.0.0.1 localhost bet88.com", ["bet88.com"]),
]

SKIPPED = """
# a comment
## another
! a comment
; a comment
// a comment
127.0.0.1 localhost
127.0.0.1 localhost.localdomain
127.0.0.1 local
255.255.255.255 broadcasthost
::1 ip6-localhost ip6-loopback
fe80::1%lo0 localhost
ff02::2 ip6-allrouters
0.0.0.0 0.0.0.0
localhost
10.0.0.1 localhost
"""

REFUSED = [
    ("193.238.160.62", "address"),
    ("193.238.160.0/24", "address"),
    ("2001:db8::1", "address"),
    ("[2001:db8::1]", "address"),
    ("1.2.3", "address"),
    ("300.300.300.300", "address"),
    ("0.0.0.0 180.215.200.9", "address"),
    ("com", "top-level"),
    ("*.vn", "top-level"),
    ("xxxx", "top-level"),
    ("edu.vn", "public-suffix"),
    ("0.0.0.0 com.vn", "public-suffix"),
    ("http://bet88.com/", "url"),
    ("bet88.com/path", "url"),
    ("bet88.com:8080", "port"),
    ("bet*.com", "wildcard"),
    ("bet..com", "bad-label"),
    ("-bet.com", "bad-label"),
    ("bet,com", "bad-label"),
    ("a" * 64 + ".com", "bad-label"),
    ("a." * 130 + "com", "too-long"),
    ("ü" * 1001, "too-long"),
    ("ab--ü.com", "bad-idn"),
    ("216.239.38.120 www.google.com", "redirect"),
    ("10.0.0.1 nas.example.vn", "redirect"),
    ("this is prose", "unknown-line"),
    ("bet88.com www.bet88.com", "unknown-line"),
    ("@@||olm.vn^", "unknown-line"),
    ("|olm.vn", "unknown-line"),
    ("x" * 5000, "too-long-line"),
]


@pytest.mark.parametrize("format_", ["hosts", "plain", "wildcard"])
@pytest.mark.parametrize(("line", "names"), TAKEN)
def test_a_line_names(take: Take, line: str, names: list[str], format_: str) -> None:
    entries, report = take(f"{line}\n", format_)
    assert [(e.name, e.flags, e.line) for e in entries] == [(name, Flag.SUBTREE, 1) for name in names]
    assert report.entries == len(names)
    assert not report.refused


@pytest.mark.parametrize("format_", ["hosts", "plain", "wildcard"])
@pytest.mark.parametrize("line", SKIPPED.strip().splitlines())
def test_a_line_asks_for_nothing(take: Take, line: str, format_: str) -> None:
    entries, report = take(f"{line}\nx.example\n", format_)
    assert [(e.name, e.line) for e in entries] == [("x.example", 2)]
    assert (report.skipped, report.refused) == (1, {})


@pytest.mark.parametrize("format_", ["hosts", "plain", "wildcard"])
@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_a_line_is_refused_with_its_reason_and_number(
    take: Take, line: str, reason: str, format_: str
) -> None:
    entries, report = take(f"x.example\n{line}\ny.example", format_)
    assert [e.name for e in entries] == ["x.example", "y.example"]
    assert report.refused == {reason: 1}
    assert (report.first[0].line, report.first[0].reason) == (2, reason)
    assert report.first[0].text == line[:80]


def test_one_bad_name_on_a_line_leaves_the_others(take: Take) -> None:
    entries, report = take("0.0.0.0 a.example com b.example 1.2.3.4\n", "hosts")
    assert [e.name for e in entries] == ["a.example", "b.example"]
    assert report.refused == {"top-level": 1, "address": 1}


def test_a_refused_line_shows_no_control_bytes(take: Take) -> None:
    _, report = take(b"x.example\nevil\x1b[31m.example\n", "plain")
    assert report.first[0].text == "evil\ufffd[31m.example"
