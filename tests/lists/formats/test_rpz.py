"""Policy zones: owners, actions, and the master-file syntax they come in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolguard.lists.formats import zonefile
from schoolguard.lists.model import Entry, Flag, Report

Take = Callable[..., tuple[list[Entry], Report]]
EXACT, BELOW, EXCEPTION, SUBTREE = Flag.EXACT, Flag.BELOW, Flag.EXCEPTION, Flag.SUBTREE

TAKEN = [
    ("x.example CNAME .", [("x.example", EXACT)]),
    ("X.Example  300 IN  cname .", [("x.example", EXACT)]),
    ("x.example IN 1h CNAME . ; note", [("x.example", EXACT)]),
    ("x.example CNAME *.", [("x.example", EXACT)]),
    ("*.x.example CNAME .", [("x.example", BELOW)]),
    ("x.example CNAME .\n*.x.example CNAME .", [("x.example", SUBTREE)]),
    ("*.x.example CNAME .\nx.example CNAME .", [("x.example", SUBTREE)]),
    ("x.example CNAME .\ny.example CNAME .\n*.x.example CNAME .", [
        ("x.example", EXACT), ("y.example", EXACT), ("x.example", BELOW),
    ]),
    ("x.example CNAME rpz-passthru.", [("x.example", EXACT | EXCEPTION)]),
    ("x.example CNAME rpz-passthru.\n*.x.example CNAME rpz-passthru.", [("x.example", EXCEPTION)]),
    ("x.example CNAME rpz-passthru.\n*.x.example CNAME .", [
        ("x.example", EXACT | EXCEPTION), ("x.example", BELOW),
    ]),
    ("x.example CNAME x.example.", [("x.example", EXACT | EXCEPTION)]),
    ("x.example CNAME rpz-drop.", [("x.example", EXACT)]),
    ("x.example CNAME page.gov.example.", [("x.example", EXACT)]),
    ("x.example A 10.0.0.1\n AAAA 2001:db8::1", [("x.example", EXACT)]),
    ('x.example TXT "a ; b ( c"', [("x.example", EXACT)]),
    ("x.example A 10.0.0.1\n*.x.example A 10.0.0.1", [("x.example", SUBTREE)]),
]  # fmt: skip

REFUSED = [
    ("32.1.2.0.192.rpz-ip CNAME .", "rpz-ip"),
    ("24.0.2.0.192.rpz-client-ip CNAME .", "rpz-client-ip"),
    ("ns.x.example.rpz-nsdname CNAME .", "rpz-nsdname"),
    ("32.1.2.0.192.rpz-nsip CNAME .", "rpz-nsip"),
    ("x.example CNAME rpz-tcp-only.", "tcp-only"),
    ("x.example CNAME rpz-passthru", "bad-target"),
    ("x.example CNAME", "unknown-line"),
    ("x.example CNAME a. b.", "unknown-line"),
    ("x.example", "unknown-line"),
    ("x.example NOSUCH y", "unknown-line"),
    ("x.example CH CNAME .", "class"),
    ("x.example NS ns.example.", "record-type"),
    ("x.example DNAME y.example.", "record-type"),
    ("$INCLUDE other.zone", "include"),
    ("$GENERATE 1-9 x$.example CNAME .", "generate"),
    ("$NOSUCH", "directive"),
    ("* CNAME .", "top-level"),
    ("*.com CNAME .", "top-level"),
    ("*.edu.vn CNAME .", "public-suffix"),
    ("@ CNAME .", "empty"),
    ("x.example CNAME . )", "unbalanced"),
    ("bad\\.label.example CNAME .", "bad-label"),
    ("1.2.3.4 CNAME .", "address"),
]

APEX = "$TTL 30\n@ IN SOA localhost. root.localhost. (1 ; serial\n 2 3\n 4 5 )\n  NS localhost.\n"


@pytest.mark.parametrize(("records", "expected"), TAKEN)
@pytest.mark.parametrize("apex", [APEX, "$ORIGIN rpz.local.\n" + APEX])
def test_records_trigger(take: Take, apex: str, records: str, expected: list[tuple[str, Flag]]) -> None:
    entries, report = take(f"{apex}{records}\n", "rpz")
    assert [(e.name, e.flags) for e in entries] == expected
    assert not report.refused


@pytest.mark.parametrize(("record", "reason"), REFUSED)
def test_a_record_is_refused(take: Take, record: str, reason: str) -> None:
    entries, report = take(f"{APEX}z.example CNAME .\n{record}\n", "rpz")
    assert [e.name for e in entries] == ["z.example"]
    assert report.refused == {reason: 1}
    assert report.first[0].line == 7


OWNERS = [
    "$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\nx.example CNAME .",
    "rpz.local. SOA a. b. 1 2 3 4 5\nx.example.rpz.local. CNAME .",
    "$ORIGIN local.\nrpz SOA a. b. 1 2 3 4 5\nx.example.rpz CNAME .",
    "$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\n$ORIGIN example.rpz.local.\nx CNAME .",
    "$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\n$ORIGIN example\nx CNAME .",
    "@ SOA a. b. 1 2 3 4 5\nx.example. CNAME .",
    "$ORIGIN .\nrpz.local SOA a. b. 1 2 3 4 5\nx.example.rpz.local CNAME .",
    "$ORIGIN rpz.local.\nx.example CNAME .",
]


@pytest.mark.parametrize("zone", OWNERS)
def test_an_owner_is_read_relative_to_its_zone(take: Take, zone: str) -> None:
    entries, report = take(zone, "rpz")
    assert [(e.name, e.flags) for e in entries] == [("x.example", EXACT)]
    assert not report.refused


def test_an_owner_outside_the_zone_is_refused(take: Take) -> None:
    _, report = take("rpz.local. SOA a. b. 1 2 3 4 5\nx.y.rpz.local. NS n.\ny.example.rpz.local. CNAME .\n"
                     "x.example. CNAME .", "rpz")  # fmt: skip
    assert report.refused == {"record-type": 1, "out-of-zone": 1}


def test_the_previous_owner_stands_for_a_blank_one(take: Take) -> None:
    entries, report = take("x.example CNAME .\n\tTXT note\n; note\n TXT note\ny.example CNAME .", "rpz")
    assert [(e.name, e.line) for e in entries] == [("x.example", 1), ("y.example", 5)]
    assert (report.skipped, report.approximated) == (3, {"local-data": 2})


def test_what_is_taken_coarser_is_counted(take: Take) -> None:
    records = (
        "a.example CNAME rpz-drop.\nb.example CNAME page.example.\nc.example A 10.0.0.1\nd.example CNAME ."
    )
    _, report = take(records, "rpz")
    assert report.approximated == {"drop": 1, "redirect": 1, "local-data": 1}


def test_a_bracket_left_open_does_not_swallow_the_zone(take: Take) -> None:
    lines = "".join(f"x{n}.example CNAME .\n" for n in range(2 * zonefile.MAX_GROUP))
    entries, report = take("y.example TXT ( open\n" + lines, "rpz")
    assert len(entries) == zonefile.MAX_GROUP
    assert report.refused == {"unbalanced": 1}


def test_a_bracket_open_at_the_end_is_refused(take: Take) -> None:
    _, report = take("x.example CNAME .\ny.example TXT ( open\n", "rpz")
    assert report.refused == {"unbalanced": 1}


def test_signatures_are_skipped(take: Take) -> None:
    entries, report = take("x.example CNAME .\nx.example RRSIG CNAME 8 2 1 2 3 4 a. sig\n", "rpz")
    assert (len(entries), report.skipped, report.refused) == (1, 1, {})
