"""The last period as series: what another parser reads is what the documents say, and no name is in it."""

from __future__ import annotations

from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from schoolguard.feed.day import day_document
from schoolguard.feed.openmetrics import openmetrics
from schoolguard.feed.rules import Rules
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from tests.feed.school_day import SCHOOL, STANDING, counted, day_counted, school_day

PERIODS = list(school_day(1, 3_600, hours=(9, 10)))
FIRST, LAST = (
    dict[str, Any](document(counted(p, 7 + at), STANDING, Rules())) for at, p in enumerate(PERIODS)
)
DAY = day_document(day_counted(PERIODS, 9), STANDING, Rules())
STATE = standing_document(SCHOOL, STANDING)


def samples(*documents: dict[str, Any]) -> list[Sample]:
    text = openmetrics(documents)
    assert text.endswith("# EOF\n")
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return [sample for family in families for sample in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    (sample,) = (
        s for s in found if s.name == f"schoolguard_feed_{name}" and s.labels.items() >= labels.items()
    )
    return float(sample.value)


def test_the_last_period_is_shown_in_whatever_order_documents_come() -> None:
    for order in ((FIRST, LAST), (LAST, FIRST)):
        found = samples(*order)
        assert value(found, "sequence", school=SCHOOL) == 8
        assert value(found, "devices") == LAST["devices"]


def test_every_part_of_the_queries_is_a_series() -> None:
    found = [sample for sample in samples(LAST) if sample.name == "schoolguard_feed_queries"]
    parts = LAST["queries"].values()
    assert sum(s.value for s in found) == sum(n for p in parts for kind in p.values() for n in kind.values())


def test_times_are_seconds_and_shares_ratios() -> None:
    found = samples(LAST)
    assert value(found, "period_end_timestamp_seconds") == PERIODS[1].begin + 3_600
    assert value(found, "replies_within_ratio", seconds="0.001") == LAST["latency"][1] / 100
    assert value(found, "clock_believed") == 1


def test_what_is_in_force_is_there_with_its_age() -> None:
    found = samples(STATE)
    assert value(found, "gateway_info", software="0.1.0", policy=STANDING.policy) == 1
    assert value(found, "list_entries", list="list-3") == 30_000
    assert value(found, "list_timestamp_seconds", list="list-3") == STANDING.lists[2].changed


def test_a_day_makes_no_series() -> None:
    assert samples(DAY) == []
    assert "example" not in openmetrics([DAY, LAST, STATE])


def test_all_are_gauges_so_that_the_older_format_has_them_too() -> None:
    """Pushgateway and textfile collector refuse a type that the text format 0.0.4 does not know."""
    types = [line.split()[3] for line in openmetrics([LAST, STATE]).splitlines() if line.startswith("# TYPE")]
    assert set(types) == {"gauge"}


def test_several_schools_stand_beside_each_other() -> None:
    found = samples(LAST, {**FIRST, "school": 'tiểu-học "số 2"'})
    assert {s.labels["school"] for s in found} == {SCHOOL, 'tiểu-học "số 2"'}
