"""Counts on their way: numbered, kept until stored, left in a file; and a tally that outlives a kill."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.node.left_counts import leftovers
from schoolguard.querylog.recording import Recorder
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.resolver import Resolver
from schoolguard.serve.link import Link, Message, Stored
from schoolguard.serve.reports import SPILL_EVERY, Reports
from schoolguard.serve.tally import Tally, left_by_the_dead
from schoolguard.serve.telling import MOST_KEPT, SpillBroken, Telling, read_spill


def counted(number: int) -> dict[str, object]:
    counts = Counts()
    counts.of("Trường A", "Lớp 6A", "thcs")[0] = number
    counts.observe(0.003, number)
    counts.events["cache-miss"] += number
    return counts.take()


def test_what_is_not_stored_is_left_to_the_next_control(tmp_path: Path) -> None:
    telling = Telling("a1")
    told = [telling.tell(counted(n), 28_000_000 + n) for n in range(1, 6)]
    assert [each.number for each in told] == [1, 2, 3, 4, 5]
    telling.stored(3)
    telling.spill(tmp_path, {0: "adult"})
    left = read_spill(tmp_path / "a1.spill")
    assert (left.worker, left.categories) == ("a1", {0: "adult"})
    assert left.told == told[3:]
    assert left.stored == 1 + 2 + 3
    assert (tmp_path / "a1.spill").stat().st_mode & 0o777 == 0o600


def test_what_is_stored_leaves_no_file(tmp_path: Path) -> None:
    telling = Telling("a1")
    telling.tell(counted(1), 1)
    telling.stored(1)
    telling.spill(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_bounded() -> None:
    telling = Telling("a1")
    for n in range(MOST_KEPT + 10):
        telling.tell(counted(1), n)
    telling.stored(9)
    assert len(telling._kept) == MOST_KEPT
    assert telling.queries_stored == 0, "not known of all that was dropped"
    telling.stored(MOST_KEPT + 10)
    assert telling.queries_stored == MOST_KEPT + 10, "who stored the last has had those before"


def reports(folder: Path, counts: Counts) -> Reports:
    resolver = Resolver(counts, lambda: 0.0)
    return Reports(folder, "a1", resolver, Recorder(lambda: 0.0), counts, dict)


class Line(Link):
    """A line to control that takes everything."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, lambda: None)
        self.sent: list[Message] = []

    @property
    def full(self) -> bool:
        return False

    def send(self, message: Message) -> None:
        self.sent.append(message)


def test_what_is_said_to_the_worker_before_lets_nothing_go(tmp_path: Path) -> None:
    """The place of a dead worker has another one, whose numbers begin at 1."""
    counts = Counts()
    worker = reports(tmp_path, counts)
    worker.begin(Line())
    counts.answered[0] += 5
    counts.of("Trường A", "Lớp 6A", "thcs")[0] = 5
    worker.second()
    worker.stored(Stored("the one before", 5_000))
    assert left_of(tmp_path) == (5, 0)
    worker.stored(Stored("a1", 1))
    assert left_of(tmp_path) == (5, 5)


def left_of(folder: Path) -> tuple[int, ...]:
    return struct.unpack("=QQ", (folder / "a1.tally").read_bytes())


def test_a_tally_is_made_when_there_is_room_again(tmp_path: Path) -> None:
    folder = tmp_path / "counts"
    folder.write_text("no folder can be here")
    counts = Counts()
    worker = reports(folder, counts)
    worker.begin(Line())
    counts.answered[0] += 7
    assert counts.events["tally-missing"] == 1
    folder.unlink()
    for _ in range(SPILL_EVERY):
        worker.second()
    counts.answered[0] += 2
    assert left_of(folder) == (9, 0)


def test_counts_left_without_a_tally_are_taken_once(tmp_path: Path) -> None:
    telling = Telling("a1")
    telling.tell(counted(4), 28_000_000)
    telling.spill(tmp_path, {})
    (first,) = leftovers(tmp_path, {})
    assert [sum(delta.queries.values()) for delta in first.deltas] == [4]
    telling.tell(counted(5), 28_000_001)
    telling.spill(tmp_path, {})  # it lives, and leaves more before the first file is removed
    (again,) = leftovers(tmp_path, {})
    assert (again.deltas, again.files) == (first.deltas, first.files)
    for file in again.files:
        file.unlink()
    (second,) = leftovers(tmp_path, {})
    assert [(delta.number, sum(delta.queries.values())) for delta in second.deltas] == [(1, 4), (2, 5)]


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["worker", "categories", "told", "1"]), x),
    ).map(lambda x: json.dumps(x).encode())
)
def test_a_broken_file_is_said_to_be_broken(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "broken.spill"
    path.write_bytes(content)
    try:
        left = read_spill(path)
    except SpillBroken:
        return
    assert left.told == []  # such a file could be written, by a worker that counted nothing


def test_a_tally_says_what_a_killed_worker_answered(tmp_path: Path) -> None:
    path = tmp_path / "counts" / "b2.tally"
    code = (
        "import sys,time;from pathlib import Path;from schoolguard.serve.tally import Tally\n"
        "t=Tally(Path(sys.argv[1]))\n"
        "for i in range(1234): t.answered[0]+=1\n"
        "print('counted',flush=True);time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"counted\n"
        assert left_by_the_dead(path) is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert left_by_the_dead(path) == (1234, 0)
    path.unlink()
    assert left_by_the_dead(path) is None


def test_a_tally_needs_its_place_on_the_disk(tmp_path: Path) -> None:
    """Writing to a page that the disk has no room for would end the worker."""
    code = (
        "import resource,signal,sys;from pathlib import Path;from schoolguard.serve.tally import Tally\n"
        "signal.signal(signal.SIGXFSZ,signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE,(4,4))\n"
        "try: Tally(Path(sys.argv[1]))\n"
        "except OSError as error: print(type(error).__name__)"
    )
    path = tmp_path / "c3.tally"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True)
    assert done.stdout == b"OSError\n"
    assert not path.exists()


def test_a_worker_shares_its_tally_with_its_counts(tmp_path: Path) -> None:
    counts = Counts()
    counts.answered = Tally(tmp_path / "d4.tally").answered
    counts.answered[0] += 7
    assert (tmp_path / "d4.tally").read_bytes() == struct.pack("=QQ", 7, 0)
