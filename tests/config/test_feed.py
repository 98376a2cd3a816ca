"""``feed:`` as settings, and what is wrong in it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction

import pytest

from schoolguard.config import Finding, Loaded
from schoolguard.feed.rules import Rules
from schoolguard.feed.settings import FeedSettings

Change = str | bytes | tuple[str, str] | None
Load = Callable[[dict[str, Change]], Loaded]
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]
HUB = "https://hub.example.vn"
PUBLISHER = (
    "publisher: {url: 'https://lists.example.vn/sg',"
    " root-fingerprint: '1:0a1b-2c3d-4e5f-6071-8293-a4b5-c6d7-e8f9'}"
)


def with_feed(section: str, *more: str) -> dict[str, Change]:
    lines = "\n".join(("workers: 1", f"feed: {section}", *more))
    return {"schoolguard.yaml": ("workers: 1", lines)}


def test_without_a_publisher_nothing_is_sent(loaded: Load) -> None:
    assert loaded({}).settings.feed == FeedSettings(None)


def test_it_goes_to_the_publisher_unless_told_otherwise(loaded: Load) -> None:
    assert loaded(with_feed("{}", PUBLISHER)).settings.feed.to == "https://lists.example.vn/sg"
    assert loaded(with_feed(f"{{to: '{HUB}'}}", PUBLISHER)).settings.feed.to == HUB
    assert loaded(with_feed("{to: off}", PUBLISHER)).settings.feed.to is None


def test_every_key(loaded: Load) -> None:
    section = f"{{to: '{HUB}', period: 10m, k: 8, noise: {{epsilon: 0.5, bound: 3}}, spread: 1m, every: 1h}}"
    settings = loaded(with_feed(section)).settings
    assert settings.feed == FeedSettings(HUB, 600, Rules(8, Fraction(1, 2), 3), 60.0, 3_600.0)
    assert pickle.loads(pickle.dumps(settings.for_workers())).feed == FeedSettings(), "no worker needs it"


def test_deliveries_of_a_short_period_are_spread_within_it(loaded: Load) -> None:
    assert loaded(with_feed("{period: 60s}")).settings.feed.spread == 48.0


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("{k: 1}", "too small or too large"),
        ("{period: 30s}", "too small or too large"),
        ("{noise: {epsilon: 0}}", "0.001 to 100"),
        ("{noise: {epsilon: 0.0005}}", "0.001 to 100"),
        ("{noise: {bound: 3}}", "`bound` says what noise hides"),
        ("{to: 'ftp://x.vn'}", "ftp://x.vn"),
        ("{to: 'http://hub.example.vn'}", "they are signed, but not hidden"),
        ("{spread: 6m}", "as long as a period"),
        ("{names: true}", "unknown key"),
    ],
)
def test_what_is_wrong(check: Check, section: str, found: str) -> None:
    (finding,) = check(with_feed(section))
    assert found in str(finding)
    assert finding.path == "schoolguard.yaml"
