"""A real Prometheus scrapes a real gateway: alerts fire when the upstream stops, a province receives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.prometheus.conftest import Upstream
from tests.prometheus.expressions import CONFIG, of_dashboards, of_rules, remote_write
from tests.prometheus.server import Prometheus, example, prometheus
from tests.servers import Gateway, wait_until
from tests.site import PRIMARY, STAFF


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A province's Prometheus, set up as documented, but without the web server in front of it."""
    folder = tmp_path_factory.mktemp("province")
    rules = CONFIG / "prometheus/province/rules.yml"
    config = folder / "prometheus.yml"
    config.write_text(
        yaml.safe_dump({"global": {"evaluation_interval": "500ms"}, "rule_files": [str(rules)]})
    )
    with prometheus(folder, config, "--web.enable-remote-write-receiver") as running:
        yield running


@pytest.fixture(scope="module")
def scraped(
    gateway: Gateway, province: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus with the example configuration that scrapes the gateway and sends to the province."""
    folder = tmp_path_factory.mktemp("site")
    write = remote_write() | {
        "url": f"http://127.0.0.1:{province.port}/api/v1/write",
        "queue_config": {"batch_send_deadline": "200ms"},
    }
    assert write.pop("basic_auth")["username"]
    with prometheus(folder, example(folder, gateway.site.metrics, remote_write=[write])) as running:
        wait_until(lambda: running.value("up"), "the first scrape")
        yield running


def test_it_takes_the_page_without_complaint(gateway: Gateway, scraped: Prometheus) -> None:
    (target,) = scraped.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    counted = gateway.metric("schoolguard_dns_queries_total")
    wait_until(lambda: scraped.value("sum(schoolguard_dns_queries_total)") == counted, "the same count")
    known = scraped.ask("metadata")
    assert known["schoolguard_dns_reply_seconds"][0]["unit"] == "seconds"
    assert known["schoolguard_passes_granted"][0]["type"] == "counter"  # OpenMetrics: the family's name
    assert scraped.query("schoolguard_build_info")[0]["metric"]["version"]


def _concrete(text: str) -> str:
    for variable, value in {"$school": ".*", "$instance": ".*", "$__rate_interval": "1m"}.items():
        text = text.replace(variable, value)
    return text


def test_it_can_evaluate_every_expression_that_we_ship(scraped: Prometheus) -> None:
    asked = [_concrete(each.text) for each in (*of_rules(), *of_dashboards())]
    for expression in asked:
        scraped.query(expression)
    assert len(asked) > 80


def test_every_rule_is_evaluated_well(scraped: Prometheus) -> None:
    def evaluated() -> list[dict[str, Any]]:
        rules = [rule for group in scraped.ask("rules")["groups"] for rule in group["rules"]]
        return rules if all(rule["health"] == "ok" for rule in rules) else []

    assert len(wait_until(evaluated, "every rule evaluated")) > 30


def _asking(gateway: Gateway) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Return what makes a condition ask a new name each time that it is looked at."""
    numbers = itertools.count()

    def under_traffic(condition: Callable[[], Any]) -> Callable[[], Any]:
        def look() -> Any:
            gateway.asker(STAFF).ask(f"n{next(numbers)}.hoc.example")
            gateway.asker(PRIMARY).ask("bet.example")
            return condition()

        return look

    return under_traffic


def test_a_province_receives_by_remote_write(
    gateway: Gateway, scraped: Prometheus, province: Prometheus
) -> None:
    """As documented; only what the site was told to send arrives."""
    traffic = _asking(gateway)
    wait_until(traffic(lambda: province.value("province:schoolguard_dns_queries:rate5m")), "the sums")
    assert scraped.value("sum(prometheus_remote_storage_samples_failed_total)") in (None, 0)
    (build,) = province.query("last_over_time(schoolguard_build_info[1h])")
    assert build["metric"]["site"] == "th-pa-tan"
    assert province.query('last_over_time(school:schoolguard_dns_queries:rate5m{school="thu-nghiem"}[1h])')
    names = set(province.ask("label/__name__/values"))
    assert "schoolguard_dns_events_total" not in names
    assert "bet.example" not in json.dumps(sorted(names))


def test_its_alerts_fire_when_the_upstream_stops(
    gateway: Gateway, scraped: Prometheus, upstream: Upstream
) -> None:
    """Those that are shipped, but for their times; the dead upstream of this site fires all along."""
    traffic, down = _asking(gateway), f"127.0.0.1@{upstream.port}"
    some = "sum(increase(schoolguard_dns_queries_total[4s])) > 2"
    wait_until(traffic(lambda: scraped.value(some)), "traffic that Prometheus sees")
    wait_until(
        traffic(lambda: scraped.firing("SchoolGuardUpstreamDown", upstream="127.0.0.1@9")), "the dead one"
    )
    assert scraped.firing("SchoolGuardUpstreamDown", upstream=down) is None
    assert scraped.firing("SchoolGuardNothingResolves") is None
    upstream.stop()
    try:
        alert = wait_until(
            traffic(lambda: scraped.firing("SchoolGuardUpstreamDown", upstream=down)), "the alert"
        )
        assert down in alert["annotations"]["summary"]
        wait_until(traffic(lambda: scraped.firing("SchoolGuardNothingResolves")), "the other alert")
    finally:
        upstream.start()
    wait_until(traffic(lambda: scraped.firing("SchoolGuardNothingResolves") is None), "its end")
