"""``store:`` as the store's bounds, and what is wrong among them."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from schoolguard.config import Finding, Loaded
from schoolguard.store.bounds import DAY, Bounds

Change = str | bytes | tuple[str, str] | None
Load = Callable[[dict[str, Change]], Loaded]
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]


def with_store(section: str) -> dict[str, Change]:
    return {"schoolguard.yaml": ("workers: 1", f"workers: 1\nstore: {section}")}


def test_without_a_section_the_defaults_hold(loaded: Load) -> None:
    assert loaded({}).settings.store == Bounds()
    assert Bounds().minutes == 14 * DAY


def test_each_kind_has_its_time(loaded: Load) -> None:
    settings = loaded(with_store("{minutes: 2d, hours: 30d, days: 400d, outbox: 9d, size: 1 GiB}")).settings
    assert settings.store == Bounds(2 * DAY, 30 * DAY, 400 * DAY, 9 * DAY, 1 << 30)
    assert pickle.loads(pickle.dumps(settings.for_workers())).store == Bounds(), "no worker needs it"


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("{minutes: 36h}", "whole days"),
        ("{outbox: 36h}", "whole days"),
        ("{minutes: 101d}", "`minutes` would be kept longer than `hours`"),
        ("{hours: 5d}", "`minutes` would be kept longer than `hours`"),
        ("{days: 99d}", "`hours` would be kept longer than `days`"),
        ("{size: 8 MiB}", "too small or too large"),
        ("{minutes: 0}", "too small or too large"),
        ("{weeks: 3}", "unknown key"),
    ],
)
def test_what_is_wrong(check: Check, section: str, found: str) -> None:
    (finding,) = check(with_store(section))
    assert found in str(finding)
    assert finding.path == "schoolguard.yaml"
