"""The audit log: whole after every end, tampering found at its line, nothing told that is not on the disk."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.node.audit import AuditLog, CannotAudit, ChainBroken, audit_path, verify
from schoolguard.node.audit_chain import read_chain
from schoolguard.node.audit_entry import FIRST, MAX_LINE, Entry, NotAnEntry, canonical, read_entry
from schoolguard.node.audit_head import Head, head_path, write_head

NOW = 1_795_000_000
"""A moment in 2026; the log reads no clock."""


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """A log without an entry."""
    return AuditLog(audit_path(tmp_path))


def filled(log: AuditLog, count: int = 5) -> list[bytes]:
    """Append entries and return the lines of the file."""
    for number in range(count):
        log.append("pass-grant", "Cô Lan", NOW + number, {"reason": "Tiết Sử", "number": number})
    return log.path.read_bytes().splitlines(keepends=True)


def sealed(number: int, previous: str) -> Entry:
    """Return an entry that fits, as somebody who knows the form could make it."""
    return Entry(number, NOW, "pass-grant", "ai đó", {}, previous).sealed()


def test_entries_follow_one_another(log: AuditLog) -> None:
    lines = filled(log)
    entries = [json.loads(line) for line in lines]
    assert [entry["n"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["previous"] for entry in entries] == [FIRST, *(entry["hash"] for entry in entries[:-1])]
    assert entries[0]["time"] == "2026-11-18T18:06:40+07:00"
    verified = verify(log.path)
    assert (verified.entries, verified.hash, verified.torn) == (5, entries[-1]["hash"], 0)


def test_hash_is_that_of_the_documented_form(log: AuditLog) -> None:
    """Made again without our code, as an auditor would."""
    import hashlib

    entry = json.loads(filled(log, 1)[0])
    digest = entry.pop("hash")
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_only_its_user_may_read_it(log: AuditLog) -> None:
    filled(log, 1)
    for path in (log.path, head_path(log.path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_there_is_no_entry(log: AuditLog) -> None:
    assert verify(log.path).entries == 0
    assert not log.path.exists()


Change = Callable[[list[bytes]], list[bytes]]


def _byte(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace("Sử".encode(), "Địa".encode()), *lines[3:]]


def _resealed(lines: list[bytes]) -> list[bytes]:
    third = json.loads(lines[2])
    return [*lines[:2], sealed(3, third["previous"]).line(), *lines[3:]]


def _inserted(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], sealed(3, json.loads(lines[1])["hash"]).line(), *lines[2:]]


def _behind(lines: list[bytes]) -> list[bytes]:
    fifth = json.loads(lines[4])
    sixth = sealed(6, fifth["hash"])
    return [*lines, sixth.line(), sealed(7, sixth.hash).line()]


TAMPERING: dict[str, tuple[Change, int, str]] = {
    "a text changed": (_byte, 3, "hash does not fit"),
    "a space added": (
        lambda lines: [*lines[:2], lines[2].replace(b":", b": ", 1), *lines[3:]],
        3,
        "no entry",
    ),
    "a line made anew": (_resealed, 4, "does not follow"),
    "removed in the middle": (lambda lines: [*lines[:2], *lines[3:]], 3, "entry 4 stands where 3 belongs"),
    "removed at the beginning": (lambda lines: lines[1:], 1, "entry 2 stands where 1 belongs"),
    "swapped": (
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        2,
        "entry 3 stands where 2 belongs",
    ),
    "repeated": (lambda lines: [*lines[:2], *lines[1:]], 3, "entry 2 stands where 3 belongs"),
    "inserted with a right hash": (_inserted, 4, "entry 3 stands where 4 belongs"),
    "an empty line inserted": (lambda lines: [*lines[:2], b"\n", *lines[2:]], 3, "no entry"),
    "the end cut off": (lambda lines: lines[:4], 5, "ends here"),
    "everything cut off": (lambda _: [], 1, "ends here"),
    "the last line's end cut off": (lambda lines: [*lines[:4], lines[4][:-1]], 5, "no entry"),
    "rubbish behind": (lambda lines: [*lines, b"rubbish\n"], 6, "does not know"),
    "entries behind": (_behind, 6, "does not know"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_at_its_line(log: AuditLog, name: str) -> None:
    change, line, why = TAMPERING[name]
    log.path.write_bytes(b"".join(change(filled(log))))
    with pytest.raises(ChainBroken) as broken:
        verify(log.path)
    assert (broken.value.line, why in broken.value.why) == (line, True), str(broken.value)
    assert str(log.path) in str(broken.value)


def test_a_last_line_that_was_changed_takes_no_entry_after_it(log: AuditLog) -> None:
    lines = filled(log)
    changed = b"".join([*lines[:4], lines[4].replace("Sử".encode(), "Sứ".encode())])
    log.path.write_bytes(changed)
    with pytest.raises(ChainBroken):
        log.append("pass-grant", "Cô Lan", NOW, {})
    assert log.path.read_bytes() == changed


@pytest.mark.parametrize(
    "head", [None, b"", b"rubbish", Head().record(), Head(4, "0" * 64, 10).record(), b"\0" * 130]
)
def test_a_head_that_was_changed(log: AuditLog, head: bytes | None) -> None:
    filled(log)
    if head is None:
        head_path(log.path).unlink()
    else:
        head_path(log.path).write_bytes(head)
    with pytest.raises(ChainBroken):
        verify(log.path)
    with pytest.raises(ChainBroken):
        log.append("pass-grant", "Cô Lan", NOW, {})


def test_a_head_with_another_hash(log: AuditLog) -> None:
    """Number and size fit: the entry itself was made anew, or the head was."""
    size = len(b"".join(filled(log)))
    write_head(log.path, Head(5, "0" * 64, size))
    with pytest.raises(ChainBroken, match="another entry"):
        verify(log.path)


def test_both_files_gone_is_a_new_log_and_one_gone_is_not(log: AuditLog) -> None:
    filled(log)
    log.path.unlink()
    with pytest.raises(ChainBroken):
        verify(log.path)
    head_path(log.path).unlink()
    assert verify(log.path).entries == 0


def test_a_torn_line_is_moved_aside_and_told(log: AuditLog) -> None:
    """Every length that a write could have stopped at."""
    filled(log, 2)
    whole = log.path.read_bytes()
    head = head_path(log.path).read_bytes()
    line = sealed(3, json.loads(whole.splitlines()[-1])["hash"]).line()
    for size in range(1, len(line) - 1, 7):
        log.path.write_bytes(whole + line[:size])
        head_path(log.path).write_bytes(head)
        assert verify(log.path).torn == size
        log.append("pass-grant", "Cô Lan", NOW, {})
        assert verify(log.path).torn == 0
        *_, told, last = read_chain(log.path).entries()
        assert (told.action, told.number, last.number) == ("audit-torn", 3, 4)
        aside = log.path.with_name(told.fields["file"])
        assert aside.read_bytes() == line[:size]
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert log.path.with_name("audit.log.torn-3").exists()
    assert log.path.with_name("audit.log.torn-3-2").exists()


def test_zeros_that_a_power_cut_left_are_torn(log: AuditLog) -> None:
    filled(log, 2)
    with log.path.open("ab") as file:
        file.write(bytes(70_000) + b'"}\n')
    log.append("pass-grant", "Cô Lan", NOW, {})
    assert verify(log.path).entries == 4
    assert log.path.with_name("audit.log.torn-3").stat().st_size == 70_003


def test_an_entry_whose_head_was_not_written_counts(log: AuditLog) -> None:
    filled(log, 2)
    head = head_path(log.path).read_bytes()
    third = log.append("pass-grant", "Cô Lan", NOW, {})
    head_path(log.path).write_bytes(head)
    assert verify(log.path).hash == third.hash
    assert log.append("pass-grant", "Cô Lan", NOW, {}).previous == third.hash
    assert verify(log.path).entries == 4


def test_a_start_that_ended_before_the_first_entry(log: AuditLog) -> None:
    write_head(log.path, Head())
    log.path.touch()
    assert verify(log.path).entries == 0
    head_path(log.path).write_bytes(b"")
    assert filled(log, 1)
    assert verify(log.path).entries == 1


@pytest.mark.parametrize(
    "fields",
    [{"x": 1.5}, {"x": float("nan")}, {"x": b"1"}, {"n": 3}, {"x": "\ud800"}, {"x": "a" * MAX_LINE}],
    ids=["fraction", "nan", "bytes", "own", "surrogate", "long"],
)
def test_what_has_no_form_is_not_written(log: AuditLog, fields: dict[str, Any]) -> None:
    filled(log, 1)
    before = log.path.read_bytes()
    with pytest.raises(NotAnEntry):
        log.append("pass-grant", "Cô Lan", NOW, fields)
    assert log.path.read_bytes() == before


_FULL = """
import resource, sys
from pathlib import Path
from schoolguard.node.audit import AuditLog, CannotAudit, audit_path, verify

