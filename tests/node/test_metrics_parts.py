"""The series of what stands beside the resolving, from given readings; the page of a busy gateway."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schoolguard.node.following_state import FollowingState
from schoolguard.node.metrics import GatewayCollector
from schoolguard.node.metrics_processes import process
from schoolguard.node.metrics_readings import (
    DiskReading,
    FeedReading,
    GatewayState,
    OrderReading,
    PassReading,
    Readings,
    StoreReading,
    Sums,
)
from schoolguard.node.status import StatusServer
from schoolguard.resolver.counts import BOUNDS, MICROSECONDS, TOOK
from schoolguard.settings import Endpoint
from tests.servers import Gateway, free_port, wait_until

Page = dict[tuple[str, tuple[str, ...]], float]
EVENTS = {
    f"{TOOK}0:192.0.2.1@53": 2,
    f"{TOOK}{len(BOUNDS)}:192.0.2.1@53": 1,
    f"{MICROSECONDS}:192.0.2.1@53": 6_500_000,
    "upstream-timeout:2001:db8::1@53": 4,
    "upstream-timeout": 9,
    "cache-reply": 3,
}


def _readings(**parts: object) -> Readings:
    gauges = {
        0: {"answers-cached": 3.0, "clock-believed": 1.0},
        1: {"answers-cached": 4.0, "clock-believed": 0.0},
    }
    sums = Sums({}, EVENTS, [0] * (len(BOUNDS) + 1), 0.0, gauges)
    return Readings(GatewayState(), sums, **parts)  # type: ignore[arg-type]


def _page(collector: Collector) -> Page:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in collector.collect()
        for sample in family.samples
    }


def test_workers_numbers_are_put_together() -> None:
    page = _page(GatewayCollector(_readings))
    assert page["schoolguard_dns_cache_entries", ("answer",)] == 7
    assert page["schoolguard_clock_believed", ()] == 0, "one worker does not believe it"
    assert ("schoolguard_dns_cache_size_bytes", ("answer",)) not in page, "no worker told"
    assert page["schoolguard_upstream_failures_total", ("2001:db8::1@53", "timeout")] == 4
    assert page["schoolguard_dns_events_total", ("upstream-timeout",)] == 9
    assert page["schoolguard_dns_cache_lookups_total", ("reply",)] == 3


def test_exchanges_become_a_histogram_for_each_upstream() -> None:
    page = _page(GatewayCollector(_readings))
    buckets = [v for (name, _), v in page.items() if name == "schoolguard_upstream_exchange_seconds_bucket"]
    assert buckets == [2] * len(BOUNDS) + [3]
    assert page["schoolguard_upstream_exchange_seconds_count", ("192.0.2.1@53",)] == 3
    assert page["schoolguard_upstream_exchange_seconds_sum", ("192.0.2.1@53",)] == 6.5


def test_parts_that_are_there_are_shown() -> None:
    publisher = FollowingState(
        success=5.0,
        expires={"root": 90.0, "timestamp": 7.0, "viettel": 60.0, "mic": 50.0},
        state="a",
        offered="a",
        faults={"unreachable": 2},
        problems={"metadata": ("unreachable", "")},
    )
    store = StoreReading(100, None, False, 3, 1, {"untold": 8}, {"too-old": 6})
    feed = FeedReading({"a": 2}, {"a": 11.0}, 9.0, {"failed": 4}, {"refused": 7}, 512, -30)
    readings = _readings(
        passes=PassReading({"a": 1}, {"a": 6}),
        budgets={"a/game": 2},
        orders=OrderReading(3, 1),
        publisher=publisher,
        disk=DiskReading(5, 10),
        store=store,
        feed=feed,
    )
    page = _page(GatewayCollector(lambda: readings))
    expected = {
        ("passes_in_force", ("a",)): 1,
        ("passes_granted_total", ("a",)): 6,
        ("budget_devices_used_up", ("a/game",)): 2,
        ("orders_in_force", ()): 3,
        ("order_receipts_waiting", ()): 1,
        ("publisher_success_timestamp_seconds", ()): 5,
        ("publisher_up_to_date", ()): 1,
        ("publisher_expires_timestamp_seconds", ("partner",)): 50,
        ("publisher_faults_total", ("unreachable",)): 2,
        ("publisher_problems", ()): 1,
        ("state_free_bytes", ()): 5,
        ("store_usable", ()): 0,
        ("store_queries_held", ()): 3,
        ("store_repairs_total", ()): 1,
        ("store_lost_queries_total", ("untold",)): 8,
        ("store_lost_documents_total", ("too-old",)): 6,
        ("feed_documents_waiting", ("a",)): 2,
        ("feed_oldest_timestamp_seconds", ("a",)): 11,
        ("feed_delivered_timestamp_seconds", ()): 9,
        ("feed_deliveries_total", ("failed",)): 4,
        ("feed_documents_aside", ("refused",)): 7,
        ("feed_sent_bytes_total", ()): 512,
        ("feed_clock_ahead_seconds", ()): -30,
    }
    shown = {(f"schoolguard_{name}", labels): value for (name, labels), value in expected.items()}
    assert {key: page[key] for key in shown} == shown
    assert ("schoolguard_publisher_expires_timestamp_seconds", ("viettel",)) not in page
    assert ("schoolguard_store_limit_bytes", ()) not in page, "not known while the store is not open"


def test_counters_of_parts_that_begin_anew_do_not_fall() -> None:
    states = [FollowingState(faults={"disk": 3}), None, FollowingState(faults={"disk": 1})]
    stores = [StoreReading(0, 0, True, lost={"untold": 5}), None, StoreReading(0, 0, True)]
    collector = GatewayCollector(lambda: _readings(publisher=states[0], store=stores[0]))
    for expected in (3, 3, 4):
        assert _page(collector)["schoolguard_publisher_faults_total", ("disk",)] == expected
        del states[0], stores[0]


def test_a_process_is_measured() -> None:
    before = process(os.getpid())
    opened = os.open("/dev/null", os.O_RDONLY)
    after = process(os.getpid())
    os.close(opened)
    assert after.files == before.files + 1
    assert after.most_files >= after.files
    assert after.cpu >= before.cpu > 0
    assert 1 << 20 < after.resident < 1 << 34
    assert 0 <= time.time() - after.started < 86_400


def test_all_processes_of_a_gateway_are_shown(gateway: Gateway) -> None:
    wait_until(
        lambda: gateway.metric("schoolguard_process_resident_memory_bytes", process="control"), "control"
    )
    shown = {dict(labels).get("process") for _, labels in gateway.metrics()} - {None}
    assert shown == {"control", "worker-0"}
    assert gateway.metric("schoolguard_state_free_bytes") <= gateway.metric("schoolguard_state_size_bytes")


class _Busy(Collector):
    def collect(self) -> Iterable[Metric]:
        raise TimeoutError


def test_a_gateway_too_busy_to_read_says_so() -> None:
    registry = CollectorRegistry()
    registry.register(_Busy())
    port = free_port()
    server = StatusServer(Endpoint("127.0.0.1", port), registry, lambda: {"ready": True})
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (503, b"the gateway is busy; ask again\n")
        connection.close()
    finally:
        server.close()
