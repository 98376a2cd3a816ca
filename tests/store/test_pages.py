"""Pages and logs read without SQLite: all that SQLite sees, and no failure on any bytes."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.store.migrations import PAGE
from schoolguard.store.pages import Record, records
from schoolguard.store.salvage import Salvage
from schoolguard.store.wal import read_wal
from tests.store.filled import fill


def test_every_row_is_found(folder: Path) -> None:
    path = folder / "store.db"
    fill(path)
    content = path.read_bytes()

    def page_of(number: int) -> bytes:
        return content[(number - 1) * PAGE : number * PAGE]

    found = [each for each in records(len(content) // PAGE, page_of) if isinstance(each, Record)]
    assert len(found) == len(list(records(len(content) // PAGE, page_of))), "nothing is unreadable"
    values = {each.values for each in found}
    file = sqlite3.connect(path)
    for table in ("counts", "fresh", "open", "schools", "applied", "state"):
        rows = set(file.execute(f"SELECT * FROM {table}"))
        assert rows
        assert rows <= values
    for table in ("cells", "outbox"):
        assert {(None, *row[1:]) for row in file.execute(f"SELECT * FROM {table}")} <= values
    file.close()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([2, 5, 10, 13, 0]), st.integers(0, 4_000))
def test_any_bytes_are_records_or_none(seed: int, kind: int, zeros: int) -> None:
    page = bytearray(random.Random(seed).randbytes(PAGE))
    page[0] = kind
    page[100 : 100 + zeros] = bytes(zeros)
    page = page[:PAGE]
    salvage = Salvage()
    counts = list(salvage.counts(records(4, lambda number: bytes(page) if number != 3 else None)))
    assert counts == [], "a seal is not met by chance"
    assert salvage.pages >= 1


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 3), st.booleans())
def test_any_bytes_are_a_log_or_none(tmp_path_factory, head: bytes, frames: int, magic: bool) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("log") / "store.db-wal"
    start = bytes.fromhex("377f0682002de218") + PAGE.to_bytes(4) if magic else b""
    path.write_bytes(start + head + bytes(frames * (PAGE + 24)))
    found = read_wal(path)
    assert not found.offsets
