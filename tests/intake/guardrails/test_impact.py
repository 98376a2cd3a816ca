"""What a preview counts: names newly blocked and open, asked or not, and those that look like lessons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schoolguard.categories import ALLOWED, BY_NAME, CATEGORIES, mask_of
from schoolguard.intake.guardrails.closed import EVERY, closed
from schoolguard.intake.guardrails.impact import SHOWN, Asked, impact, names_of
from schoolguard.intake.guardrails.learning import Learning
from schoolguard.lists.delta import delta
from schoolguard.lists.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.intake.guardrails.conftest import Compiled

GAMES, ADS = BY_NAME["games"].bit, BY_NAME["ads"].bit
LEARNING = Learning(["scratch.mit.edu", "hocmai.vn"])


def test_a_preview_of_a_delta(compiled: Compiled, tmp_path: Path) -> None:
    old = compiled(games=["||a.example^", "||gone.example^"], ads=["||ads.example^"])
    listed = ["||a.example^", "||b.example^", "||hocmai.vn^", "||toan-thcs.example^", "||olm.vn^"]
    new = compiled(games=listed, ads=["||ads.example^", "||b.example^"])
    layer = Snapshot.open(delta(old.snapshots[0], new.snapshots[0], tmp_path / "layer").path)
    asked = [
        Asked("www.b.example", 40, 9),
        Asked("b.example", 5, 2),
        Asked("quiz.hocmai.vn"),
        Asked("www.gone.example", 3, 1),
        Asked("www.a.example", 3, 1),
        Asked("www.olm.vn", 100, 30),
        Asked("quiet.example"),
    ]
    found = impact(old, new, names_of(layer), asked, LEARNING)
    assert (dict(found.blocked), dict(found.opened)) == ({GAMES: 3}, {GAMES: 1})
    assert (dict(found.blocked_asked), dict(found.opened_asked)) == ({GAMES: 3}, {GAMES: 1})
    assert (found.schools, found.times, found.compared) == (9, 45, 5 + 7)
    assert (found.learning, found.learning_asked) == (2, 1)
    assert [each.asked.name for each in found.examples] == ["quiz.hocmai.vn", "www.b.example", "b.example"]
    read = json.loads(json.dumps(found.to_json({each.bit: each.name for each in CATEGORIES})))
    assert read["blocked"] == {"games": 3}
    assert read["examples"][1] == {
        "name": "www.b.example", "times": 40, "schools": 9, "learning": False, "category": "games",
    }  # fmt: skip


def test_only_categories_that_a_tier_closes_count(compiled: Compiled) -> None:
    old, new = compiled(games=["||x.example^"]), compiled(games=["||x.example^"], ads=["||y.example^"])
    games = mask_of(["games"])
    assert impact(old, new, ["y.example"], [], LEARNING, games).blocked.total() == 0
    assert impact(old, new, ["y.example"], [], LEARNING).blocked == {ADS: 1}


def test_the_examples_are_bounded_and_the_best(compiled: Compiled) -> None:
    old, new = compiled(games=["||x.example^"]), compiled(games=["||y.example^"])
    asked = (Asked(f"n{number}.y.example", 1, number) for number in range(1000))
    found = impact(old, new, [], asked, LEARNING)
    assert [each.asked.schools for each in found.examples] == list(range(999, 999 - SHOWN, -1))
    assert found.blocked_asked[GAMES] == 1000


@pytest.mark.parametrize(
    "name",
    [
        *[
            "www.hocmai.vn",
            "scratch.mit.edu",
            "thcs-phongtho.laichau.edu.vn",
            "cs.ox.ac.uk",
            "luyenthi.example",
        ],
        *["elearning.abc.example", "my-school.example", "giaoducthoidai.example", "vi.wikipedia.org"],
    ],
)
def test_names_that_look_like_lessons(name: str) -> None:
    assert LEARNING.is_like(name)


@pytest.mark.parametrize(
    "name", ["bet88.example", "education-free.casino", "schooldress.example", "learnxxx.example"]
)
def test_names_that_do_not(name: str) -> None:
    assert LEARNING.is_like(name) is (name == "education-free.casino")
    assert LEARNING.is_like(name, ALLOWED)


def test_what_closes_a_name_for_good() -> None:
    games, takedown = mask_of(["games"]), mask_of(["takedown"])
    assert closed(games | takedown) == games | takedown
    assert closed(games | takedown | ALLOWED) == takedown
    assert closed(games | ALLOWED) == closed(games, takedown) == 0
    assert closed(1 << 25) == 0
    assert EVERY >> 62 == 0
