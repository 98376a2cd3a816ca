"""A byte flipped anywhere, in the file at rest, in its log and while it is in use: what is lost is said."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from schoolguard.store.aside import aside_of, finish, making_of
from schoolguard.store.bounds import Bounds
from schoolguard.store.errors import StoreUnusable
from schoolguard.store.migrations import MIGRATIONS, PAGE
from schoolguard.store.model import Delta
from schoolguard.store.restoring import restore
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Given, cell, check
from tests.store.filled import fill, fill_and_break_off
from tests.store.flipping import flip, judge, places

EXISTS = {"page_size": PAGE, "frame": PAGE + 24}


@pytest.fixture(scope="module")
def whole(shelf: Path) -> tuple[Path, Given]:
    path = shelf / "whole.db"
    return path, fill(path, minutes=22, cells=12, workers=12)


@pytest.fixture(scope="module")
def cut(shelf: Path) -> tuple[Path, Given]:
    path = shelf / "broken-off.db"
    return path, fill_and_break_off(path)


async def _opened(path: Path, given: Given) -> Store:
    store = await Store.open(path, Bounds(), 0)
    await check(store, given)
    return store


def test_a_whole_file_and_a_cut_one_lose_nothing(
    whole: tuple[Path, Given], cut: tuple[Path, Given], folder: Path
) -> None:
    for path, given in (whole, cut):
        copy = folder / path.name
        flip(path, copy, "", 0, 0)
        assert not judge(copy, given)


def test_a_byte_of_each_page(whole: tuple[Path, Given], folder: Path) -> None:
    path, given = whole
    drawn, found = random.Random(11), 0
    for at in places(path.stat().st_size, 1, drawn):
        flip(path, folder / "store.db", "", at, 1 << drawn.randrange(8))
        found += judge(folder / "store.db", given)
    assert found >= 15, "the first byte says what a page is; every table has one, and documents have more"


def test_a_pointer_that_points_to_another_row(whole: tuple[Path, Given], folder: Path) -> None:
    """The row is read twice, and another one is missing without a gap."""
    path, given = whole
    content = path.read_bytes()
    leaf = next(
        at
        for at in range(0, len(content), PAGE)
        if content[at] == 10 and int.from_bytes(content[at + 3 : at + 5]) > 40
    )
    damaged = bytearray(content)
    damaged[leaf + 8 : leaf + 10] = damaged[leaf + 10 : leaf + 12]
    (folder / "store.db").write_bytes(damaged)
    assert judge(folder / "store.db", given)


def test_a_name_of_a_table_that_is_no_text(whole: tuple[Path, Given], folder: Path) -> None:
    """SQLite shows it in its message, which Python cannot read then."""
    path, given = whole
    content = path.read_bytes()
    for word in (b"CREATE TABLE counts", b"tablefreshfresh"):
        damaged = bytearray(content)
        damaged[content.index(word) + 13] ^= 0x80
        (folder / "store.db").write_bytes(damaged)
        assert judge(folder / "store.db", given)


def test_a_byte_of_some_rows(whole: tuple[Path, Given], folder: Path) -> None:
    path, given = whole
    drawn = random.Random(12)
    for at in drawn.sample(range(path.stat().st_size), 6):
        flip(path, folder / "store.db", "", at, drawn.randrange(1, 256))
        judge(folder / "store.db", given)


def test_a_byte_of_the_log(cut: tuple[Path, Given], folder: Path) -> None:
    path, given = cut
    length = Path(f"{path}-wal").stat().st_size
    drawn = random.Random(13)
    frame = 32 + drawn.randrange(length // EXISTS["frame"] // 2) * EXISTS["frame"]
    for at in (2, frame, frame + 10, frame + 3_000, length - 1):
        flip(path, folder / "store.db", "-wal", at, 1 << drawn.randrange(8))
        assert judge(folder / "store.db", given) or at == length - 1


def test_a_lost_header_a_lost_half_and_no_file_at_all(whole: tuple[Path, Given], folder: Path) -> None:
    path, given = whole
    copy = folder / "store.db"
    content = path.read_bytes()
    for damaged in (
        bytes(PAGE) + content[PAGE:],
        content[: len(content) // 2],
        content[:3_000],
        b"\0" * 70_000,
    ):
        copy.write_bytes(damaged)
        assert judge_without_sequences(copy)
        aside = aside_of(copy)
        assert aside.read_bytes() == damaged, "what was there is kept aside"
    copy.write_bytes(bytes(PAGE) + content[PAGE:])
    assert judge(copy, given), "the first page holds the names of the tables, and no count"


def judge_without_sequences(path: Path) -> bool:
    async def work() -> bool:
        store = await Store.open(path, Bounds(), 0)
        await store.add([Delta("new", 1, MINUTE, {cell(0): 1})], 0)
        await store.close()
        return bool(store.restored)

    return asyncio.run(work())


def test_damage_that_is_found_in_use_is_mended_in_use(whole: tuple[Path, Given], folder: Path) -> None:
    """What was asked is done all the same, and workers hear nothing of it."""
    path, given = whole
    copy = folder / "store.db"
    flip(path, copy, "", 0, 0)

    async def work() -> None:
        store = await Store.open(copy, Bounds(), 0)
        with sqlite3.connect(copy) as other:
            other.execute(
                "UPDATE fresh SET queries = queries + 1 WHERE minute = (SELECT max(minute) FROM fresh)"
            )
        other.close()
        more = Delta("more", 1, max(minute for minute, _ in given.minutes), {cell(0): 1, cell(1): 1})
        await store.retain(MINUTE * 60)
        (restored,) = store.restored
        assert restored.rows > 0
        assert "fresh" in restored.problem
        before = sum(row.queries for row in await store.counts("day", 0, 1 << 40))
        await store.add([more], 0)
        assert sum(row.queries for row in await store.counts("day", 0, 1 << 40)) == before + 2
        assert (await store.losses())["rows"] == restored.rows
        await store.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("damage", "at_once"),
    [
        ("UPDATE counts SET queries = 1 WHERE begin = (SELECT max(begin) FROM counts)", False),
        ("UPDATE cells SET tier = 'thpt' WHERE id = 3", True),
        ("UPDATE applied SET numbers = '1-99'", True),
    ],
)
def test_what_the_start_had_no_time_for_is_checked_later(
    whole: tuple[Path, Given], folder: Path, damage: str, at_once: bool
) -> None:
    path, _ = whole
    copy = folder / "store.db"
    flip(path, copy, "", 0, 0)
    file = sqlite3.connect(copy)
    file.execute(damage)
    file.commit()
    file.close()

    async def work() -> None:
        store = await Store.open(copy, Bounds(), 0, check_seconds=-1)
        assert not store.checked
        assert bool(store.restored) == at_once
        await store.retain(MINUTE * 60)
        assert store.checked
        assert store.restored
        await store.close()

    asyncio.run(work())


@pytest.mark.parametrize("moment", ["made", "waiting", "old moved"])
def test_a_restore_that_is_broken_off_is_ended_by_the_next_start(
    whole: tuple[Path, Given], folder: Path, moment: str
) -> None:
    path, given = whole
    copy = folder / "store.db"
    flip(path, copy, "", 3 * PAGE, 0xFF)
    restore(copy, "a page")
    if moment == "made":
        making_of(copy).write_bytes(b"half")
        flip(path, copy, "", 3 * PAGE, 0xFF)
    else:
        copy.replace(copy.with_name("store.db.restored"))
        if moment == "waiting":
            flip(path, copy, "", 3 * PAGE, 0xFF)
    judge(copy, given)
    assert not finish(copy)
    assert sorted(each.name for each in folder.iterdir()) == ["store.db", "store.db.damaged"]


def test_a_newer_form_is_refused_and_a_damaged_number_is_not_one(
    whole: tuple[Path, Given], folder: Path
) -> None:
    path, given = whole
    copy = folder / "store.db"
    flip(path, copy, "", 0, 0)
    with sqlite3.connect(copy) as file:
        file.execute("PRAGMA user_version = 9")
    file.close()
    assert judge(copy, given), "the table of migrations knows no ninth"
    flip(path, copy, "", 0, 0)
    subprocess.run([sys.executable, "-c", _NEWER, str(copy)], check=True)
    with pytest.raises(StoreUnusable, match="newer SchoolGuard"):
        judge(copy, given)
    assert copy.exists()


_NEWER = """
import sqlite3, sys
from schoolguard.store.migrations import MIGRATIONS, migrate
file = sqlite3.connect(sys.argv[1], isolation_level=None)
assert migrate(file, [*MIGRATIONS, ("CREATE TABLE later (a INTEGER)",)]) == 1
assert migrate(file, [*MIGRATIONS, ("CREATE TABLE later (a INTEGER)",)]) == 0
"""


def test_a_migration_is_whole_or_not_at_all(whole: tuple[Path, Given], folder: Path) -> None:
    path, given = whole
    copy = folder / "store.db"
    flip(path, copy, "", 0, 0)
    file = sqlite3.connect(copy, isolation_level=None)
    from schoolguard.store.migrations import migrate

    with pytest.raises(sqlite3.OperationalError):
        migrate(file, [*MIGRATIONS, ("CREATE TABLE later (a INTEGER)", "CREATE TABLE later (a INTEGER)")])
    file.close()
    assert not judge(copy, given)


def test_what_is_no_store_is_left_alone(folder: Path) -> None:
    foreign = folder / "foreign.db"
    with sqlite3.connect(foreign) as file:
        file.execute("CREATE TABLE somebody (a)")
    file.close()
    content = foreign.read_bytes()
    with pytest.raises(StoreUnusable, match="another program"):
        judge(foreign, Given())
    assert foreign.read_bytes() == content
    with pytest.raises(StoreUnusable, match="is a folder"):
        judge(folder, Given())
    (folder / "file").touch()
    with pytest.raises(StoreUnusable, match="cannot be made"):
        judge(folder / "file" / "store.db", Given())
