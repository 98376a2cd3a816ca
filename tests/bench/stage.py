"""What one size of list needs to be measured: the names in every form, the upstream, the running servers."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus, gateway, load, peers, probe
from tests.bench.processes import Server
from tests.bench.table import DNSMASQ, GATEWAY, UNBOUND

SEED = 20_240_905
GROUPS, ASKING = 50, 10
"""Groups of the large configuration, and how many of them ask at the same time."""

_CHECKED = 400


@dataclass(frozen=True, slots=True)
class Questions:
    """Files of questions: each name once, drawn evenly, drawn by Zipf's law."""

    every: Path
    flat: Path
    zipf: Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    shared: Path
    sizes: tuple[corpus.Size, ...]
    scenarios: frozenset[str]
    servers: frozenset[str]
    rounds: int
    seconds: float
    caches: int | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One size's names and folder; ``count`` is how many different names are blocked."""

    options: Options
    size: corpus.Size
    count: int
    names: corpus.Corpus
    questions: Questions
    folder: Path
    upstream: Server

    def wants(self, *scenarios: str) -> bool:
        """Return whether one of the scenarios was asked for."""
        return not self.options.scenarios.isdisjoint(scenarios)

    def has(self, server: str) -> bool:
        """Return whether the server takes part."""
        return server in self.options.servers

    def installation(self, groups: int) -> gateway.Installation:
        """Write a configuration for this size's lists and that many groups."""
        folder = self.folder / f"gateway-{groups}"
        lists, port = self.folder / "lists", self.upstream.port
        return gateway.install(folder, lists, groups, port, self.options.caches)


def say(text: str) -> None:
    """Tell on standard error how far the run is; standard output is for the table."""
    print(text, file=sys.stderr, flush=True)


def write_questions(names: corpus.Corpus, folder: Path) -> Questions:
    """Write the files that every size asks."""
    questions = Questions(folder / "every.txt", folder / "flat.txt", folder / "zipf.txt")
    corpus.write_every(names, questions.every)
    corpus.write_flat(names, questions.flat, random.Random(SEED + 1))
    corpus.write_zipf(names, questions.zipf, random.Random(SEED + 2))
    return questions


@contextlib.contextmanager
def stage(
    options: Options, size: corpus.Size, names: corpus.Corpus, questions: Questions, folder: Path
) -> Iterator[Stage]:
    """Write the size's lists in every server's form and run the upstream."""
    folder.mkdir()
    say(f"{size.label}: writing the lists")
    gateway.write_lists(options.shared, size, folder / "lists")
    parts = (name for part in size.categories for name in corpus.category(options.shared, part, size))
    count = peers.write_names(parts, folder)
    with peers.upstream(folder) as server:
        probe.wait_for(server, "ready.example.net", probe.Seen.RESOLVED)
        yield Stage(options, size, count, names, questions, folder, server)


@contextlib.contextmanager
def servers(on: Stage) -> Iterator[list[Server]]:
    """Run every server that takes part, the gateway with one group; each is checked and warm."""
    with contextlib.ExitStack() as stack:
        found = []
        if on.has(GATEWAY):
            found.append(stack.enter_context(gateway.serving(on.installation(1), GATEWAY)))
        if on.has(UNBOUND):
            found.append(stack.enter_context(peers.unbound(on.folder, on.upstream.port)))
        if on.has(DNSMASQ):
            found.append(stack.enter_context(peers.dnsmasq(on.folder, on.upstream.port)))
        for server in found:
            prepare(on, server)
        yield found


def prepare(on: Stage, server: Server) -> None:
    """Wait for a server, see that it answers rightly, and ask it for every name once."""
    seconds = probe.wait_for(server, on.names.blocked[0], probe.Seen.BLOCKED)
    say(f"{on.size.label}: {server.name} answers after {seconds:.2f} s; warming its cache")
    probe.check_answers(server, on.names.allowed[::_CHECKED], on.names.blocked[::_CHECKED])
    load.send(load.Load(on.questions.every, None), server.port)