folder, way = Path(sys.argv[1]), sys.argv[2]
log = AuditLog(audit_path(folder))
for number in range(20):
    log.append("pass-grant", "by", 1_795_000_000, {"text": "x" * 300})
filler = folder / "filler"
if way == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + 800, resource.RLIM_INFINITY))
else:
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
told = 20
try:
    while True:
        log.append("pass-grant", "by", 1_795_000_000, {"text": "x" * 300})
        told += 1
except CannotAudit as error:
    print(error)
before = log.path.read_bytes()
assert verify(log.path).entries == told, (verify(log.path), told)
for _ in range(3):
    try:
        log.append("pass-grant", "by", 1_795_000_000, {"text": "x" * 20_000})
        raise SystemExit("it fitted")
    except CannotAudit:
        assert log.path.read_bytes() == before
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
filler.unlink(missing_ok=True)
log.append("pass-grant", "by", 1_795_000_000, {"text": "x" * 20_000})
assert verify(log.path).entries == told + 1
"""


def test_a_full_disk_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """A file system of 64 KiB that only the child sees."""
    mount = f"mount -t tmpfs -o size=64k,mode=700 none '{tmp_path}'"
    unshare = shutil.which("unshare") or "unshare"
    tried = subprocess.run([unshare, "-m", "sh", "-c", mount], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this user may not mount a small file system")
    script = f'{mount} && exec "$0" -c "$1" "$2" disk'
    done = _script([unshare, "-m", "sh", "-c", script, sys.executable, _FULL, str(tmp_path)])
    assert "No space left" in done
    assert "nothing was changed" in done


def test_a_write_that_stops_half_way_is_taken_back(tmp_path: Path) -> None:
    done = _script([sys.executable, "-c", _FULL, str(tmp_path), "limit"])
    assert "File too large" in done


def _script(command: list[str]) -> str:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_APPENDS = """
import sys
from pathlib import Path
from schoolguard.node.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
for number in range(60):
    log.append("pass-grant", sys.argv[2], 1_795_000_000, {"number": number})
