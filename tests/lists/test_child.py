"""The compiling process: its protocol, and that a kill or a full disk at any moment costs nothing."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schoolguard.dns.names import search_key
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.model import ListSource
from schoolguard.lists.request import (
    Request,
    outcome_from_json,
    outcome_to_json,
    request_from_json,
    request_to_json,
)
from schoolguard.lists.rows import State
from schoolguard.lists.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12


def _request(workshop: Workshop, *sources: ListSource) -> Request:
    return Request(sources, workshop.target, None, workshop.archive, now=5)


def _command(workshop: Workshop, request: Request) -> list[str]:
    path = workshop.lists / "request.json"
    path.write_text(request_to_json(request))
    return [sys.executable, "-m", "schoolguard.lists.child", str(path)]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


def test_request_and_outcome_come_back_as_they_went(workshop: Workshop) -> None:
    workshop.write("a", "x.example", "300.1.2.3")
    source = workshop.source("a", max_shrink=None)
    request = replace(_request(workshop, source), previous=Path("old.snapshot"), times={"a": 9})
    assert request_from_json(request_to_json(request)) == request
    outcome = workshop.compile(source, workshop.source("gone"))
    assert outcome_from_json(outcome_to_json(outcome)) == outcome
    for text in ("", "[]", "{}", '{"sources": [{}]}', '{"path": 1}'):
        for decode in (request_from_json, outcome_from_json):
            with pytest.raises(ValueError, match=r"not a request|not the outcome|Expecting value"):
                decode(text)


def test_the_outcome_is_one_line_on_stdout(workshop: Workshop) -> None:
    workshop.write("a", "x.example")
    done = _run(_command(workshop, _request(workshop, workshop.source("a"), workshop.source("gone"))))
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    outcome = outcome_from_json(done.stdout)
    assert [row.note.state for row in outcome.sources] == [State.FRESH, State.REFUSED]
    assert Snapshot.open(outcome.path).digest == outcome.digest


def test_failures_are_said_on_stderr(workshop: Workshop) -> None:
    assert _run([sys.executable, "-m", "schoolguard.lists.child"]).returncode == 1
    (workshop.lists / "bad.json").write_text("{}")
    done = _run([sys.executable, "-m", "schoolguard.lists.child", str(workshop.lists / "bad.json")])
    assert (done.returncode, done.stdout) == (1, "")
    assert "not a request to compile lists" in done.stderr


def test_a_full_disk_leaves_the_snapshot_before_and_says_what_to_do(workshop: Workshop) -> None:
    workshop.write("a", "x.example")
    source = workshop.source("a", max_growth=None)
    before = workshop.compile(source)
    workshop.write("a", *(f"site{number}-{number * 7919}.example" for number in range(40_000)))
    for blocks in (0, 200, 500, 1_000):  # a limit on the size of one file stands for the disk's end
        command = shlex.join(_command(workshop, _request(workshop, source)))
        done = _run(["sh", "-c", f"ulimit -f {blocks}; exec {command}"])
        assert (done.returncode, done.stdout) == (1, "")
        assert "the snapshot before stays in use" in done.stderr
        assert Snapshot.open(workshop.target).digest == before.digest
        assert not list(workshop.target.glob(".partial"))
    assert workshop.compile(source).names == 40_000


def test_a_kill_at_any_moment_leaves_a_whole_snapshot(workshop: Workshop) -> None:
    lists = [[f"{word}{n}.example" for n in range(20_000)] for word in ("even", "odd")]
    source = workshop.source("a")
    workshop.write("a", *lists[1])
    command = _command(workshop, _request(workshop, source))
    began = time.monotonic()
    assert _run(command).returncode == 0
    whole = time.monotonic() - began
    digests = {Snapshot.open(workshop.target).digest}
    killed = 0
    for turn in range(KILLS):
        workshop.write("a", *lists[turn % 2])
        if _killed_after(command, whole * (turn + 2) / (KILLS + 2)):
            killed += 1
        else:
            whole /= 2  # the machine was busier when this was measured
        snapshot = Snapshot.open(workshop.target)
        digests.add(snapshot.digest)
        found = [bool(snapshot.mask(search_key(names[-1]))) for names in lists]
        assert sorted(found) == [False, True]
    assert killed
    assert len(digests) <= 2
    assert _run(command).returncode == 0
    left = {path.name for path in workshop.target.iterdir() if path.suffix != ".snapshot"}
    assert left == {".lock", "archive", "current"}
    assert len(list(workshop.archive.glob("*.list"))) == 1


def _killed_after(command: list[str], seconds: float) -> bool:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return True
    return False


def test_a_kill_before_the_first_snapshot_leaves_none(workshop: Workshop) -> None:
    workshop.write("a", *(f"site{n}.example" for n in range(20_000)))
    assert _killed_after(_command(workshop, _request(workshop, workshop.source("a"))), 0.05)
    workshop.target.mkdir(exist_ok=True)
    with pytest.raises(SnapshotBroken, match="holds no snapshot"):
        Snapshot.open(workshop.target)
