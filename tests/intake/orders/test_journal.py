"""The journal: tampering found, torn ends cut, full disks and kills survived at every byte."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.canonical import NotCanonical
from schoolguard.intake.orders.entry import FIRST, MOST_LINE, Entry, read_line
from schoolguard.intake.orders.journal import CannotKeep, Journal
from schoolguard.intake.orders.order import Lift
from tests.intake.orders.samples import AT_NOW, NOW, accept, arrived, below, book_at, lifting, order


def filled(path: Path, count: int = 4) -> list[bytes]:
    journal = Journal(path)
    book = OrderBook(journal)
    accept(book, *(order(f"o{i}", 1, below(f"o{i}.example")) for i in range(count)))
    journal.close()
    return path.read_bytes().splitlines(keepends=True)


def opened(path: Path) -> tuple[OrderBook, Journal]:
    journal = Journal(path)
    return OrderBook(journal), journal


def ids(book: OrderBook) -> list[str]:
    return [each.order.id for each in book.versions()]


@pytest.mark.parametrize("cut", [1, 2, 100])
@pytest.mark.parametrize("zeros", [b"", b"\0" * 50, b"\0" * 50 + b"\n"])
def test_a_torn_end_is_cut_off(tmp_path: Path, cut: int, zeros: bytes) -> None:
    lines = filled(path := tmp_path / "orders.journal")
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:-cut] + zeros)
    book, journal = opened(path)
    assert book.broken is None
    assert ids(book) == ["o0", "o1", "o2"]
    assert path.read_bytes() == b"".join(lines[:-1])
    accept(book, order("after"))
    journal.close()
    assert ids(opened(path)[0]) == ["o0", "o1", "o2", "after"]


TAMPERED = {
    "changed": lambda lines: [lines[0], lines[1].replace(b"o1.example", b"ox.example"), *lines[2:]],
    "removed": lambda lines: [lines[0], *lines[2:]],
    "moved": lambda lines: [lines[1], lines[0], *lines[2:]],
    "doubled": lambda lines: [lines[0], lines[0], *lines[1:]],
    "rubbish": lambda lines: [lines[0], b"rubbish\n", *lines[1:]],
    "no end": lambda lines: [lines[0], lines[1][:-1], *lines[2:]],
    "zeros": lambda lines: [lines[0], b"\0" * 80 + b"\n", *lines[1:]],
    "endless": lambda lines: [lines[0], b"x" * (MOST_LINE + 9) + b"\n", *lines[1:]],
}
LOST = {"changed": {"o1"}, "removed": {"o1"}, "no end": {"o1", "o2"}}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_told_and_what_is_whole_goes_on(tmp_path: Path, how: str) -> None:
    lines = filled(path := tmp_path / "orders.journal")
    tampered = b"".join(TAMPERED[how](lines))
    path.write_bytes(tampered)
    book, journal = opened(path)
    assert "was changed" in str(book.broken)
    assert set(ids(book)) == {"o0", "o1", "o2", "o3"} - LOST.get(how, set())
    assert path.with_suffix(".broken").read_bytes() == tampered
    accept(book, order("after"))
    journal.close()
    again, _ = opened(path)
    assert again.broken is None
    assert ids(again) == ids(book)


def test_a_lift_behind_a_break_opens_nothing_until_it_is_fetched_again(tmp_path: Path) -> None:
    """The line that is missing may be the one that closed the name again."""
    path = tmp_path / "orders.journal"
    book, journal = opened(path)
    lift = lifting("l", 2, Lift("o1"))
    _, _, kept = accept(book, order("o0"), order("o1"), lift)
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0].replace(b"viettel", b"vietteI"), *lines[1:]]))
    for _ in range(2):  # at the next start it is as unproven
        book, journal = opened(path)
        assert [each.order.id for each in book.holding(AT_NOW)] == ["o1"]
        assert not book.knows(lift.path, kept.digest)
        journal.close()
    book, journal = opened(path)
    accept(book, lift)
    assert book.knows(lift.path, kept.digest)
    assert book.holding(AT_NOW) == []
    journal.close()
    assert opened(path)[0].holding(AT_NOW) == []


def test_a_version_behind_a_break_takes_no_ones_place_until_it_is_fetched_again(tmp_path: Path) -> None:
    path = tmp_path / "orders.journal"
    book, journal = opened(path)
    less = order("o1", 2, below("b.example", "c.example"))
    accept(book, order("o1", 1, below("a.example", "b.example")))
    accept(book, order("o0"), less)
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b"viettel", b"vietteI"), lines[2]]))
    book, journal = opened(path)
    closed = {target.name for each in book.holding(AT_NOW) for target in each.targets}
    assert closed == {"a.example", "b.example", "c.example"}
    accept(book, less)
    assert [each.targets for each in book.holding(AT_NOW)] == [less.targets]
    journal.close()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_change_of_bytes_is_told_or_the_end_is_cut(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "orders.journal"
    lines = filled(path, 3)
    whole = b"".join(lines)
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.binary(max_size=1))
    changed = whole[:at] + byte + (whole[at:] if data.draw(st.booleans()) else whole[at + 1 :])
    path.write_bytes(changed)
    book, journal = opened(path)
    journal.close()
    if changed == whole:
        assert ids(book) == ["o0", "o1", "o2"]
    elif book.broken is None:
        assert ids(book) == ["o0", "o1"]
        assert at >= len(whole) - len(lines[-1])
    written = {order(id, 1, below(f"{id}.example")).document() for id in ("o0", "o1", "o2")}
    assert {each.order.document() for each in book.versions()} <= written


@given(st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_opened(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("rubbish") / "orders.journal"
    path.write_bytes(content)
    book, journal = opened(path)
    journal.close()
    assert book.versions() == []


@pytest.mark.parametrize("fields", [{"text": "\ud800"}, {"number": 1.5j}, {"text": "x" * MOST_LINE}])
def test_what_has_no_form_is_not_written(journal: Journal, fields: dict[str, object]) -> None:
    with pytest.raises(CannotKeep, match="cannot be written down"):
        journal.append(NOW, "kind", fields)
    assert journal.path.read_bytes() == b""


def test_a_line_is_read_as_it_was_written() -> None:
    entry = Entry(1, NOW, "kind", {"a": ["ă", 1, None]}, FIRST)
    line, digest = entry.sealed()
    assert read_line(line) == (entry, digest)
    with pytest.raises(NotCanonical):
        read_line(line.replace(b'"a":', b'"b":'))


_KILLED = """
import sys
from pathlib import Path
from tests.intake.orders.samples import accept, below, book_at, lifting, order
from schoolguard.intake.orders.order import Lift
book = book_at(Path(sys.argv[1]))
first = len(book.versions())
for number in range(first, first + 100_000):
    accept(book, order(f"o{number}", number + 1, below(f"{'long' * 20}{number}.example")))
    print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_told(tmp_path: Path) -> None:
    """A writer is killed over and over: each start has all that was told, and at most one more."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    told = -1
    chance = random.Random(4)
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split(b"\n")[:-1]
        told = int(rest[-1]) if rest else told
        book, journal = opened(tmp_path / "orders.journal")
        journal.close()
        assert book.broken is None
        assert ids(book)[: told + 1] == [f"o{number}" for number in range(told + 1)]
        assert len(ids(book)) <= told + 2


def test_every_length_that_a_write_may_have_reached(tmp_path: Path) -> None:
    lines = filled(path := tmp_path / "orders.journal", 2)
    for length in range(len(lines[0]), len(lines[0]) + len(lines[1]) + 1, 7):
        path.write_bytes(b"".join(lines)[:length])
        book, journal = opened(path)
        assert book.broken is None
        assert ids(book) == (["o0", "o1"] if length == len(lines[0] + lines[1]) else ["o0"])
        journal.close()


_FULL = """
import resource, sys
from pathlib import Path
from tests.intake.orders.samples import AT_NOW, accept, below, book_at, order
from schoolguard.intake.orders.journal import CannotKeep
folder = Path(sys.argv[1])
book = book_at(folder)
path = folder / "orders.journal"
filler = folder / "filler"
accept(book, order())
if sys.argv[2] == "disk":
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
else:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 1000, resource.RLIM_INFINITY))
before = path.read_bytes()
many = [order(f"o{n}", 1, below(f"{n}.{'x' * 60}.example")) for n in range(20)]
for attempt in range(3):
    try:
        accept(book, *many)
        raise SystemExit("it fitted")
    except CannotKeep as error:
        print(error)
    assert path.read_bytes() == before
    assert len(book.versions()) == 1
