"""Compiling: same input, same bytes; what is refused and what stands in for it; nothing half-written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schoolguard.dns.names import search_key
from schoolguard.lists import shards
from schoolguard.lists.archive import ArchiveBroken
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.folder import CompileBusy, locked
from schoolguard.lists.model import Exceptions
from schoolguard.lists.rows import State
from schoolguard.lists.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

NAMES = [f"site{number}.example" for number in range(100)]


def test_the_same_lists_give_the_same_bytes_wherever_and_whenever(workshop: Workshop, tmp_path: Path) -> None:
    workshop.write("a", *NAMES)
    workshop.write("b", *reversed(NAMES[:50]), "||c.example^$dnstype=A", "/^d[0-9]+x\\./", "@@||e.example^")
    sources = [
        workshop.source("a"),
        workshop.source("b", "games", format="adblock", exceptions=Exceptions.OWN),
    ]
    first = workshop.compile(*sources, now=1)
    other = compile_lists(sources, tmp_path / "other", None, now=99, times={"a": 5})
    assert other.digest == first.digest
    assert other.path.name == first.path.name == f"{first.digest}.snapshot"
    assert (
        compile_lists(sources, tmp_path / "third", None, now=1).path.read_bytes() == first.path.read_bytes()
    )


def test_the_digest_changes_with_a_name_a_setting_or_the_order(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    workshop.write("b", *NAMES[:3])
    a, b = workshop.source("a"), workshop.source("b", "games")
    digests = {workshop.compile(a, b).digest, workshop.compile(b, a).digest}
    digests.add(workshop.compile(replace(a, bit=9), b).digest)
    workshop.write("b", *NAMES[:4])
    digests.add(workshop.compile(a, b).digest)
    assert len(digests) == 4


def test_an_unchanged_set_of_lists_takes_the_previous_snapshot_over(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    source = workshop.source("a")
    first = workshop.compile(source)
    again = compile_lists([source], workshop.target, first.path, now=7, times={"a": 1_700_000_000})
    assert (again.changed, again.path, again.digest) == (False, first.path, first.digest)
    row = Snapshot.open(workshop.target).sources[0]
    assert (row.entries, row.note.file_time, row.note.state) == (100, 1_700_000_000, State.FRESH)
    assert not compile_lists([replace(source, max_growth=9.0)], workshop.target, first.path).changed
    assert compile_lists([replace(source, bit=9)], workshop.target, first.path).changed


def test_names_dealt_to_several_shards_are_all_found(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_KEYS", 40)
    names = [f"{first}{number}.example" for first in "abcdefgxyz019" for number in range(9)]
    workshop.write("a", *names, "_tcp.example", "a.-x.example")
    workshop.write("b", *names[::2])
    snapshot = workshop.snapshot(workshop.source("a"), workshop.source("b", "games"))
    for at, name in enumerate(names):
        expected = {"ads"} if at % 2 else {"ads", "games"}
        assert workshop.ask(snapshot, name) == workshop.ask(snapshot, "www." + name) == expected
    assert workshop.ask(snapshot, "h1.example") == set()
    assert workshop.ask(snapshot, "_tcp.example") == workshop.ask(snapshot, "a.-x.example") == {"ads"}
    assert snapshot.names == len(names) + 2


def test_the_report_of_each_list_is_in_the_snapshot(workshop: Workshop) -> None:
    workshop.write("a", "||a.example^", "||b.example^$popup", "@@||c.example^", "! note")
    compile_lists([workshop.source("a")], workshop.target, None, times={"a": 1_700_000_000})
    row = Snapshot.open(workshop.target).sources[0]
    assert (row.id, row.report.format, row.entries, row.ignored) == ("a", "adblock", 2, 1)
    assert sum(row.report.refused.values()) == len(row.report.first) == 1
    assert (row.report.first[0].line, row.report.first[0].text) == (2, "||b.example^$popup")
    assert row.note.file_time == 1_700_000_000
    assert len(row.digest) == 64


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "empty"),
        (["<!DOCTYPE html>", "<html><body>Not found</body></html>"], "html"),
        (NAMES[:49], "shrank"),
        ([*NAMES, *(f"more{n}.example" for n in range(301))], "grew"),
    ],
)
def test_a_refused_list_leaves_its_last_good_copy_in_force(
    workshop: Workshop, lines: list[str], reason: str
) -> None:
    workshop.write("a", *NAMES)
    workshop.write("b", "b.example")
    a, b = workshop.source("a"), workshop.source("b", "games")
    good = workshop.compile(a, b, now=10)
    workshop.write("a", *lines)
    workshop.write("b", "b.example", "new.example")
    for now in (20, 30):
        outcome = workshop.compile(a, b, previous=good.path, now=now)
        row = outcome.sources[0]
        assert (row.note.state, row.note.reason, row.note.since) == (State.LAST_GOOD, reason, 20)
        assert row.note.message
        assert row.entries == 100
        snapshot = Snapshot.open(workshop.target)
        assert workshop.ask(snapshot, NAMES[99]) == {"ads"}
        assert workshop.ask(snapshot, "new.example") == {"games"}
        assert workshop.ask(snapshot, "more1.example") == set()
    workshop.write("a", *NAMES[:50])
    assert workshop.compile(a, b, now=40).sources[0].note.state is State.FRESH
    workshop.write("a")
    assert workshop.compile(a, b, now=50).sources[0].note.since == 50


def test_limits_that_are_off_or_just_met_let_a_list_pass(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    source = workshop.source("a")
    workshop.compile(source)
    workshop.write("a", *NAMES[:50])
    assert workshop.compile(source).sources[0].entries == 50
    workshop.write("a", NAMES[0])
    assert workshop.compile(replace(source, max_shrink=None)).sources[0].entries == 1
    workshop.write("a", *NAMES)
    assert workshop.compile(replace(source, max_growth=None)).sources[0].entries == 100


def test_a_list_over_its_number_of_entries_is_refused_whole(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    workshop.write("b", "b.example")
    outcome = workshop.compile(workshop.source("a", max_entries=99), workshop.source("b"))
    assert outcome.sources[0].note.state is State.REFUSED
    assert outcome.sources[0].note.reason == "too-many-entries"
    snapshot = Snapshot.open(outcome.path)
    assert workshop.ask(snapshot, NAMES[0]) == set()
    assert snapshot.names == 1


def test_a_missing_list_is_reported_and_the_others_go_forward(workshop: Workshop) -> None:
    workshop.write("b", "b.example")
    sources = [workshop.source("gone"), workshop.source("b")]
    outcome = workshop.compile(*sources, now=5)
    row = outcome.sources[0]
    assert (row.note.state, row.note.reason, row.note.since) == (State.REFUSED, "missing", 5)
    assert str(workshop.lists / "gone") in row.note.message
    assert (row.entries, row.digest) == (0, "")
    workshop.write("gone", *NAMES)
    workshop.compile(*sources)
    (workshop.lists / "gone").unlink()
    assert workshop.compile(*sources).sources[0].note.state is State.LAST_GOOD
    assert workshop.ask(Snapshot.open(workshop.target), NAMES[0]) == {"ads"}


def test_a_damaged_last_good_copy_is_not_used(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    workshop.compile(workshop.source("a"))
    for copy in workshop.archive.glob("*.list"):
        copy.write_text("other.example\n")
    workshop.write("a")
    assert workshop.compile(workshop.source("a")).sources[0].note.state is State.REFUSED


def test_a_refused_list_leaves_no_trace_in_the_bytes(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    workshop.write("b", "b.example")
    sources = [workshop.source("a", format="adblock"), workshop.source("b", "games")]
    good = workshop.compile(*sources)
    workshop.write("a", "||x.example^$dnstype=AAAA", "@@||y.example^$important", "/^z[0-9]x\\./")
    again = workshop.compile(*sources)
    assert again.sources[0].note.state is State.LAST_GOOD
    assert again.digest == good.digest


def test_no_list_at_all_gives_an_empty_snapshot(workshop: Workshop) -> None:
    snapshot = workshop.snapshot()
    assert (snapshot.names, snapshot.sources, snapshot.mask(search_key("x.example"))) == (0, (), 0)


def test_two_lists_of_one_id_are_an_error(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    with pytest.raises(ValueError, match="same id: a"):
        workshop.compile(workshop.source("a"), workshop.source("a", "games"))


def test_two_compiles_in_one_folder_do_not_meet(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    with locked(workshop.target), pytest.raises(CompileBusy, match="another compile"):
        workshop.compile(workshop.source("a"))
    assert workshop.compile(workshop.source("a")).names == 100


def test_a_damaged_index_of_copies_is_an_error_that_says_what_to_do(workshop: Workshop) -> None:
    workshop.write("a", *NAMES)
    workshop.compile(workshop.source("a"))
    for content in ("{", "[]", '{"a": {}}', '{"a": {"file": "../x", "entries": 1, "refused_since": 0}}'):
        (workshop.archive / "index.json").write_text(content)
        with pytest.raises(ArchiveBroken, match="delete it"):
            workshop.compile(workshop.source("a"))


def test_copies_and_snapshots_that_nobody_needs_are_deleted(workshop: Workshop) -> None:
    digests = []
    for count in range(50, 56):
        workshop.write("a", *NAMES[:count])
        digests.append(workshop.compile(workshop.source("a")).digest)
    assert len(list(workshop.archive.glob("*.list"))) == 1
    assert {path.stem for path in workshop.target.glob("*.snapshot")} == set(digests[-3:])
    assert Snapshot.open(workshop.target).digest == digests[-1]


def test_a_list_overwritten_in_place_does_not_change_its_last_good_copy(workshop: Workshop) -> None:
    path = workshop.write("a", *NAMES)
    workshop.compile(workshop.source("a"))
    with path.open("r+") as file:
        file.write("zzzz")
    (copy,) = workshop.archive.glob("*.list")
    assert copy.read_text().split() == NAMES
