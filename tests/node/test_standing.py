"""The digest of a policy, and what people did: the same at every gateway and start, and no secret in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schoolguard.config import load
from schoolguard.node.pass_model import Issued, Pass
from schoolguard.node.people_acts import passes_by_school, used_up_by_school
from schoolguard.node.policy_digest import DIGITS, digest_of
from schoolguard.node.standing import standings
from schoolguard.policy.budgets import Budget
from schoolguard.settings import Settings
from tests.site import Site

SCHOOL = "thu-nghiem"
PRINT = (
    "import sys; from pathlib import Path; from schoolguard.config import load;"
    "from schoolguard.node.standing import standings;"
    "print(standings(load(Path(sys.argv[1])).settings, (), 1)['thu-nghiem'].policy)"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(Site(tmp_path, 5300, 9153, upstreams=["127.0.0.1@5353"]).write().config).settings


def policy(settings: Settings) -> str:
    return standings(settings, (), 1)[SCHOOL].policy


def test_the_digest_is_the_same_in_every_process(settings: Settings, tmp_path: Path) -> None:
    own = policy(settings)
    assert len(own) == DIGITS
    words = [sys.executable, "-c", PRINT, str(tmp_path / "config")]
    other = subprocess.run(
        words, env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == own


def with_groups(settings: Settings, change: Callable[[str], dict[str, object]]) -> Settings:
    (school,) = settings.schools
    groups = tuple(replace(group, **change(group.name)) for group in school.groups)  # type: ignore[arg-type]
    return replace(settings, schools=(replace(school, groups=groups),))


def test_what_decides_is_in_it_and_where_it_was_written_is_not(settings: Settings) -> None:
    own = policy(settings)
    assert any(group.rules for group in settings.schools[0].groups)

    def moved(rules: object) -> dict[str, object]:
        groups = {group.name: group for group in settings.schools[0].groups}
        return {"rules": tuple(replace(rule, place="x:1") for rule in groups[str(rules)].rules)}

    assert policy(with_groups(settings, moved)) == own
    assert policy(with_groups(settings, lambda _: {"rules": ()})) != own
    assert policy(with_groups(settings, lambda _: {"shadow": 1})) != own
    assert policy(with_groups(settings, lambda _: {"devices": frozenset({bytes(6)})})) == own, "nobody's"


def test_order_is_told_where_it_counts_only() -> None:
    assert digest_of(frozenset("abcdefgh")) == digest_of(frozenset("hgfedcba"))
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of((1, 2)) != digest_of((2, 1))
    assert digest_of(b"\x01") != digest_of("1")


def test_devices_that_used_up_a_budget_count_once_for_its_school(settings: Settings) -> None:
    budgets = (Budget("video", "Phim", 30), Budget("games", "Trò chơi", 10))
    given = with_groups(settings, lambda _: {"budgets": budgets})
    used = {b"1": frozenset({"video", "games"}), b"2": frozenset({"games"}), b"3": frozenset({"gone"})}
    assert used_up_by_school(used, given) == {SCHOOL: 2}
    assert used_up_by_school({}, given) == {}


def test_passes_count_in_the_time_they_were_granted_in() -> None:
    def issued(school: str, start: int) -> Issued:
        return Issued(
            Pass("a", school, "g", None, (), frozenset(), (), 0, start, start + 9.0, "Cô Lan", "bài")
        )

    given = [issued("a", 9), issued("a", 10), issued("b", 19), issued("a", 20)]
    assert passes_by_school(given, 10, 20) == {"a": 1, "b": 1}