if sys.argv[2] == "disk":
    filler.unlink()
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
accept(book, *many)
book._journal.close()
assert len(book_at(folder).versions()) == 21
"""


def test_a_full_disk_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """A file system of 64 KiB that only the child sees."""
    mount = f"mount -t tmpfs -o size=64k,mode=700 none '{tmp_path}'"
    unshare = shutil.which("unshare") or "unshare"
    if subprocess.run([unshare, "-m", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    script = f'{mount} && exec "$0" -c "$1" "$2" disk'
    said = _script([unshare, "-m", "sh", "-c", script, sys.executable, _FULL, str(tmp_path)])
    assert said.count("No space left on device; nothing was changed") == 3


def test_a_write_that_stops_half_way_is_taken_back(tmp_path: Path) -> None:
    assert _script([sys.executable, "-c", _FULL, str(tmp_path), "limit"]).count("File too large") == 3


def test_a_broken_journal_on_a_full_disk_still_closes_names(tmp_path: Path) -> None:
    lines = filled(path := tmp_path / "orders.journal")
    tampered = b"".join([lines[0].replace(b"viettel", b"vietteI"), *lines[1:]])
    path.write_bytes(tampered)
    path.with_suffix(".partial").mkdir()  # nothing can be written there
    book, journal = opened(path)
    assert ids(book) == ["o1", "o2", "o3"]
    with pytest.raises(CannotKeep):
        book.accept(arrived(order("after")), NOW, AT_NOW)
    journal.close()
    path.with_suffix(".partial").rmdir()
    again = book_at(tmp_path)
    assert ids(again) == ["o1", "o2", "o3"]
    accept(again, order("after"))


def _script(command: list[str]) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
