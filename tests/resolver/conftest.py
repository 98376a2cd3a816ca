"""A resolver in this process, on a clock that tests turn, before an upstream that tests script.

Tests of this folder may be coroutines; each runs in an event loop of its own.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from schoolguard.config import load
from schoolguard.language import LANGUAGES, translator
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.compiling import Compiler
from schoolguard.policy.timetable import VIETNAM
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.lookup import Lookup
from schoolguard.resolver.present import Present
from schoolguard.resolver.resolver import Resolver
from schoolguard.resolver.rules import Rules
from schoolguard.settings import Endpoint, Settings
from tests.ask import Reply, packet
from tests.hostile import Hostile
from tests.servers import DEADLINE, NeverHappened, free_port
from tests.site import STAFF, Site

LESSON = datetime(2026, 11, 24, 8, 30, tzinfo=VIETNAM).timestamp()
"""A Tuesday morning."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


async def until(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true value of ``condition`` while the event loop runs."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.002)
    raise NeverHappened(what)


class Desk:
    """A resolver and what it works with; ``now`` is its clock, in seconds."""

    def __init__(self, settings: Settings, stack: Stack, *upstreams: int, **changes: Any) -> None:
        servers = tuple(Endpoint("127.0.0.1", port) for port in upstreams)
        forwarding = replace(settings.upstreams, servers=servers, timeout=0.3, attempts=2)
        settings = replace(settings, upstreams=replace(forwarding, **changes.pop("upstreams", {})))
        for part, values in changes.items():
            settings = replace(settings, **{part: replace(getattr(settings, part), **values)})
        self.settings = settings
        self.stack = stack
        self.now = 1_000_000.0
        self.counts = Counts()
        self.present = Present(now=LESSON)
        self.lookup = Lookup(settings, self.counts, lambda: self.now, random.Random(1).random)
        self.resolver = Resolver(self.counts, lambda: self.now)
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Put settings in force, as a reload does."""
        translators = dict.fromkeys(LANGUAGES, translator("en"))
        self.rules = Rules(settings, self.stack, self.counts, translators, self.present)
        self.resolver.apply(self.rules, self.lookup)

    def turn(self, now: float | None) -> None:
        """Let it be another time of day, Unix seconds, or one that nobody knows."""
        self.present.now = now
        self.rules.turn(self.now)

    async def send(self, message: bytes, source: str = STAFF, udp: bool = True) -> Reply | None:
        """Return the reply to a packet."""
        reply = self.resolver.reply(message, ip_address(source).packed, udp)
        raw = await reply if asyncio.iscoroutine(reply) else reply
        assert raw is None or isinstance(raw, bytes)
        return None if raw is None else Reply(raw)

    async def ask(
        self, name: str | bytes, qtype: str | int = "A", source: str = STAFF, **options: Any
    ) -> Reply:
        """Return the reply to a question, which must come."""
        reply = await self.send(packet(name, qtype, **options), source)
        assert reply is not None
        return reply

    def event(self, event: str) -> int:
        """Return how often an event was counted."""
        return self.counts.events.get(event, 0)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Stack]:
    """Settings and lists of ``tests/site.py``."""
    folder: Path = tmp_path_factory.mktemp("compiled")
    site = Site(folder, free_port(), free_port(), ["127.0.0.1@5399"]).write()
    settings = load(site.config).settings
    layers = asyncio.run(Compiler(site.state).compile(settings))
    return settings, Stack([Snapshot.open(Path(path)) for path in layers.paths])


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """An upstream that is silent until it is given a script."""
    with Hostile() as upstream:
        yield upstream


@pytest.fixture
def desk(compiled: tuple[Settings, Stack], hostile: Hostile) -> Desk:
    """A resolver before the hostile upstream."""
    return Desk(*compiled, hostile.port)


@pytest.fixture
def new_desk(compiled: tuple[Settings, Stack]) -> Callable[..., Desk]:
    """Makes resolvers before given upstream ports, with changed settings."""
    return lambda *ports, **changes: Desk(*compiled, *ports, **changes)
