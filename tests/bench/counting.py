"""What counting costs a warm query: the gateway as it is, beside a copy of it without the lines that count.

Both are asked the same questions by the same fifty clients, in turns. Blocked names are noted as well.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import schoolguard
from tests.bench import gateway, load, policy
from tests.bench.pairs import TIMES, in_pairs
from tests.bench.processes import Failed, Server, running
from tests.bench.stage import Stage, prepare
from tests.bench.table import GATEWAY, Row

UNCOUNTED = "SchoolGuard, not counting"
CLIENTS = tuple(f"127.0.3.{host}" for host in range(1, 51))
_AIM = 1.08

_LEFT_OUT = (
    "client.counts[outcome] += 1",
    "if outcome >= note_from:",
    "noted[key, client, outcome] = noted.get((key, client, outcome), 0) + 1",
    "tally[0] += i - later",
    "tally[0] += count - later",
)
"""The lines of ``serve/udp.py`` that count a cache hit."""

_NEVER_READ = ("if rules is not None and rules.harvest_some(HARVESTED):", "if False:")


def counting(on: Stage) -> Iterator[Row]:
    """Measure both gateways in turns, warm; what something else ran beside is measured again, to a bound."""
    sent = load.Load(on.questions.zipf, on.options.seconds, sources=CLIENTS)
    # All have one plan, so what one asked is kept for the others.
    first = load.Load(on.questions.zipf, None, sources=CLIENTS[:1])
    with gateway.serving(on.installation(1), GATEWAY) as counted, uncounted(on) as other:
        both = (counted, other)
        for server in both:
            prepare(on, server)
            policy.introduce(server.port, CLIENTS)
            load.send(first, server.port)
            load.send(sent, server.port)
        costs = in_pairs(on, both, sent, "counting")
    ratio = costs.median(TIMES)
    full, plain = (f"{costs.median(n):.2f} us ({costs.spread(n, '.2f')})" for n in (GATEWAY, UNCOUNTED))
    cell = f"{full}; not counting {plain}: {ratio:.3f} times ({costs.spread(TIMES, '.2f')})"
    label = f"{on.size.label}: CPU per warm query, counting, {len(CLIENTS)} clients"
    yield Row(label, {GATEWAY: cell}, None, f"at most {_AIM} times", ratio <= _AIM)


@contextlib.contextmanager
def uncounted(on: Stage) -> Iterator[Server]:
    """Run the copy that does not count; raises ``Failed`` when the lines to leave out are not there."""
    folder = on.folder / "uncounted"
    package = folder / "schoolguard"
    shutil.copytree(Path(schoolguard.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for line in _LEFT_OUT:
        _replace(package / "serve" / "udp.py", line, "")
    _replace(package / "serve" / "reports.py", *_NEVER_READ)
    lists, caches = on.folder / "lists", on.options.caches
    installed = gateway.install(folder / "installed", lists, 1, on.upstream.port, caches)
    # Not the package in the present folder, for the workers neither.
    copied = ("env", f"PYTHONPATH={folder}", "PYTHONSAFEPATH=1", sys.executable, "-m", "schoolguard")
    command = [*copied, "serve", "--config", str(installed.config)]
    with running(UNCOUNTED, installed.port, command, installed.config.parent) as server:
        yield server


def _replace(path: Path, line: str, instead: str) -> None:
    text = path.read_text()
    if text.count(line) != 1:
        raise Failed(f"{path.name} no longer counts by: {line}")
    path.write_text(text.replace(line, instead))
