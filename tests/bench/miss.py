"""Cache miss: processor time of a query that nobody asked before, through the local upstream."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from tests.bench import corpus, load
from tests.bench.processes import Server
from tests.bench.stage import Stage
from tests.bench.table import DNSMASQ, Rounds, Row
from tests.bench.warm import cost_of, tell

_COUNT, _COUNT_DNSMASQ = 30_000, 5_000
"""Names a round; dnsmasq takes some half a millisecond each with a cache of this size, so it gets fewer."""


def miss(on: Stage, running: Sequence[Server]) -> Iterator[Row]:
    """Measure, in turns, names that are new in each round."""
    rounds, marks = Rounds(), itertools.count()
    failed: dict[str, int] = {}
    for turn in range(on.options.rounds):
        for server in running:
            path = on.folder / "unique.txt"
            count = _COUNT_DNSMASQ if server.name == DNSMASQ else _COUNT
            corpus.write_unique(on.names, path, f"n{next(marks)}-", count)
            cost = cost_of(server, load.Load(path, None))
            rounds.add(server.name, cost.both)
            good = cost.outcome.codes.get("NOERROR", 0)
            failed[server.name] = failed.get(server.name, 0) + cost.outcome.sent - good
            tell(f"cache miss, round {turn + 1}", server, cost)
    cells = {
        name: f"{rounds.median(name):.1f} us ({rounds.spread(name, '.0f')}"
        + (f"; {failed[name]} failed)" if failed[name] else ")")
        for name in rounds.by_server
    }
    ratio = rounds.ratio()
    met = None if ratio is None else ratio <= 4
    yield Row(f"{on.size.label}: CPU per cache miss", cells, ratio, "at most 4", met)
