"""What the status pages show: labels bounded, nobody named. ``tests/prometheus`` has names and reference."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

import pytest

from tests.ask import packet
from tests.servers import Gateway, run_command, serving, wait_until
from tests.site import PRIMARY, STAFF, UNSERVED, Site


def _traffic(gateway: Gateway, prefix: str, count: int) -> None:
    """Ask as many clients for many names, some of them nonsense."""
    random.seed(7)
    for i in range(count):
        source = f"127.0.{random.randrange(0, 6)}.{random.randrange(1, 250)}"
        label = "".join(random.choices(string.ascii_lowercase, k=8))
        with gateway.asker(source).udp() as sock:
            sock.send(packet(f"{prefix}{label}.{random.choice(('hoc', 'bet', 'game', 'mxh'))}.example"))
            sock.send(packet(f"{prefix}{label}.example", i % 65536))
            sock.send(random.randbytes(random.randrange(1, 60)))
            sock.recv(4096)


def _labels(gateway: Gateway) -> set[tuple[str, str, str]]:
    return {(name, key, value) for name, labels in gateway.metrics() for key, value in labels}


def test_labels_stay_the_same_whoever_asks_for_whatever(gateway: Gateway) -> None:
    """A label for each name or client would fill Prometheus and tell on pupils."""
    _traffic(gateway, "a", 600)
    wait_until(lambda: gateway.metric("schoolguard_dns_queries_total") > 600, "the counts")
    before = _labels(gateway)
    sent = gateway.metric("schoolguard_dns_queries_total")
    _traffic(gateway, "b", 1500)
    wait_until(lambda: gateway.metric("schoolguard_dns_queries_total") > sent + 1000, "the counts")
    grown = _labels(gateway) - before
    # Rare ways to be malformed may show up later than others; their words come from the code.
    assert {key for _, key, _ in grown} <= {"event"}
    assert len({value for _, key, value in _labels(gateway) if key == "event"}) < 60
    for _, key, value in grown:
        assert re.fullmatch(r"[a-z-]+", value), (key, value)


def test_what_happens_is_counted_by_school_tier_and_category(gateway: Gateway) -> None:
    for _ in range(3):
        gateway.asker(PRIMARY).ask("bet.example")
        gateway.asker(PRIMARY).ask("denied.hoc.example")
        gateway.asker(STAFF).ask("www.hoc.example")
        gateway.asker(PRIMARY).ask("localhost")
        gateway.asker(UNSERVED).ask("www.hoc.example")

    def counted() -> bool:
        return gateway.metric("schoolguard_dns_queries_total", school="thu-nghiem") == 12

    wait_until(counted, "twelve queries counted")
    school = {"school": "thu-nghiem"}
    assert gateway.metric("schoolguard_dns_blocks_total", **school, tier="tieu-hoc", category="gambling") == 3
    assert gateway.metric("schoolguard_dns_blocks_total", **school, tier="tieu-hoc", category="rule") == 3
    queries = "schoolguard_dns_queries_total"
    assert gateway.metric(queries, **school, tier="tieu-hoc", outcome="blocked") == 6
    assert gateway.metric(queries, **school, tier="tieu-hoc", outcome="local") == 3
    assert gateway.metric(queries, **school, tier="staff", outcome="allowed") == 3
    assert gateway.event("not-served") == 3
    assert gateway.metric("schoolguard_dns_reply_seconds_count") == 15
    assert gateway.metric("schoolguard_dns_cache_lookups_total", cache="none") == 1
    assert gateway.metric("schoolguard_list_entries", list="gambling") == 2
    assert gateway.metric("schoolguard_ready") == 1


def test_counts_never_fall_when_a_worker_is_replaced(gateway: Gateway) -> None:
    for _ in range(10):
        gateway.asker(PRIMARY).ask("bet.example")
    wait_until(lambda: gateway.metric("schoolguard_dns_queries_total") == 10, "the counts")
    gateway.site.workers = 2
    gateway.site.write()
    gateway.reload()
    assert gateway.metric("schoolguard_dns_queries_total") == 10
    assert gateway.metric("schoolguard_workers") == 2
    assert gateway.metric("schoolguard_reloads_total") == 1


def test_other_pages_and_methods(gateway: Gateway) -> None:
    assert gateway.http("/healthz")[0] == 200
    assert gateway.http("/")[0] == 404
    assert gateway.http("/../etc/passwd")[0] == 404


NAMES = ["chuyen-rieng-cua-em", "bi-mat-rat-la", "khong-ai-biet"]
SOURCES = ["127.0.1.201", "127.0.2.202", "127.0.3.203", "127.0.9.204"]


def test_no_client_stands_beside_a_name_anywhere(site: Site) -> None:
    """Threat 52: whoever reads logs, metrics, state or status learns of no pupil what he asked for."""
    site.upstreams = ["127.0.0.1@9"]  # nobody answers: errors are part of the traffic
    site.forwarding = {"timeout": 0.1, "attempts": 1}
    site.write()
    with serving(site) as gateway:
        for source in SOURCES:
            asker = gateway.asker(source)
            for name in NAMES:
                for full in (f"{name}.hoc.example", f"{name}.bet.example", f"{name}.localhost"):
                    for tcp in (False, True):
                        asker.ask(full, tcp=tcp)
                broken = bytearray(packet(f"{name}.bet.example"))
                broken[5] = 2
                asker.send(bytes(broken))
                asker.send(packet(f"{name}.bet.example", opcode=4))
        wait_until(lambda: gateway.metric("schoolguard_dns_queries_total") >= 40, "the counts")
        site.lists["games"].append("x.example")
        site.write()
        gateway.reload()
        shown = [gateway.http("/metrics")[1], gateway.http("/healthz")[1], str(gateway.command("status"))]
        shown.append(run_command("status", "--config", str(site.config)).stdout)
        (worker,) = gateway.workers()
        shown.append(Path(f"/proc/{worker}/cmdline").read_text())
    shown.append(gateway.log.read_text())
    files = [path for path in site.state.rglob("*") if path.is_file()]
    asked = [path for path in files if path.parent.name == "asked"]  # names alone, for `schoolguard diff`
    shown += [path.read_bytes().decode("latin-1") for path in files if path not in asked]
    for text in shown:
        for secret in (*SOURCES, *NAMES):
            assert secret not in text
    assert asked
    for source in SOURCES:
        packed = bytes(map(int, source.split(".")))
        for content in (path.read_bytes() for path in asked):
            assert source.encode() not in content
            assert packed.hex().encode() not in content


def test_a_watching_terminal_names_groups_only(site: Site) -> None:
    with serving(site, "--watch") as gateway:
        gateway.asker("127.0.1.201").ask("bi-mat-rat-la.bet.example")
        wait_until(lambda: "bi-mat-rat-la" in gateway.log.read_text(), "the verdict on the terminal")
        assert "127.0.1.201" not in gateway.log.read_text()


@pytest.mark.parametrize("path", ["control.sock", ""])
def test_state_is_for_its_user_only(gateway: Gateway, path: str) -> None:
    assert (gateway.site.state / path).stat().st_mode & 0o077 == 0
