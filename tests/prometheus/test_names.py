"""Rules and dashboards ask only for series and labels that a gateway shows or that a rule records."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from schoolguard.node.metrics import ALL
from schoolguard.node.metrics_reference import reference
from schoolguard.node.metrics_series import Kind, Series
from tests.prometheus.expressions import (
    Asked,
    dashboards,
    of_dashboards,
    of_rules,
    read,
    remote_write,
    rule_files,
    rules,
)
from tests.servers import Gateway, program

METRICS = Path(__file__).resolve().parents[2] / "METRICS.md"
SERIES = {each.name: each for part in ALL.values() for each in part}
TARGET = frozenset({"job", "instance", "site"})
"""Labels that Prometheus adds; ``site`` is the external label of the example configuration."""

BUILT_IN = {
    "up": TARGET,
    "scrape_duration_seconds": TARGET,
    "ALERTS": TARGET | {"alertname", "alertstate", "severity", "school", "upstream", "list"},
}
ELSEWHERE = (
    "schoolguard_publisher_",
    "schoolguard_transfer_",
    "schoolguard_export_",
    "schoolguard_feed_",
    "schoolguard_list_age_",
    "schoolguard_list_too_old",
    "schoolguard_list_left_out",
    "schoolguard_list_fetch_",
    "schoolguard_budget_",
    "schoolguard_shadow_",
)
"""What this gateway has no samples of: no publisher, no zones, no budgets, nothing on trial."""


def samples_of(series: Series) -> list[str]:
    """Return the names that a series has in PromQL."""
    if series.kind is Kind.HISTOGRAM:
        return [f"{series.name}_{part}" for part in ("bucket", "sum", "count")]
    return [series.name]


def known() -> dict[str, frozenset[str]]:
    """Return every name that can be asked for, with its labels."""
    found = dict(BUILT_IN)
    for series in SERIES.values():
        more = {"le"} if series.kind is Kind.HISTOGRAM else set()
        found |= {name: TARGET | {*series.labels} | more for name in samples_of(series)}
    for path in rule_files():
        for rule in rules(path):
            if "record" in rule:
                grouped = re.findall(r"\bby \(([^)]*)\)", rule["expr"])
                found[rule["record"]] = TARGET | {w.strip() for words in grouped for w in words.split(",")}
    return found


KNOWN = known()


@pytest.mark.parametrize("asked", [*of_rules(), *of_dashboards()], ids=lambda asked: asked.place)
def test_every_expression_asks_for_what_there_is(asked: Asked) -> None:
    assert asked.series, asked.text
    for name, labels in asked.series:
        assert name in KNOWN, asked.text
        assert labels <= KNOWN[name], asked.text
    assert asked.grouped <= frozenset().union(*(KNOWN[name] for name, _ in asked.series)), asked.text


def test_a_province_asks_only_for_what_sites_send() -> None:
    (relabel,) = remote_write()["write_relabel_configs"]
    own = {rule["record"] for rule in rules(rule_files()[-1]) if "record" in rule}
    asked = [each for each in (*of_rules(), *of_dashboards()) if re.match(r"rules\.yml|province", each.place)]
    assert len(asked) > 20
    for each in asked:
        for name, _ in each.series:
            assert name in own or re.fullmatch(relabel["regex"], name), each.place


def test_a_wrong_expression_would_be_found() -> None:
    wrong = read("", 'sum by (domain) (rate(schoolguard_dns_query_total{client="x", school=~"$s"}[5m]))')
    assert wrong.series == (("schoolguard_dns_query_total", frozenset({"client", "school"})),)
    assert wrong.grouped == {"domain"}
    assert "schoolguard_dns_query_total" not in KNOWN


def test_a_gateway_shows_what_is_declared(gateway: Gateway) -> None:
    """Names, types, units and help of every series, and the labels of every sample."""
    shown = {}
    for family in plain(gateway.http("/metrics")[1]):
        for series in SERIES.values():
            if family.name in (series.base, series.name):
                shown[series.name] = family
                break
        else:
            pytest.fail(f"{family.name} is not declared")
    assert shown.keys() == SERIES.keys()
    for name, family in shown.items():
        series = SERIES[name]
        assert family.documentation == series.text
        assert family.type == {Kind.INFO: "gauge"}.get(series.kind, series.kind.value)
        more = {"le"} if series.kind is Kind.HISTOGRAM else set()
        for sample in family.samples:
            assert {*sample.labels} - {*more} == {*series.labels}, sample
        assert family.samples or name.startswith(ELSEWHERE), f"{name} has no sample"


def test_metrics_md_has_every_series() -> None:
    """Generated: python -m schoolguard.node.metrics_reference."""
    assert reference() in METRICS.read_text(encoding="utf-8")
    assert len(SERIES) == sum(map(len, ALL.values())), "a name is declared twice"


def test_names_follow_the_rules_of_prometheus(gateway: Gateway) -> None:
    page = gateway.http("/metrics")[1]
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)
def test_units_and_suffixes(series: Series) -> None:
    assert re.fullmatch(r"schoolguard_[a-z]+(_[a-z]+)*", series.name)
    assert series.name.endswith("_total") == (series.kind is Kind.COUNTER)
    assert series.name.endswith("_info") == (series.kind is Kind.INFO)
    assert not re.search(r"_(milli|micro|minutes|hours|days|percent|kb|mb|kilobytes|count)(_|$)", series.name)
    assert series.text.endswith(".")
    assert not {"domain", "name", "client", "device", "mac", "address"} & {*series.labels}


def _openmetrics(gateway: Gateway) -> str:
    url = f"http://127.0.0.1:{gateway.site.metrics}/metrics"
    request = urllib.request.Request(url, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        return str(answer.read().decode())


def test_openmetrics_has_units_and_no_exemplars(gateway: Gateway) -> None:
    page = _openmetrics(gateway)
    families = {each.name: each for each in openmetrics(page)}  # type: ignore[no-untyped-call]
    assert families["schoolguard_dns_reply_seconds"].unit == "seconds"
    assert families["schoolguard_snapshot_bytes"].unit == "bytes"
    assert families["schoolguard_build"].type == "info"
    assert all(sample.exemplar is None for family in families.values() for sample in family.samples)


@pytest.mark.parametrize("path", dashboards(), ids=lambda path: path.stem)
def test_dashboards_are_whole(path: Path) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    assert board["uid"] == f"schoolguard-{path.stem}"
    assert board["title"].startswith("SchoolGuard: ")
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["title"]
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or (panel["targets"] and panel["description"])
    variables = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels))) - {"__rate_interval"}
    assert used <= variables
