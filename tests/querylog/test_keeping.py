"""What is kept and that it goes: days and their keys, erasures, damage, no room."""

from __future__ import annotations

import asyncio
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schoolguard.querylog.ageing import days_over
from schoolguard.querylog.model import Row, day_of
from schoolguard.querylog.recording import MOST_ROWS, Recorder
from schoolguard.querylog.rows import MOST_WAITING
from schoolguard.querylog.store import LogStore
from schoolguard.resolver.counts import Outcome
from tests.querylog.conftest import Scene
from tests.querylog.logs import ALL, ANNA, BERT, DAY, NOON, Log, terms, wire


def test_verdict_and_cause_are_kept(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("hoc.example")
        await log.ask("choi.example", outcome=Outcome.BUDGET)
        first, second = await log.log.find(ALL, (), ())
        assert first[2:] == (int(NOON), "hoc.example", "allowed", "")
        assert second[2:] == (int(NOON), "choi.example", "blocked", "budget")
        assert first.device == second.device != ANNA.hex()

    play(scene)


def test_a_device_has_another_name_each_day_and_is_found_on_all(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("mot.example")
        await log.ask("ba.example", device=BERT)
        log.now += DAY
        await log.log.settle()
        await log.ask("hai.example")
        entries = await log.log.find(ALL, (), ())
        found = {each.name: each.device for each in entries}
        assert len(set(found.values())) == 3
        assert await log.names(ANNA) == ["mot.example", "hai.example"]
        assert await log.names(BERT) == ["ba.example"]

    play(scene)


def test_a_day_goes_with_its_key(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("motngay.example")
        key = log.files()["2026-11-24.a"]
        for _ in range(2):
            log.now += DAY
            await log.log.settle()
            await log.ask("muon.example")
        assert b"motngay" in b"".join(log.files().values())
        log.now += DAY
        await log.log.settle()
        left = b"".join(log.files().values())
        assert b"motngay" not in left
        assert key not in left
        assert await log.names() == ["muon.example"] * 2

    play(scene)


def test_rows_survive_a_kill_and_only_the_schools_own_days(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "before").mkdir()
        async with Log(tmp_path / "before") as log:
            await log.log.configured([terms(), terms("b", days=1)])
            await log.ask("mot.example")
            await log.ask("hai.example", school="b")
            shutil.copytree(log.state, tmp_path / "after")  # what lies there while it is open
        async with Log(tmp_path / "after", NOON + DAY) as log:
            await log.log.settle()  # a gateway that begins does so before its first policy is in force
            await log.log.configured([terms(), terms("b", days=1)])
            assert await log.names() == ["mot.example"]
            assert await log.names(ANNA) == ["mot.example"]

    asyncio.run(scene())


def test_erased_is_in_no_file_and_what_is_on_its_way_does_not_come(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        for part in range(0, 300, 20):
            await log.ask(*(f"xoa{number}.example" for number in range(part, part + 20)))
            await log.ask(*(f"giu{number}.example" for number in range(part, part + 20)), device=BERT)
        log.recorder.record("a", ANNA, wire("xoamuon.example"), 0)
        assert await log.log.erase(["a"], [ANNA], ()) == 300
        assert b"xoa" not in b"".join(log.files().values())
        await log.ask()
        assert await log.names(ANNA) == []
        log.now += 1
        await log.ask("sau.example")
        assert await log.names(ANNA) == ["sau.example"]
        assert len(await log.names(BERT)) == 300

    play(scene)


def test_a_damaged_file_begins_anew_and_that_is_written_down(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask(*(f"n{number}.example" for number in range(2_000)))
        await log.log.close()
        path = log.state / "query-log.db"
        content = bytearray(path.read_bytes())
        content[100:8_192] = bytes(8_092)
        path.write_bytes(content)
        async with Log(log.state) as again:
            await again.log.configured([terms()])
            await again.ask("hoc.example")
            assert await again.names() == ["hoc.example"]
            assert again.audited() == ["query-log-on", "query-log-lost"]

    play(scene)


def test_a_full_disk_does_not_keep_what_is_over(play: Callable[[Scene], None]) -> None:
    """The key goes at once; the rows, which cannot be deleted without room, go a day later with the file."""

    async def scene(log: Log) -> None:
        await log.ask("motngay.example")
        log.now += 3 * DAY
        with no_file_beyond(64):
            await log.log.settle()
            assert "2026-11-24.a" not in log.files()
            assert b"motngay" in b"".join(log.files().values())
            log.now += DAY
            await log.log.settle()
            assert b"motngay" not in b"".join(log.files().values())
        await log.log.settle()
        await log.ask("sau.example")
        assert await log.names() == ["sau.example"]

    play(scene)


@contextmanager
def no_file_beyond(most: int) -> Iterator[None]:
    """Let this process write no file further than so many bytes."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_what_finds_no_room_is_counted(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        row = Row(day_of(NOON), "none", b"12345678", int(NOON), wire("a.example"), 0)
        log.log.take([row] * (MOST_WAITING + 7), 3)
        assert log.log.dropped == 10

    play(scene)


def test_a_worker_drops_the_oldest_and_says_how_many() -> None:
    recorder = Recorder(lambda: NOON)
    recorder.record("a", ANNA, wire("khong.example"), 0)
    recorder.keep(1, {"a": b"k" * 32})
    for _ in range(MOST_ROWS + 5):
        recorder.record("a", ANNA, wire("a.example"), 0)
    rows, dropped = 0, 0
    while any(told := recorder.take()):
        rows, dropped = rows + len(told[0]), dropped + told[1]
    assert (rows, dropped) == (MOST_ROWS, 5)


def test_a_full_file_lets_the_oldest_go(tmp_path: Path) -> None:
    async def scene() -> None:
        bound = 160 << 10
        store, _ = await LogStore.open(tmp_path / "log.db", lambda _: ("allowed", ""), bound)
        try:
            for number in range(60):
                row = Row(1, "a", b"12345678", number, wire(f"n{number}.example"), 0)
                await store.add([row] * 100)
            found = await store.find(ALL)
        finally:
            await store.close()
        assert 1_000 < len(found) == 6_000 - store.pruned
        assert found[-1].time == 59
        assert (tmp_path / "log.db").stat().st_size <= bound

    asyncio.run(scene())


def test_more_days_than_promised_are_not_kept_whatever_the_clock_said() -> None:
    found = [("a", day) for day in (1, 2, 3, 4, 5, 900)] + [("gone", 5)]
    assert days_over(found, {"a": 3}, 5) == {("a", 1), ("a", 2), ("a", 3), ("gone", 5)}
    assert days_over(found, {"a": 30}, 5) == {("gone", 5)}
