"""Turning the plans of all groups at a window's boundary: what it costs a worker, and its clients.

The wall clock is not touched: a reload brings windows whose boundaries come soon.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench import gateway, load, policies, policy
from tests.bench.lifecycle import percentile
from tests.bench.processes import SERVER_CORE, Cpu, Failed, Server, on_core
from tests.bench.stage import Stage, say
from tests.bench.table import GATEWAY, Row

CLIENTS = (500, 20_000)
"""Known clients: a large school's, and the most that a worker remembers."""

_RATE, _ASKING = 20_000, 4
_QUIET_SECONDS, _LONGEST = 10.0, 300.0
_MOST_TURN = 0.020
_BEFORE, _AFTER = 1.0, 4.0
"""Seconds around a boundary that count: plans turn within a second of it, then replies are judged anew."""

_TIME_TO_WARM = 30
"""Seconds at least from the reload to the boundary."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a load saw in some seconds: the 99th percentile and the worst latency (seconds), server's CPU."""

    latencies: Sequence[float]
    used: float

    def __str__(self) -> str:
        p99, worst = 1000 * percentile(self.latencies), 1000 * max(self.latencies)
        return f"p99 {p99:.2f} ms, worst {worst:.1f} ms, CPU {self.used:.0%}"


def turn(on: Stage) -> Iterator[Row]:
    """Measure turns by themselves, then two of them under load."""
    asking = policy.sources(_ASKING)
    questions = policy.write_questions(on.names, on.folder / "asked", asking)
    sent = load.Load(questions, _LONGEST, _RATE, asking)
    with policy.everything(on, policies.far_apart()) as (installed, server):
        for clients in CLIENTS:
            yield _alone(on, installed, clients)
        policy.warm_up(server, load.Load(questions, on.options.seconds, sources=asking))
        yield from _under_load(on, installed, server, sent)


def _alone(on: Stage, installed: gateway.Installation, clients: int) -> Row:
    command = [sys.executable, "-m", "tests.bench.turning", str(installed.config), str(clients)]
    done = subprocess.run(on_core(SERVER_CORE, command), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"the turns were not measured:\n{done.stderr[-1500:]}")
    found: dict[str, list[float]] = json.loads(done.stdout)
    cells = [
        f"{what} {1000 * statistics.median(seconds):.1f} ms ({1000 * seconds[-1]:.1f} at most)"
        for what, seconds in found.items()
    ]
    label = f"{on.size.label}: turn of {policies.GROUPS} groups' plans, {clients:,} clients"
    met = max(max(seconds) for seconds in found.values()) <= _MOST_TURN
    return Row(label, {GATEWAY: "; ".join(cells)}, None, f"at most {1000 * _MOST_TURN:.0f} ms", met)


def _under_load(on: Stage, installed: gateway.Installation, server: Server, sent: load.Load) -> Iterator[Row]:
    quiet, _ = _recorded(on, server, sent, time.time() + 2.0, _QUIET_SECONDS - 2.0)
    boundary = _reload_before(installed, server, on, sent)
    time.sleep(max(0.0, boundary - 15.0 - time.time()))
    first, lost = _recorded(on, server, sent, boundary - _BEFORE, _BEFORE + _AFTER)
    again, lost_again = _recorded(on, server, sent, boundary + 60 - _BEFORE, _BEFORE + _AFTER)
    label = f"{on.size.label}: plans turn under {_RATE:,} q/s"
    none = lost.lost + lost_again.lost == 0
    cell = f"{lost.lost + lost_again.lost} of {lost.sent + lost_again.sent:,}"
    yield Row(f"{label}: lost", {GATEWAY: cell}, None, "none", none)
    before = percentile(quiet.latencies)
    for what, found in (("to a new state", first), ("back", again)):
        times = percentile(found.latencies) / before
        cell = f"{found}; quiet {quiet}: {times:.1f} times"
        yield Row(f"{label}, {what}", {GATEWAY: cell}, None, "p99 at most 3 times", times <= 3)


def _reload_before(installed: gateway.Installation, server: Server, on: Stage, sent: load.Load) -> float:
    """Put windows in force that change soon, warm all up, and return when they do (Unix seconds)."""
    boundary = (int(time.time() + _TIME_TO_WARM) // 60 + 1) * 60
    minute = (policies.minute_now() + boundary // 60 - int(time.time()) // 60) % 1440
    policies.rewrite(installed, policies.turning(minute), on.names)
    gateway.run(installed, "reload")
    say(f"  windows change in {boundary - time.time():.0f} s")
    load.send(load.Load(sent.questions, None, sources=sent.sources), server.port)
    return float(boundary)


def _recorded(
    on: Stage, server: Server, sent: load.Load, begin: float, seconds: float
) -> tuple[Around, load.Outcome]:
    """Run the load from now until a second after ``begin + seconds``; return what it saw in that time."""
    with load.Recorded(sent, server.port, on.folder, "turn") as recorded:
        recorded.hold(max(0.0, begin - time.time()))
        before = server.cpu()
        recorded.hold(seconds)
        used = _seconds(server.cpu() - before) / seconds
        recorded.hold(1.0)
        outcome, latencies = recorded.finish()
    return Around(recorded.between(latencies, begin, begin + seconds), used), outcome


def _seconds(used: Cpu) -> float:
    return used.user + used.kernel
