"""What the benchmark reads from outside and how it sums up; the measuring itself is ``make bench``."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import corpus, lifecycle, load, probe
from tests.bench.processes import Failed
from tests.bench.table import GATEWAY, UNBOUND, Rounds, Row, markdown

FINISHED = """
Statistics:

  Queries sent:         1000
  Queries completed:    998 (99.80%)
  Queries lost:         2 (0.20%)

  Response codes:       NOERROR 798 (79.96%), NXDOMAIN 200 (20.04%)
  Run time (s):         2.500000
"""


def test_outcome_is_read() -> None:
    outcome = load.parse(FINISHED)
    assert outcome == load.Outcome(1000, 998, 2, 2.5, {"NOERROR": 798, "NXDOMAIN": 200})


def test_load_that_did_not_finish_is_an_error() -> None:
    with pytest.raises(Failed, match="did not finish"):
        load.parse("dnsperf: unable to open file")


@given(st.text())
def test_any_output_is_an_outcome_or_an_error(text: str) -> None:
    with pytest.raises(Failed, match="did not finish"):
        load.parse(text)


def test_loads_side_by_side_are_one() -> None:
    both = load.total([load.parse(FINISHED), load.parse(FINISHED)])
    assert (both.sent, both.lost, both.seconds, both.codes["NXDOMAIN"]) == (2000, 4, 2.5, 400)


@given(st.binary(max_size=64))
def test_any_reply_is_classified(reply: bytes) -> None:
    assert isinstance(probe.classify(reply), probe.Seen)


def reply(code: int, address: bytes | None) -> bytes:
    """Return a reply for ``a.example`` with that code and at most one address."""
    question = probe.question("a.example", 7)
    head = bytearray(question[:12])
    head[2:4] = bytes((0x81, 0x80 | code))
    if address is None:
        return bytes(head) + question[12:]
    head[7] = 1
    return bytes(head) + question[12:] + b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + address


@pytest.mark.parametrize(
    ("code", "address", "seen"),
    [
        (0, probe.RESOLVED, probe.Seen.RESOLVED),
        (0, probe.NULL, probe.Seen.BLOCKED),
        (3, None, probe.Seen.BLOCKED),
        (2, None, probe.Seen.NOT_READY),
        (0, None, probe.Seen.OTHER),
        (0, bytes((192, 0, 2, 1)), probe.Seen.OTHER),
    ],
)
def test_reply_is_what_it_says(code: int, address: bytes | None, seen: probe.Seen) -> None:
    assert probe.classify(reply(code, address)) is seen


def test_most_asked_name_leads_the_draw() -> None:
    names = tuple(f"n{i}.example" for i in range(1000))
    drawn = corpus.zipf(names, 20_000, random.Random(1))
    assert len(drawn) == 20_000
    assert drawn.count(names[0]) > drawn.count(names[9]) > drawn.count(names[99])


def test_percentile_is_among_the_worst() -> None:
    assert lifecycle.percentile([float(n) for n in range(100)]) == 99
    assert lifecycle.percentile([0.5]) == 0.5


def test_table_shows_ratio_and_verdict() -> None:
    rounds = Rounds()
    for value in (3.0, 1.0, 2.0):
        rounds.add(GATEWAY, value)
        rounds.add(UNBOUND, 2 * value)
    assert rounds.ratio() == 0.5
    lines = markdown([Row("cost", {GATEWAY: "2 us"}, rounds.ratio(), "less", False)]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")] == [
        *("", "cost", "2 us", "-", "-", "0.50", "less", "**no**", "")
    ]
