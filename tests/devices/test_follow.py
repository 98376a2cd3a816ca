"""Lease files as they change on disk, and how changes are given: at once, then gathered."""

from __future__ import annotations

import asyncio
import logging
import os
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest

from schoolguard.devices.follow import GATHER
from schoolguard.devices.lease_files import LeaseReader, Unreadable
from schoolguard.devices.model import DeviceSources, LeaseFile, LeaseFormat
from tests.devices.following import following
from tests.servers import wait_until

ONE, TWO = bytes.fromhex("00163e000001"), bytes.fromhex("00163e000002")


def line(number: int, mac: bytes = ONE, end: int = 0) -> str:
    return f"{end} {mac.hex(':')} 10.1.0.{number} * *\n"


ISC = "lease 10.1.0.7 { ends never; binding state active; hardware ethernet 00:16:3e:00:00:01; }\n"


def at(number: int) -> bytes:
    return ip_address(f"10.1.0.{number}").packed


def sources(file: Path, expected: LeaseFormat = LeaseFormat.AUTO) -> DeviceSources:
    return DeviceSources(False, (LeaseFile(file, expected),))


async def test_a_file_is_followed_through_all_that_servers_do_to_it(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    async with following(sources(file)) as (_, given):
        file.write_text(line(7))
        await given.until(lambda: given.known == {at(7): ONE}, "a file that was missing")
        with file.open("a") as appended:
            appended.write(line(8, TWO) + "0 00:16:3e")
        await given.until(lambda: given.known == {at(7): ONE, at(8): TWO}, "an appended line")
        with file.open("a") as appended:
            appended.write(":00:00:01 10.1.0.9 * *\n")
        await given.until(lambda: at(9) in given.known, "the rest of a line in mid-write")
        (tmp_path / "new").write_text(line(8))
        (tmp_path / "new").replace(file)
        await given.until(lambda: given.known == {at(8): ONE}, "a file in its place")
        file.write_text(line(8, TWO))  # the same size, the same file
        await given.until(lambda: given.known == {at(8): TWO}, "a file written over")
        file.write_text("")
        await given.until(lambda: not given.known, "a file that stays empty")


async def test_a_file_that_goes_away_leaves_what_was_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, other = tmp_path / "leases", tmp_path / "other"
    file.write_text(line(7))
    both = DeviceSources(False, (LeaseFile(file), LeaseFile(other)))
    with caplog.at_level(logging.INFO):
        async with following(both) as (_, given):
            await given.until(lambda: at(7) in given.known, "the lease")
            file.unlink()
            await wait_for_log(caplog, str(file))
            other.write_text(line(8))
            await given.until(lambda: at(8) in given.known, "the other file's lease")
            assert given.known == {at(7): ONE, at(8): ONE}
            file.write_text(line(9))
            await given.until(lambda: at(9) in given.known, "the file that came back")
            assert at(7) not in given.known
    told = [(r.getMessage(), getattr(r, "file", "")) for r in caplog.records]
    assert told.count(("lease file not usable", str(file))) == 1
    assert told.count(("lease file usable again", str(file))) == 1
    assert told.count(("lease file not usable", str(other))) == 1


async def wait_for_log(caplog: pytest.LogCaptureFixture, file: str) -> None:
    await asyncio.to_thread(
        wait_until, lambda: any(getattr(r, "file", "") == file for r in caplog.records), "a log line"
    )


async def test_leases_end_while_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    file.write_text(line(7, end=2_000_000_000))
    clock = [1_999_999_000.0]
    async with following(sources(file), lambda: clock[0]) as (_, given):
        await given.until(lambda: at(7) in given.known, "the lease")
        clock[0] = 2_000_000_000.0
        await given.until(lambda: not given.known, "its end")


async def test_the_first_change_is_given_at_once_and_later_ones_together(tmp_path: Path) -> None:
    folder = [tmp_path / str(n) for n in range(12)]
    for number, file in enumerate(folder):
        file.write_text(line(number))
    async with following(DeviceSources(False, tuple(map(LeaseFile, folder)))) as (_, given):
        await given.until(lambda: len(given.known) == 12, "all of them")
    times = [when for when, _ in given.changes]
    assert all(later - earlier >= GATHER - 0.001 for earlier, later in pairwise(times))


async def test_nobody_is_named_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "leases"
    file.write_text(line(7) + line(8))
    with caplog.at_level(logging.DEBUG):
        async with following(sources(file, LeaseFormat.ISC)) as (_, given):
            await wait_for_log(caplog, str(file))
            file.write_text(ISC)
            await given.until(lambda: at(7) in given.known, "the lease")
    written = " ".join(
        str(vars(record)) for record in caplog.records if record.name.startswith("schoolguard")
    )
    assert "lease file not usable" in written
    assert "10.1.0" not in written
    assert "00:16:3e" not in written


def test_what_is_no_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, reason in ((tmp_path / "none", "No such file"), (tmp_path, "no regular"), (pipe, "no regular")):
        with pytest.raises(Unreadable, match=reason):
            LeaseReader(LeaseFile(path)).look()
    wrong = tmp_path / "wrong"
    wrong.write_text("this\nis\nsomething else\n")
    with pytest.raises(Unreadable, match="lease in the format"):
        LeaseReader(LeaseFile(wrong)).look()


def test_a_file_is_read_twice_after_a_change_and_then_rests(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    file.write_text(line(7))
    reader = LeaseReader(LeaseFile(file))
    assert [reader.look() is not None for _ in range(4)] == [True, True, False, False]


def test_an_empty_file_is_believed_at_the_second_look(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    file.write_text(line(7))
    reader = LeaseReader(LeaseFile(file))
    assert reader.look() is not None
    file.write_text("")
    assert reader.look() is None
    assert reader.look() == ({}, 0)
