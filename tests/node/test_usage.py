"""Usage is kept over restarts and kills, and neither a bad file nor a full disk stops the counting."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.node.usage import NAME, SET_ASIDE, Usage
from schoolguard.node.usage_file import FORMAT, UsageBroken, from_bytes, to_bytes
from schoolguard.policy.budgets import Budget
from schoolguard.policy.counting import Used
from schoolguard.policy.meter import Stage

NOON = 20_000 * 86_400.0 + 5 * 3600
DAY = 86_400.0
DEVICE = b"\x02\0\0\0\0\x0a"
OTHER = bytes.fromhex("fd00000000000000000000000000000b")
BUDGETS = (Budget("games", "Trò chơi", 30), Budget("video", "Video", 120))


def opened(state: Path, now: float = NOON, steady: float = 1000.0) -> Usage:
    usage = Usage(state, now, steady)
    usage.set_budgets(BUDGETS)
    return usage


def play(usage: Usage, minutes: int, now: float = NOON, steady: float = 1000.0) -> None:
    for minute in range(minutes):
        usage.tick(now + minute * 60, steady + minute * 60)
        usage.mark([(DEVICE, "games")])


def used(usage: Usage) -> int:
    return usage.meter.used(DEVICE, "games")


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond a few bytes: the kernel refuses, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    first = opened(tmp_path)
    play(first, 12)
    first.mark([(OTHER, "video")])
    assert first.save(NOON + 720, 1720.0)
    again = opened(tmp_path, NOON + 730, 5.0)
    assert used(again) == 12
    assert again.meter.remaining(OTHER, "video") == 120


def test_a_restart_in_the_midst_of_a_game_is_no_gap(tmp_path: Path) -> None:
    first = opened(tmp_path)
    play(first, 12)
    first.save(NOON + 11 * 60, 1000.0 + 11 * 60)
    again = opened(tmp_path, NOON + 14 * 60, 50_000.0)
    again.mark([(DEVICE, "games")])
    assert used(again) == 15


def test_a_restart_long_after_a_game_is_a_gap(tmp_path: Path) -> None:
    first = opened(tmp_path)
    play(first, 12)
    first.save(NOON + 11 * 60, 1000.0 + 11 * 60)
    again = opened(tmp_path, NOON + 40 * 60, 50_000.0)
    again.mark([(DEVICE, "games")])
    assert used(again) == 12


def test_it_is_saved_at_most_once_a_minute_and_only_when_something_changed(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    assert not usage.due(9999.0)
    usage.mark([(DEVICE, "games")])
    assert not usage.due(1059.0)
    assert usage.due(1060.0)
    usage.save(NOON + 60, 1060.0)
    assert not usage.due(9999.0)


def test_the_file_is_for_its_owner_only_and_holds_no_name(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        usage = opened(tmp_path)
        play(usage, 3)
        usage.save(NOON, 1000.0)
    finally:
        os.umask(before)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    whole = json.loads((tmp_path / NAME).read_bytes())
    assert whole["devices"] == {"02000000000a": {"games": [3, 0, 0]}}
    assert set(whole) == {"format", "day", "at", "devices"}


KILLED = """
import os, signal, sys
from pathlib import Path
from schoolguard.node.usage import Usage
from schoolguard.policy.budgets import Budget
usage = Usage(Path(sys.argv[1]), {noon}, 0.0)
usage.set_budgets([Budget("games", "Trò chơi", 600)])
for second in range(0, {seconds}):
    usage.tick({noon} + second, float(second))
    usage.mark([({device!r}, "games")])
    if usage.due(float(second)):
        usage.save({noon} + second, float(second))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("seconds", [1259, 1260, 1301])
def test_a_kill_loses_at_most_a_minute(tmp_path: Path, seconds: int) -> None:
    program = KILLED.format(noon=NOON, seconds=seconds, device=DEVICE)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    again = Usage(tmp_path, NOON + seconds + 1, 0.0)
    assert (seconds - 1) // 60 <= used(again) <= (seconds - 1) // 60 + 1


def test_midnight_drops_yesterdays_file(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 30)
    usage.save(NOON, 1000.0)
    (tmp_path / SET_ASIDE).write_text("x")
    assert usage.meter.used_up(DEVICE) == {"games"}
    assert usage.tick(NOON + DAY / 2, 1000.0 + DAY / 2)
    assert list(tmp_path.iterdir()) == []
    assert usage.meter.used_up(DEVICE) == frozenset()


def test_yesterdays_file_is_not_taken_up_and_goes(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 30)
    usage.save(NOON, 1000.0)
    assert used(opened(tmp_path, NOON + DAY)) == 0
    assert not (tmp_path / NAME).exists()


def test_a_clock_at_1970_after_a_restart_gives_no_time_back(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 30)
    usage.save(NOON + 1800, 2800.0)
    again = opened(tmp_path, 100.0, 10.0)
    assert again.meter.used_up(DEVICE) == {"games"}
    again.tick(NOON + 3600, 20.0)
    assert again.meter.used_up(DEVICE) == {"games"}
    again.tick(NOON + DAY, DAY)
    assert again.meter.used_up(DEVICE) == frozenset()


def test_stages_are_handed_out_as_they_are_reached(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 24)
    usage.tick(NOON + 24 * 60, 1000.0 + 24 * 60)
    assert usage.mark([(DEVICE, "games"), (DEVICE, "video")]) == [(DEVICE, "games", Stage.WARNING)]


