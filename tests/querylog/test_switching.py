"""When a log is on: dates, reasons, a hand that ends it, and what must be written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.querylog.conftest import Scene
from tests.querylog.logs import DAY, NOON, Log, terms


def test_off_by_default(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Log(tmp_path) as log:
            await log.log.configured([])
            await log.ask("hoc.example")
            assert log.told == []
            assert await log.names() == []

    asyncio.run(scene())
    assert list(tmp_path.iterdir()) == []


def test_it_ends_by_itself_and_not_again_when_the_clock_goes_back(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("hoc.example")
        log.now = terms().ends
        await log.log.settle()
        assert (log.files(), log.log.on, log.told[-1].groups) == ({}, (), frozenset())
        log.now -= DAY
        await log.log.settle()
        assert log.log.on == ()
        assert log.audited() == ["query-log-on", "query-log-off"]

    play(scene)


def test_it_does_not_begin_before_its_first_day(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Log(tmp_path) as log:
            await log.log.configured([terms(begins=NOON + DAY)])
            assert not log.log.on
            log.now += DAY
            await log.log.settle()
            assert [each.school for each in log.log.on] == ["a"]

    asyncio.run(scene())


def test_ended_by_hand_it_stays_off_until_a_new_reason(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Log(tmp_path) as log:
            await log.log.configured([terms()])
            await log.ask("hoc.example")
            await log.log.end(terms(), "Cô Bình", {"why": "xong"})
            assert log.files() == {}
        async with Log(tmp_path) as log:
            await log.log.configured([terms()])
            assert log.log.on == ()
            await log.log.configured([terms(reason="Một việc khác")])
            assert len(log.log.on) == 1
            assert log.audited() == ["query-log-on", "query-log-off", "query-log-on"]

    asyncio.run(scene())


def test_another_reason_does_not_take_the_rows_over(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("hoc.example")
        await log.log.configured([terms(reason="Một việc khác")])
        assert await log.names() == []
        assert log.audited() == ["query-log-on", "query-log-off", "query-log-on"]

    play(scene)


def test_a_later_end_keeps_them_and_is_written_down(play: Callable[[Scene], None]) -> None:
    async def scene(log: Log) -> None:
        await log.ask("hoc.example")
        await log.log.configured([terms(ends=NOON + 20 * DAY, groups=("6A", "6B"))])
        assert await log.names() == ["hoc.example"]
        assert log.told[-1].groups == {("a", "6A"), ("a", "6B")}
        assert log.audited() == ["query-log-on", "query-log-changed"]

    play(scene)


def test_it_is_not_on_unless_that_is_written_down(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Log(tmp_path) as log:
            (tmp_path / "audit.log").write_text("no entry\n")
            await log.log.configured([terms()])
            assert (log.log.on, log.told) == ((), [])
            (tmp_path / "audit.log").unlink()
            await log.log.settle()
            assert len(log.log.on) == 1

    asyncio.run(scene())


def test_unknown_standing_keeps_it_off(tmp_path: Path) -> None:
    """Whether it was ended by hand stood in the file that is broken."""

    async def scene() -> None:
        (tmp_path / "query-log.json").write_text("{")
        for _ in range(2):
            async with Log(tmp_path) as log:
                await log.log.configured([terms()])
                assert log.log.on == ()

    asyncio.run(scene())
