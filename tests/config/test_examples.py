"""The example configuration does what its own tests say, with the lists that come with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from schoolguard.config import load
from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.snapshot import Snapshot
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.decide import decide
from schoolguard.policy.model import Group, School
from schoolguard.policy.plans import plan_of
from schoolguard.settings import Settings

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 24)
CHECKED = datetime(2026, 11, 24, 20, 0, tzinfo=timezone(timedelta(hours=7))).timestamp()
"""When what names no time is asked: an evening."""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    resolv_conf = tmp_path_factory.mktemp("resolv") / "resolv.conf"
    resolv_conf.write_text("nameserver 192.0.2.53\n")
    return load(ROOT / "config", resolv_conf=resolv_conf, cores=1, today=TODAY).settings


@pytest.fixture(scope="module")
def lists(examples: Settings, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot.open(compile_lists(examples.lists, tmp_path_factory.mktemp("snapshot")).path)


def concerned(assertion: Assertion, settings: Settings) -> Iterator[tuple[School, Group]]:
    for school in settings.schools:
        for group in school.groups if assertion.school in (None, school.id) else ():
            named = not assertion.groups or group.name in assertion.groups
            if named and (not assertion.tiers or group.tier.name in assertion.tiers):
                yield school, group


def test_every_assertion_holds_for_every_group_it_is_for(examples: Settings, lists: Snapshot) -> None:
    asked = []
    for assertion in examples.assertions:
        at = CHECKED if assertion.at is None else assertion.at
        for school, group in concerned(assertion, examples):
            assert school.timetable is not None
            plan = plan_of(group, examples.engines, at, school.timetable.open_at(at))
            key = search_key(assertion.name)
            decision = decide(plan, key, lists.mask(key))
            assert decision.blocked == assertion.blocked, (assertion, group.name, decision.rank)
            asked.append((group.name, assertion.name))
    assert len(asked) > 40


def test_each_assertion_is_for_somebody(examples: Settings) -> None:
    assert [a for a in examples.assertions if not list(concerned(a, examples))] == []


@pytest.mark.parametrize("day", ["2026-11-24", "2027-07-01", "2027-09-10", "2030-05-01"])
def test_the_calendar_knows_the_years_to_come(examples: Settings, day: str) -> None:
    now = datetime.fromisoformat(f"{day}T12:00:00+07:00").timestamp()
    assert all(school.timetable is not None and school.timetable.covers(now) for school in examples.schools)
