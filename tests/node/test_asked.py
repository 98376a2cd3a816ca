"""The names asked for: kept by day, over restarts and full disks, for eight days, bounded."""

from __future__ import annotations

import logging
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.names import labels_of, to_ascii, to_wire
from schoolguard.node.asked import DAYS, MOST_NAMES, AskedNames, asked_names

TODAY = date(2026, 11, 24)


def wires(*names: str) -> list[bytes]:
    return [to_wire(name) for name in names]


def day_file(state: Path, day: date = TODAY) -> Path:
    return state / "asked" / day.isoformat()


def test_names_that_shall_not_be_kept_are_removed(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    asked.add([to_wire("hoc.example")], date(2026, 11, 24))
    asked.save()
    assert asked_names(tmp_path) == {"hoc.example"}
    asked.forget()
    assert asked_names(tmp_path) == set()
    asked.save()
    assert asked_names(tmp_path) == set()


def test_names_are_kept_over_a_restart_each_once(tmp_path: Path) -> None:
    first = AskedNames(tmp_path)
    first.add(wires("a.example", "b.example"), TODAY)
    first.save()
    first.add(wires("a.example", "c.example"), TODAY)
    first.save()
    again = AskedNames(tmp_path)
    again.add(wires("b.example", "d.example"), TODAY)
    again.save()
    assert day_file(tmp_path).read_text().split() == ["a.example", "b.example", "c.example", "d.example"]
    assert asked_names(tmp_path) == {"a.example", "b.example", "c.example", "d.example"}


def test_only_their_owner_reads_them(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    asked.add(wires("a.example"), TODAY)
    asked.save()
    assert stat.S_IMODE(day_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(day_file(tmp_path).parent.stat().st_mode) == 0o700


def test_nothing_is_written_without_names(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    asked.save()
    asked.add([], TODAY)
    asked.save()
    assert not day_file(tmp_path).exists()
    assert asked_names(tmp_path) == set()


@pytest.mark.parametrize("torn", [b"hoc.exa", b"ho\xc4", b"..", b"\0\0\0\0"])
def test_a_line_that_a_power_cut_tore_spoils_no_other(tmp_path: Path, torn: bytes) -> None:
    day_file(tmp_path).parent.mkdir()
    day_file(tmp_path).write_bytes(b"game.example\n" + torn)
    asked = AskedNames(tmp_path)
    asked.add(wires("hoc.example"), TODAY)
    asked.save()
    found = asked_names(tmp_path)
    assert found - {"hoc.exa", "xn--ho-fsb"} >= {"game.example", "hoc.example"}
    assert not any("hoc.example" in name and name != "hoc.example" for name in found)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: a write that would stops there, then fails."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_on_a_full_disk_they_wait_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = AskedNames(tmp_path)
    names = [f"n{number}.example" for number in range(200)]
    asked.add(wires(*names), TODAY)
    with caplog.at_level(logging.ERROR, "schoolguard.asked"), files_of_at_most(1_000):
        asked.save()
        asked.save()
    assert len(caplog.records) == 1
    assert not any(name in caplog.text for name in names)
    asked.save()
    assert asked_names(tmp_path) >= set(names)
    others = asked_names(tmp_path) - set(names)
    assert all(any(name.startswith(other) for name in names) for other in others)


def test_a_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "asked").write_text("")
    asked = AskedNames(tmp_path)
    with caplog.at_level(logging.ERROR, "schoolguard.asked"):
        asked.add(wires("a.example"), TODAY)
        asked.save()
    assert len(caplog.records) == 1
    (tmp_path / "asked").unlink()
    asked.save()
    assert asked_names(tmp_path) == {"a.example"}


def test_eight_days_are_kept(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    days = [TODAY + timedelta(days=number) for number in range(20)]
    for day in days:
        asked.add(wires(f"d{day.day}-{day.month}.example"), day)
    asked.save()
    kept = sorted(path.name for path in (tmp_path / "asked").iterdir())
    assert kept == [day.isoformat() for day in days[-DAYS:]]
    assert DAYS == 8
    assert asked_names(tmp_path) == {f"d{day.day}-{day.month}.example" for day in days[-8:]}


def test_the_last_names_of_a_day_are_saved_with_it(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    asked.add(wires("late.example"), TODAY)
    asked.add(wires("early.example"), TODAY + timedelta(days=1))
    assert day_file(tmp_path).read_text() == "late.example\n"


def test_a_day_has_its_bound_over_restarts(tmp_path: Path) -> None:
    asked = AskedNames(tmp_path)
    asked.add(wires(*(f"n{number}.example" for number in range(MOST_NAMES - 1))), TODAY)
    asked.save()
    again = AskedNames(tmp_path)
    again.add(wires("a.example", "b.example", "c.example"), TODAY)
    again.save()
    assert len(asked_names(tmp_path)) == MOST_NAMES
    again.add(wires("tomorrow.example"), TODAY + timedelta(days=1))
    again.save()
    assert "tomorrow.example" in asked_names(tmp_path)


LABEL = st.binary(min_size=1, max_size=20)
WIRE = st.lists(LABEL, max_size=6).map(
    lambda labels: b"".join(bytes([len(label)]) + label.lower() for label in labels) + b"\0"
)


@given(st.lists(WIRE, max_size=8))
def test_odd_bytes_in_names(tmp_path_factory: pytest.TempPathFactory, names: list[bytes]) -> None:
    state = tmp_path_factory.mktemp("odd")
    asked = AskedNames(state)
    asked.add(names, TODAY)
    asked.save()
    found = asked_names(state)
    assert all(to_ascii(name) == name for name in found)
    wanted = {
        ".".join(label.decode() for label in labels_of(name))
        for name in names
        if name != b"\0" and all(label.isalpha() and label.isascii() for label in labels_of(name))
    }
    assert wanted <= found


@given(st.binary(max_size=300))
def test_a_file_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    state = tmp_path_factory.mktemp("anything")
    day_file(state).parent.mkdir()
    day_file(state).write_bytes(content)
    asked = AskedNames(state)
    asked.add(wires("a.example"), TODAY)
    asked.save()
    assert "a.example" in asked_names(state)
