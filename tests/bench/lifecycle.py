"""Compile, start, and swap under load: what changing lists and restarting costs the clients."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import gateway, load, peers, probe
from tests.bench.processes import Server
from tests.bench.stage import Stage, say
from tests.bench.table import GATEWAY, UNBOUND, Row

_STARTS = 5
_SWAP_RATE = 20_000
_QUIET_SECONDS, _AFTER_SECONDS, _LONGEST = 10.0, 2.0, 300.0


def compile_lists(on: Stage) -> Iterator[Row]:
    """Measure a compile of all lists from nothing, on the servers' core; leaves the snapshot ready."""
    report = on.folder / "compile.json"
    prefix = [sys.executable, str(Path(__file__).with_name("peak.py")), str(report)]
    gateway.run(on.installation(1), "lists", "compile", prefix=prefix)
    measured = json.loads(report.read_text())
    seconds, peak = measured["seconds"], measured["peak"] / 1e6
    most, few = (60, on.count < 2_000_000) if on.count >= 2_000_000 else (15, True)
    aim = f"at most {most} s" + ("" if few else ", 400 MB")
    met = seconds <= most and (few or peak <= 400)
    cell = f"{seconds:.1f} s, peak {peak:.0f} MB"
    yield Row(f"{on.size.label}: compile {on.count:,} names", {GATEWAY: cell}, None, aim, met)


def start(on: Stage) -> Iterator[Row]:
    """Measure the time from exec to the first blocked name answered so, from a ready snapshot."""
    installation = on.installation(1)
    gateway.run(installation, "lists", "compile")
    seconds = []
    for _ in range(_STARTS):
        with gateway.serving(installation, GATEWAY) as server:
            seconds.append(probe.wait_for(server, on.names.blocked[0], probe.Seen.BLOCKED))
    cells = {GATEWAY: f"{1000 * statistics.median(seconds):.0f} ms (at most {1000 * max(seconds):.0f})"}
    if on.has(UNBOUND):
        with peers.unbound(on.folder, on.upstream.port) as server:
            waited = probe.wait_for(server, on.names.blocked[0], probe.Seen.BLOCKED)
        cells[UNBOUND] = f"{1000 * waited:.0f} ms"
    yield Row(f"{on.size.label}: start to first answer", cells, None, "at most 1000 ms", max(seconds) <= 1)


def swap(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure lost queries and the 99th percentile of latency while a changed list comes into force.

    The compile shares the worker's one core: a box with more cores has it easier.
    """
    server = next(each for each in running if each.name == GATEWAY)
    installation = gateway.Installation(on.folder / "gateway-1" / "config", on.folder / "lists", server.port)
    quiet = load.Load(on.questions.zipf, _LONGEST, _SWAP_RATE)
    # What ran before may have filled the caches with other names.
    load.send(load.Load(on.questions.zipf, on.options.seconds), server.port)
    with load.Recorded(quiet, server.port, on.folder, "quiet") as recorded:
        recorded.hold(_QUIET_SECONDS)
        _, (latencies,) = recorded.finish()
    before = percentile(latencies)
    added = f"added-{time.time_ns()}.example.net"
    with load.Recorded(quiet, server.port, on.folder, "swap") as recorded:
        recorded.hold(1.0)
        with next(installation.lists.glob("gambling.txt")).open("a") as file:
            file.write(f"{added}\n")
        began = time.monotonic()
        gateway.run(installation, "reload")
        seconds = time.monotonic() - began
        in_force = probe.ask(server.port, added) is probe.Seen.BLOCKED
        recorded.hold(_AFTER_SECONDS)
        outcome, (latencies,) = recorded.finish()
    during = percentile(latencies)
    say(f"  swap took {seconds:.1f} s; new name blocked: {in_force}")
    label = f"{on.size.label}: compile and swap under {_SWAP_RATE:,} q/s"
    took = f"{outcome.lost} of {outcome.sent:,} ({seconds:.1f} s)" + ("" if in_force else ", NOT IN FORCE")
    yield Row(f"{label}: lost", {GATEWAY: took}, None, "none", outcome.lost == 0 and in_force)
    cell = f"{1000 * during:.2f} ms, quiet {1000 * before:.2f} ms: {during / before:.1f} times"
    yield Row(f"{label}: p99", {GATEWAY: cell}, None, "at most 3 times", during <= 3 * before)


def percentile(latencies: Sequence[float], share: float = 0.99) -> float:
    """Return the latency that ``share`` of the replies stayed below."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
