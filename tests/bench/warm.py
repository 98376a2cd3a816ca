"""Warm mix: processor time per query, at full speed and at a steady rate; lost replies; memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import gateway, load
from tests.bench.processes import SERVER_CORE, Cpu, Failed, Server, busy
from tests.bench.stage import ASKING, GROUPS, Stage, prepare, say
from tests.bench.table import GATEWAY, UNBOUND, Rounds, Row

STEADY_RATE = 30_000
_UPSTREAM_SECONDS = 0.05
"""A server that costs its upstream more than this in a round was asked for what it had not cached."""

NOISE = 0.05
"""A round in which something else used more than this share of the server's core tells little."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost a server: microseconds per completed query, and what became of the queries.

    ``others`` is the share of the server's core that was used by something else meanwhile.
    """

    user: float
    kernel: float
    outcome: load.Outcome
    others: float

    @property
    def both(self) -> float:
        """User and kernel time together."""
        return self.user + self.kernel


def cost_of(server: Server, sent: load.Load) -> Cost:
    """Run a load against a server and return what it cost."""
    before, core = server.cpu(), busy(SERVER_CORE)
    outcome = load.send(sent, server.port)
    used, core = server.cpu() - before, busy(SERVER_CORE) - core
    if not outcome.completed:
        raise Failed(f"{server.name} answered none of {outcome.sent} queries; see {server.log}")
    others = max(0.0, core - used.user - used.kernel) / outcome.seconds
    return Cost(1e6 * used.user / outcome.completed, 1e6 * used.kernel / outcome.completed, outcome, others)


def warm(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure the mix at full speed, in turns, drawn by Zipf's law and evenly."""
    for label, questions in (("Zipf", on.questions.zipf), ("flat", on.questions.flat)):
        yield turns(on, running, f"warm mix, {label}, 1 group", questions, ("127.0.0.1",))


def many_groups(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure the mix asked by ten clients of fifty groups under different rules."""
    sources = gateway.addresses(GROUPS, ASKING)
    with gateway.serving(on.installation(GROUPS), GATEWAY) as server:
        prepare(on, server)
        load.send(load.Load(on.questions.zipf, on.options.seconds, sources=sources), server.port)
        both = [server, *(each for each in running if each.name == UNBOUND)]
        yield turns(on, both, f"warm mix, Zipf, {GROUPS} groups", on.questions.zipf, sources)


def turns(on: Stage, running: Sequence[Server], label: str, questions: Path, sources: Sequence[str]) -> Row:
    """Measure the servers one after the other, several rounds."""
    total, user, kernel = Rounds(), Rounds(), Rounds()
    cold: set[str] = set()
    for turn in range(on.options.rounds):
        for server in running:
            upstream = on.upstream.cpu()
            cost = cost_of(server, load.Load(questions, on.options.seconds, sources=sources))
            total.add(server.name, cost.both)
            user.add(server.name, cost.user)
            kernel.add(server.name, cost.kernel)
            tell(f"{label}, round {turn + 1}", server, cost)
            if _seconds(on.upstream.cpu() - upstream) > _UPSTREAM_SECONDS:
                cold.add(server.name)
    cells = {
        name: f"{total.median(name):.2f} us ({user.median(name):.1f}+{kernel.median(name):.1f};"
        f" {total.spread(name, '.1f')}){', not all cached' if name in cold else ''}"
        for name in total.by_server
    }
    ratio = total.ratio()
    met = None if ratio is None else ratio <= 1.15
    return Row(f"{on.size.label}: CPU per query, {label}", cells, ratio, "at most 1.15, aim 0.90", met)


def tell(label: str, server: Server, cost: Cost) -> None:
    """Tell of one round, and of anything else that ran on the server's core and may have spoiled it."""
    speed = cost.outcome.completed / cost.outcome.seconds
    noise = f"; others used {cost.others:.0%} of the core" if cost.others > NOISE else ""
    say(f"  {label}: {server.name} {cost.both:.2f} us at {speed:,.0f} q/s{noise}")


def _seconds(used: Cpu) -> float:
    return used.user + used.kernel


def steady(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure lost replies, and the cost of a query, at a steady rate."""
    seconds = max(10.0, on.options.seconds)
    costs = {
        server.name: cost_of(server, load.Load(on.questions.zipf, seconds, STEADY_RATE)) for server in running
    }
    lost = {
        name: f"{cost.outcome.lost} of {cost.outcome.sent:,}"
        f" ({cost.outcome.completed / cost.outcome.seconds:,.0f} q/s)"
        for name, cost in costs.items()
    }
    met = costs[GATEWAY].outcome.lost == 0 if GATEWAY in costs else None
    yield Row(f"{on.size.label}: replies lost at {STEADY_RATE:,} q/s", lost, None, "none", met)
    rounds = Rounds()
    for name, cost in costs.items():
        rounds.add(name, cost.both)
    cells = {name: f"{cost.both:.2f} us ({cost.user:.1f}+{cost.kernel:.1f})" for name, cost in costs.items()}
    yield Row(f"{on.size.label}: CPU per query at {STEADY_RATE:,} q/s", cells, rounds.ratio())


def memory(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure what each server's processes hold together, after all that was asked."""
    held = {server.name: server.pss() / 1e6 for server in running}
    most = 150 if on.count < 2_000_000 else 200
    rounds = Rounds()
    for name, megabytes in held.items():
        rounds.add(name, megabytes)
    met = held[GATEWAY] <= most if GATEWAY in held else None
    cells = {name: f"{megabytes:.0f} MB" for name, megabytes in held.items()}
    yield Row(f"{on.size.label}: memory (PSS)", cells, rounds.ratio(), f"at most {most} MB", met)