"""


def test_two_processes_do_not_interleave(log: AuditLog) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    names = ("first", "second")
    running = [
        subprocess.Popen([sys.executable, "-c", _APPENDS, str(log.path), name], env=environment)
        for name in names
    ]
    assert [each.wait(60) for each in running] == [0, 0]
    entries = list(read_chain(log.path).entries())
    assert len(entries) == 120
    for name in names:
        assert [entry.fields["number"] for entry in entries if entry.by == name] == list(range(60))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "none" / "audit.log")
    with pytest.raises(CannotAudit, match="No such file"):
        log.append("pass-grant", "Cô Lan", NOW, {})


def test_an_append_reads_only_the_end(log: AuditLog) -> None:
    """A broken line far before the end does not stop it; ``verify`` finds it, a start closes the book."""
    lines = filled(log, 400)
    changed = lines[0].replace("Sử".encode(), "Sứ".encode())
    log.path.write_bytes(b"".join([changed, *lines[1:]]))
    assert log.path.stat().st_size > MAX_LINE
    assert log.append("pass-grant", "Cô Lan", NOW, {}).number == 401
    with pytest.raises(ChainBroken):
        verify(log.path)


_members = st.dictionaries(
    st.text("abcdefgh-", min_size=1, max_size=6).filter(lambda name: name not in ("by", "hash")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(by=st.text(max_size=20), fields=_members, time=st.integers(-(10**10), 10**11))
@settings(max_examples=60, deadline=None)
def test_an_entry_is_read_as_it_was_written(by: str, fields: dict[str, Any], time: int) -> None:
    entry = Entry(1, time, "pass-grant", by, fields, FIRST).sealed()
    assert read_entry(entry.line()) == entry
    assert entry.fits


@given(line=st.binary(max_size=200) | st.text('[]{}:,"\\un0e1.-', max_size=60).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_line_is_an_entry_or_refused(line: bytes) -> None:
    with pytest.raises(NotAnEntry):
        read_entry(line + b"\n")


@pytest.mark.parametrize("depth", [1_000, 30_000])
def test_nesting_is_refused_not_followed(depth: int) -> None:
    with pytest.raises(NotAnEntry):
        read_entry(b"[" * depth + b"\n")


@pytest.mark.parametrize(
    "member", [{"n": True}, {"n": 1.0}, {"n": "1"}, {"time": "9999-12-31T23:59:59-12:00"}]
)
def test_a_member_of_another_kind_is_refused(member: dict[str, Any]) -> None:
    entry = json.loads(sealed(1, FIRST).line()) | member
    with pytest.raises(NotAnEntry):
        read_entry(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_change_of_bytes_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """One byte changed, removed or inserted anywhere: it is told, or it is a torn line behind the end."""
    log = AuditLog(audit_path(tmp_path_factory.mktemp("bytes")))
    whole = b"".join(filled(log, 3))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.binary(min_size=0, max_size=1))
    rest = whole[at:] if data.draw(st.booleans()) else whole[at + 1 :]
    changed = whole[:at] + byte + rest
    log.path.write_bytes(changed)
    if changed == whole:
        assert verify(log.path).entries == 3
    else:
        with pytest.raises(ChainBroken):
            verify(log.path)


@given(content=st.binary(max_size=300), head=st.none() | st.binary(max_size=140) | st.just(Head().record()))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_a_log_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes | None
) -> None:
    path = audit_path(tmp_path_factory.mktemp("rubbish"))
    path.write_bytes(content)
    if head is not None:
        head_path(path).write_bytes(head)
    with contextlib.suppress(ChainBroken):
        assert verify(path).entries == 0


def test_canonical_form_sorts_and_does_not_escape() -> None:
    assert (
        canonical({"b": "Lớp \n\x7f", "a": [1, None, True]})
        == '{"a":[1,null,true],"b":"Lớp \\n\x7f"}'.encode()
    )
