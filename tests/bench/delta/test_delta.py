"""What the measurement of a day's changes writes and how it sums up; the rest is ``make bench-delta``."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import pytest

from tests.bench import corpus
from tests.bench.delta.__main__ import arguments
from tests.bench.delta.figures import Found, printed
from tests.bench.delta.names import write_days
from tests.bench.processes import Failed

SIZE = corpus.Size("small", ("games", "threat"))
GOOD = Found(names=3, changes=2, quiet=0.001, installing=0.003, line=600 << 10, enforced=60.0, complete=True)


def shared(folder: Path) -> Path:
    """Write two categories: every threat stands for itself but one, which a game is above of."""
    (folder / "categories").mkdir(parents=True)
    for category, names in (
        ("games", ["game.example", "over.example"]),
        ("threat", ["a.over.example", *(f"t{number}.threat.example" for number in range(99))]),
    ):
        with lzma.open(folder / "categories" / f"{category}.txt.xz", "wt") as file:
            file.writelines(f"{name}\n" for name in names)
    return folder


def test_tomorrow_differs_by_as_many_names_as_are_asked_for(tmp_path: Path) -> None:
    days = write_days(shared(tmp_path), SIZE, 40, tmp_path / "names", random.Random(1))
    (changed,) = (each for each in days.lists if each.id == "threat")
    today, tomorrow = (set(each.file.read_text().split()) for each in (changed, days.tomorrow))
    assert (len(tomorrow - today), len(today - tomorrow)) == (20, 20)
    assert days.tomorrow.category == changed.category == "malware"
    assert set(days.added) <= tomorrow - today
    assert set(days.removed) <= today - tomorrow
    assert "a.over.example" not in (*days.added, *days.removed)
    assert days.count == 102 - 20
    assert [name in today for name in days.witnesses] == [False, True]


def test_too_few_names_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="too few"):
        write_days(shared(tmp_path), SIZE, 60, tmp_path / "names", random.Random(1))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("complete", False),
        ("lost", 1),
        ("line", (600 << 10) + 1),
        ("enforced", 60.1),
        ("installing", 0.0031),
    ],
)
def test_one_missed_aim_is_not_good(member: str, value: float) -> None:
    assert GOOD.good
    missed = Found(names=3, changes=2, quiet=0.001, installing=0.003, complete=True)
    setattr(missed, member, value)
    assert not missed.good
    assert member == "complete" or "**no**" in printed(missed)


def test_run_without_options_is_that_of_the_aim() -> None:
    options = arguments([])
    assert (options.size, options.changes, options.rate) == (corpus.ALL, 20_000, 20_000)
