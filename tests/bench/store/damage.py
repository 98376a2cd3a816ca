"""Long campaigns of what ``tests/store`` does in a few rounds: bytes flipped, processes killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.store.filled import fill, fill_and_break_off
from tests.store.flipping import flip, judge, places
from tests.store.test_kill import use_and_kill


def flips(folder: Path, each: int, seed: int) -> Iterator[str]:
    """Flip so many bytes of each page of a file, and a twentieth as many of each page of a log."""
    drawn = random.Random(seed)
    for end, count, make in (("", each, fill), ("-wal", max(each // 20, 1), fill_and_break_off)):
        whole, flipped = folder / f"whole{end}.db", folder / f"flipped{end}.db"
        given = make(whole)
        found = number = 0
        for at in places(Path(f"{whole}{end}").stat().st_size, count, drawn):
            flip(
                whole,
                flipped,
                end,
                min(at, Path(f"{whole}{end}").stat().st_size - 1),
                drawn.randrange(1, 256),
            )
            found += judge(flipped, given)
            number += 1
        yield f"{number} bytes flipped in the {'log' if end else 'file'}: {found} found and restored, no lie"


def kills(folder: Path, rounds: int, seed: int) -> Iterator[str]:
    """Kill a process so many times while it uses a store."""
    stored = use_and_kill(folder / "killed.db", rounds, seed)
    yield f"{rounds} kills, {stored} deltas stored: each once, in one period, no sequence missing"
