"""What policy costs a warm query: everything on, asked by many groups, beside one plain group.

Both gateways are asked the same questions from the same addresses, in turns.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.bench import corpus, gateway, load, policies, probe
from tests.bench.pairs import TIMES, in_pairs
from tests.bench.processes import Failed, Server
from tests.bench.stage import SEED, Stage, prepare
from tests.bench.table import GATEWAY, Row

EVERYTHING = "SchoolGuard, all on"
ASKING = 25
"""Groups that ask at the same time, one client of each at full speed."""

_KNOWN_OF_GROUP = 10
"""Clients that each group has, known to the gateway and silent but for those that ask."""

_GAME_SHARE = 0.05
_LINES = 20_000
_AIM = 1.05


def sources(count: int = ASKING) -> tuple[str, ...]:
    """Return addresses of as many groups, both with an exam now among them when all ask."""
    return gateway.addresses(policies.GROUPS, count)


def write_questions(names: corpus.Corpus, folder: Path, addresses: Sequence[str]) -> Path:
    """Write for each address the usual mix, one question in twenty for a game under a budget."""
    folder.mkdir(exist_ok=True)
    chance = random.Random(SEED + 3)
    games = list(policies.game_names())
    chance.shuffle(games)
    for address in addresses:
        asked = int(_LINES * _GAME_SHARE)
        blocked = (_LINES - asked) * corpus.BLOCKED // (corpus.ALLOWED + corpus.BLOCKED)
        drawn = corpus.zipf(games, asked, chance) + corpus.zipf(names.blocked, blocked, chance)
        drawn += corpus.zipf(names.allowed, _LINES - asked - blocked, chance)
        chance.shuffle(drawn)
        (folder / f"{address}.txt").write_text("".join(f"{name} A\n" for name in drawn))
    return folder


def policy(on: Stage) -> Iterator[Row]:
    """Measure both gateways in turns, warm."""
    asking = sources()
    questions = write_questions(on.names, on.folder / "asked", asking)
    sent = load.Load(questions, on.options.seconds, sources=asking)
    with (
        everything(on, policies.far_apart()) as (_, full),
        gateway.serving(on.installation(1), GATEWAY) as plain,
    ):
        prepare(on, plain)
        for server in (plain, full):
            warm_up(server, sent)
        yield _turns(on, (plain, full), sent)


@contextlib.contextmanager
def everything(on: Stage, windows: Sequence[policies.Hours]) -> Iterator[tuple[gateway.Installation, Server]]:
    """Run a gateway with all policies and passes in force, checked, and its clients known."""
    lists = on.folder / "lists"
    installed = policies.install(on.folder / "policy", lists, on.names, windows, on.upstream.port)
    gateway.run(installed, "check")
    with gateway.serving(installed, EVERYTHING) as server:
        prepare(on, server)
        introduce(server.port, clients(_KNOWN_OF_GROUP))
        grant(installed)
        _check(server)
        yield installed, server


def _check(server: Server) -> None:
    """See that the policies are in force; raises ``Failed``."""
    name = policies.game_names()[0]
    expected = {
        "127.0.7.1": {name: probe.Seen.RESOLVED, "n0.group-7-block.example.net": probe.Seen.BLOCKED},
        "127.0.8.1": {name: probe.Seen.RESOLVED, "n0.group-7-block.example.net": probe.Seen.RESOLVED},
        "127.0.25.1": {name: probe.Seen.BLOCKED, "exam-25.example.net": probe.Seen.RESOLVED},
        "127.0.1.1": {"lesson-1.example.net": probe.Seen.RESOLVED},
    }
    for source, names in expected.items():
        for asked, wanted in names.items():
            seen = probe.ask(server.port, asked, 3.0, source)
            if seen is not wanted:
                raise Failed(f"{asked} is {seen.name} for {source}, not {wanted.name}")


def clients(of_each: int) -> Iterator[str]:
    """Yield the addresses of as many clients of each group."""
    for group in range(1, policies.GROUPS + 1):
        yield from (f"127.0.{group}.{host}" for host in range(1, of_each + 1))


def introduce(port: int, addresses: Iterable[str]) -> None:
    """Ask one question from each address, so that the gateway knows it."""
    for number, address in enumerate(addresses):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(3.0)
            sock.bind((address, 0))
            sock.sendto(probe.question("known.example.net", number), ("127.0.0.1", port))
            sock.recv(4096)


def grant(installed: gateway.Installation) -> None:
    """Put passes in force for four groups and one device."""
    by = ("--by", "bench", "--reason", "bench", "--for", "4h")
    for group in (1, 13, 26, 38):
        allowed = ("--allow", f"lesson-{group}.example.net", "--allow", "service:youtube")
        gateway.run(installed, "pass", "grant", *_group(group), *allowed, *by)
    device = ("--device", "127.0.5.1", "--allow", "project.example.net")
    gateway.run(installed, "pass", "grant", *device, *by)


def _group(number: int) -> tuple[str, ...]:
    school = (number - 1) // policies.GROUPS_OF_SCHOOL
    return "--school", f"school-{school}", "--group", f"class {number}"


def warm_up(server: Server, sent: load.Load) -> None:
    """Let each address ask all of its questions once, and then a round more as it will be measured."""
    load.send(load.Load(sent.questions, None, sources=sent.sources), server.port)
    load.send(sent, server.port)


def _turns(on: Stage, both: tuple[Server, Server], sent: load.Load) -> Row:
    """Measure everything on beside one plain group."""
    costs = in_pairs(on, both[::-1], sent, "policy")
    ratio = costs.median(TIMES)
    full, plain = (f"{costs.median(n):.2f} us ({costs.spread(n, '.2f')})" for n in (EVERYTHING, GATEWAY))
    cell = f"{full}; one plain group {plain}: {ratio:.3f} times ({costs.spread(TIMES, '.2f')})"
    label = f"{on.size.label}: CPU per warm query, {policies.GROUPS} groups, all policies"
    return Row(label, {GATEWAY: cell}, None, f"at most {_AIM} times", ratio <= _AIM)