def test_an_address_whose_mac_becomes_known_may_have_used_it_all_up(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 30)
    usage.save(NOON, 1060.0)
    assert usage.rename(DEVICE, OTHER)
    assert usage.due(1120.0)
    assert usage.meter.all_used_up() == {OTHER: {"games"}}
    assert not usage.rename(DEVICE, OTHER)


def test_writers_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    usage = opened(tmp_path)
    play(usage, 3)
    content = usage.content(NOON)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: usage.write(content, 1060.0), range(80)))
    assert (tmp_path / NAME).read_bytes() == content


# Bad files


def entry(**changes: object) -> bytes:
    whole = {"format": FORMAT, "day": 20_000, "at": int(NOON), "devices": {"0a": {"games": [3, 0, 0]}}}
    return json.dumps(whole | changes).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\0", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "format"),
        (b'{"format": "another"}', "format"),
        (entry()[:-20], "not JSON"),
        (entry(day=-1), "day"),
        (entry(day=True), "day"),
        (entry(at=1.5), "at is"),
        (entry(devices=[]), "devices"),
        (entry(devices={"zz": {"games": [3, 0, 0]}}), "hexadecimal"),
        (entry(devices={"": {"games": [3, 0, 0]}}), "0 bytes"),
        (entry(devices={"00" * 33: {"games": [3, 0, 0]}}), "33 bytes"),
        (entry(devices={"0a": {}}), "1 to 20000"),
        (entry(devices={"0a": {"a\nb": [3, 0, 0]}}), "one line"),
        (entry(devices={"0a": {"games": [3, 0]}}), "three numbers"),
        (entry(devices={"0a": {"games": [-1, 0, 0]}}), "minutes"),
        (entry(devices={"0a": {"games": [1, 1, 0]}}), "last mark"),
        (entry(devices={"0a": {"games": [1, 0, 2]}}), "lone"),
        (entry(devices={f"{n:06x}": {"games": [1, 0, 0]} for n in range(20_001)}), "at most 20000"),
    ],
)
def test_a_damaged_or_foreign_file_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes, problem: str
) -> None:
    (tmp_path / NAME).write_bytes(content)
    usage = opened(tmp_path)
    assert used(usage) == 0
    assert (tmp_path / SET_ASIDE).read_bytes() == content
    (record,) = caplog.records
    assert record.getMessage() == "the usage of today cannot be read; every budget counts from zero"
    assert problem in vars(record)["problem"]
    play(usage, 3)
    assert usage.save(NOON + 180, 1180.0)
    assert used(opened(tmp_path, NOON + 181)) == 3


def test_a_folder_in_the_files_place_is_moved_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / NAME).mkdir()
    usage = opened(tmp_path)
    assert len(caplog.records) == 1
    play(usage, 3)
    assert usage.save(NOON, 1000.0)


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_rubbish_is_told_as_such(content: bytes) -> None:
    with pytest.raises(UsageBroken):
        from_bytes(content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.sampled_from(["day", "at", "devices", "format"]), VALUES)
def test_odd_values_are_read_or_told(key: str, value: object) -> None:
    try:
        saved = from_bytes(entry(**{key: value}))
    except UsageBroken:
        return
    assert saved.day >= 0


KEYS = st.binary(min_size=1, max_size=16)
USES = st.dictionaries(
    KEYS,
    st.dictionaries(
        st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=9),
        st.builds(Used, st.integers(0, 1440), st.integers(-600, 0), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    max_size=5,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(USES, st.integers(0, 30_000))
def test_what_is_written_is_read(table: dict[bytes, dict[str, Used]], day: int) -> None:
    rows = [(key, budget, each) for key, of in table.items() for budget, each in of.items()]
    saved = from_bytes(to_bytes(day, NOON, 0, rows))
    assert (saved.day, saved.table) == (day, table)


# Disks


def test_a_full_disk_is_told_once_and_saving_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    usage = opened(tmp_path)
    play(usage, 3)
    assert usage.save(NOON, 1060.0)
    kept = (tmp_path / NAME).read_bytes()
    play(usage, 3, NOON + 180, 1180.0)
    with full_disk():
        assert not usage.save(NOON + 300, 1300.0)
        assert not usage.due(1359.0)
        assert usage.due(1360.0)
        assert not usage.save(NOON + 360, 1360.0)
    assert (tmp_path / NAME).read_bytes() == kept
    assert used(usage) == 6
    assert usage.save(NOON + 420, 1420.0)
    told = [record.getMessage() for record in caplog.records]
    assert [text.partition(";")[0] for text in told] == ["usage cannot be saved", "usage is saved again"]
    assert used(opened(tmp_path, NOON + 421)) == 6


def test_a_state_folder_that_went_away_stops_nothing(tmp_path: Path) -> None:
    usage = opened(tmp_path / "state")
    play(usage, 3)
    assert not usage.save(NOON, 1060.0)
    assert used(usage) == 3
    (tmp_path / "state").mkdir()
    assert usage.save(NOON, 1120.0)


@pytest.fixture
def leftover(tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        path = tmp_path / "usage.json.partial"
        path.write_text("half")
        path.chmod(0o644)
        return path

    return make


def test_a_half_written_file_of_a_killed_process_is_in_nobodys_way(
    tmp_path: Path, leftover: Callable[[], Path]
) -> None:
    path = leftover()
    usage = opened(tmp_path)
    play(usage, 3)
    assert usage.save(NOON, 1060.0)
    assert not path.exists()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
