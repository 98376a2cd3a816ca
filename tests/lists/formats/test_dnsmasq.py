"""dnsmasq options: which block, which forward or redirect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolguard.lists.model import Entry, Flag, Report

Take = Callable[..., tuple[list[Entry], Report]]

TAKEN = [
    ("address=/x.example/", ["x.example"]),
    ("address=/x.example/#", ["x.example"]),
    ("address=/x.example/0.0.0.0", ["x.example"]),
    ("address=/x.example/::", ["x.example"]),
    ("address=/x.example/127.0.0.1", ["x.example"]),
    ("address=/x.example/y.example/#", ["x.example", "y.example"]),
    ("local=/x.example/", ["x.example"]),
    ("server=/x.example/", ["x.example"]),
    ("local=/x.example/y.example/", ["x.example", "y.example"]),
    ("--server=/X.Example./", ["x.example"]),
    ("address = /x.example/ # note", ["x.example"]),
    ("address=/.x.example/0.0.0.0", ["x.example"]),
    ("address=/*.x.example/0.0.0.0", ["x.example"]),
    ("address=/ví-dụ.vn/", ["xn--v-d-rma6749a.vn"]),
]

REFUSED = [
    ("server=/x.example/1.2.3.4", "forward"),
    ("server=/x.example/#", "forward"),
    ("server=/x.example/0.0.0.0", "forward"),
    ("local=/x.example/1.2.3.4", "forward"),
    ("server=8.8.8.8", "forward"),
    ("address=/www.google.com/216.239.38.120", "redirect"),
    ("address=/x.example/nonsense", "unknown-line"),
    ("address=x.example", "unknown-line"),
    ("address=/#/0.0.0.0", "top-level"),
    ("local=//", "top-level"),
    ("address=/vn/0.0.0.0", "top-level"),
    ("address=/*x.example/0.0.0.0", "wildcard"),
    ("cname=a.example,b.example", "option"),
    ("no-resolv", "option"),
    ("conf-file=/etc/x", "option"),
    ("x.example y.example", "unknown-line"),
]


@pytest.mark.parametrize(("line", "names"), TAKEN)
def test_an_option_blocks(take: Take, line: str, names: list[str]) -> None:
    entries, report = take(f"# note\n\n{line}\n", "dnsmasq")
    assert [(e.name, e.flags, e.line) for e in entries] == [(name, Flag.SUBTREE, 3) for name in names]
    assert (report.skipped, report.refused) == (2, {})


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_an_option_is_refused(take: Take, line: str, reason: str) -> None:
    entries, report = take(f"local=/x.example/\n{line}\n", "dnsmasq")
    assert [e.name for e in entries] == ["x.example"]
    assert report.refused == {reason: 1}
