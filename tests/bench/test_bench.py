"""What the benchmark reads from outside and how it sums up; the measuring itself is ``make bench``."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.config.loader import load as load_configuration
from tests.bench import corpus, gateway, lifecycle, load, policies, policy, probe
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


@given(st.integers(0, 1439))
def test_windows_follow_each_other_or_take_turns(minute: int) -> None:
    """What changes at a minute is half of the windows, and one minute later they change back."""
    always, then = policies.turning(minute)[1][0], policies.turning(minute)[0][0]
    assert always.split("-") == then.split("-")[::-1]
    assert then.startswith(f"{minute // 60:02}:{minute % 60:02}-")


def test_the_twelve_windows_are_a_day() -> None:
    windows = [hours[0].split("-") for hours in policies.far_apart()]
    assert [end for _, end in windows] == [begin for begin, _ in (*windows[1:], windows[0])]
    assert len(windows) == len({begin for begin, _ in windows}) == policies.WINDOWS


def test_rules_are_for_names_that_have_none_below() -> None:
    assert policies.leaves(["a.vn", "www.a.vn", "b.vn"]) == ("www.a.vn", "b.vn")


@pytest.fixture
def names() -> corpus.Corpus:
    """Return invented names, enough for every rule."""
    allowed = tuple(f"n{i}.allowed.example" for i in range(3000))
    return corpus.Corpus(allowed, tuple(f"n{i}.blocked.example" for i in range(100)))


def test_configuration_with_everything_on_is_accepted(tmp_path: Path, names: corpus.Corpus) -> None:
    lists = tmp_path / "lists"
    gateway.copy_catalogues(lists)
    for part in ("adult", "gambling", "games", "doh"):
        (lists / f"{part}.txt").write_text(f"{part}.example\n")
    installed = policies.install(tmp_path, lists, names, policies.far_apart(), 5301)
    settings = load_configuration(installed.config).settings
    groups = [group for school in settings.schools for group in school.groups if group.budgets]
    assert len(groups) == policies.GROUPS
    assert all(len(group.budgets) > 80 and group.safe_search.demanded for group in groups)
    assert len({group.rules for group in groups}) == policies.GROUPS
    assert all(len({rule.layer for rule in group.rules}) == 4 for group in groups)


def test_each_address_asks_for_games(tmp_path: Path, names: corpus.Corpus) -> None:
    questions = policy.write_questions(names, tmp_path / "asked", ["127.0.1.1", "127.0.2.1"])
    files = [load.Load(questions, None).file_of(f"127.0.{i}.1").read_text() for i in (1, 2)]
    games = {f"{name} A" for name in policies.game_names()}
    shares = [sum(line in games for line in text.splitlines()) / text.count("\n") for text in files]
    assert shares == [0.05, 0.05]
    assert files[0] != files[1]


def test_a_reply_s_place_tells_when_it_was(tmp_path: Path) -> None:
    recorded = load.Recorded(load.Load(tmp_path, None, 10, ("a", "b")), 53, tmp_path, "x")
    recorded.began = 1000.0
    recorded.seconds = [10.0, 10.0]
    latencies = [[float(i) for i in range(100)], [0.5] * 100]
    assert recorded.between(latencies, 1002.0, 1002.25) == [20.0, 21.0, 0.5, 0.5]


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
