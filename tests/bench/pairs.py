"""Two servers measured in pairs, each now first and now second: what changes with time hits both alike."""

from __future__ import annotations

from tests.bench import load
from tests.bench.processes import Server
from tests.bench.stage import Stage
from tests.bench.table import Rounds
from tests.bench.warm import NOISE, cost_of, tell

TIMES = "times"


def in_pairs(on: Stage, both: tuple[Server, Server], sent: load.Load, what: str) -> Rounds:
    """Return the CPU per query of both, and the first one's over the second's as ``TIMES``.

    A pair that something else ran beside is measured again, up to twice as many in all.
    """
    costs, quiet = Rounds(), 0
    for turn in range(2 * on.options.rounds):
        pair = both if turn % 2 == 0 else both[::-1]
        found = {server.name: cost_of(server, sent) for server in pair}
        for server in pair:
            tell(f"{what}, pair {turn + 1}", server, found[server.name])
        disturbed = any(cost.others > NOISE for cost in found.values())
        if disturbed and on.options.rounds - quiet <= 2 * on.options.rounds - turn - 1:
            continue
        quiet += 1
        for name, cost in found.items():
            costs.add(name, cost.both)
        first, second = (found[server.name].both for server in both)
        costs.add(TIMES, first / second)
        if quiet == on.options.rounds:
            break
    return costs
