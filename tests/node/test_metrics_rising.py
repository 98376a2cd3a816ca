"""Counters never fall while control lives: when readings begin anew, and when workers are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from schoolguard.node.metrics_rising import PassesGranted, Rising
from schoolguard.node.pass_model import Issued, Pass
from tests.load import Load
from tests.node.test_reload import QUESTIONS
from tests.servers import Gateway, free_port, serving, wait_until
from tests.site import Site

_READINGS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 1000)), max_size=40)


@given(_READINGS)
def test_a_sum_of_readings_never_falls(readings: list[tuple[str, int, int]]) -> None:
    rising, former = Rising(), {"a": 0.0, "b": 0.0}
    for key, source, value in readings:
        now = rising.take(key, value, source)
        assert now >= max(former[key], value)
        former[key] = now


def test_a_successor_goes_on_where_its_worker_was_last_seen() -> None:
    rising = Rising()
    assert [rising.take("w", 5, 1), rising.take("w", 7, 1), rising.take("w", 2, 2)] == [5, 7, 9]
    assert rising.take("w", 8, 2) == 15
    assert rising.all({}) == {"w": 15}


def _issued(number: int, school: str) -> Issued:
    return Issued(
        Pass(
            f"p{number}", school, "6A", None, ("x.example",), frozenset(), (), 0, 0, 9.0, "Cô Lan", "bài học"
        )
    )


def test_each_pass_is_counted_once_whatever_the_book_forgets() -> None:
    granted = PassesGranted()
    first = [_issued(3, "a"), _issued(5, "b")]
    assert granted.take(first) == {"a": 1, "b": 1}
    assert granted.take([*first, _issued(6, "a")]) == {"a": 2, "b": 1}
    assert granted.take([replace(_issued(6, "a"))]) == {"a": 2, "b": 1}
    assert granted.take([]) == {"a": 2, "b": 1}


def _counters(gateway: Gateway) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    rising = ("_total", "_bucket", "_count", "_sum")
    return {key: value for key, value in gateway.metrics().items() if key[0].endswith(rising)}


def test_no_counter_falls_when_workers_are_killed(new_site: Callable[..., Site], tmp_path: Path) -> None:
    site = new_site(tmp_path, workers=2)
    with serving(site) as gateway, Load(gateway.port, QUESTIONS, retries=5, wait=0.5) as load:
        former = _counters(gateway)
        for count in (1, 2):
            wait_until(lambda: load.answered > 400 * count, "the load")  # noqa: B023
            killed = gateway.workers()[0]
            os.kill(killed, signal.SIGKILL)

            def replaced() -> bool:
                nonlocal former
                now = _counters(gateway)
                assert former.keys() <= now.keys()
                assert [key for key, value in former.items() if now[key] < value] == []
                former = now
                return killed not in gateway.workers() and len(gateway.workers()) == 2  # noqa: B023

            wait_until(replaced, "another worker")
        restarts = gateway.metric("schoolguard_worker_restarts_total")
        assert restarts == 2
        before = gateway.metric("schoolguard_dns_queries_total")
        gateway.site.metrics = free_port()
        gateway.site.write()
        gateway.reload()
        assert gateway.metric("schoolguard_dns_queries_total") >= before
        cpu = "schoolguard_process_cpu_seconds_total"
        assert gateway.metric(cpu) >= sum(value for (name, _), value in former.items() if name == cpu)
