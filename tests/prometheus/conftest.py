"""A gateway before Knot and an Unbound that can be stopped, asked by every group of ``tests/site.py``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Gateway, free_port, knot, serving, unbound, wait_until
from tests.site import GUEST, LISTS, PRIMARY, STAFF, THCS, THPT, TIERS, Site

NAMES = (
    "bet.example",
    "doh.example",
    "www.hoc.example",
    "denied.hoc.example",
    "localhost",
    "use-application-dns.net",
)


class Upstream:
    """An Unbound that resolves the test zones; it can be stopped, and started again at the same port."""

    def __init__(self, folder: Path, authority: int) -> None:
        self._folder, self._authority = folder, authority
        self._server = contextlib.ExitStack()
        self.port = free_port()

    def start(self) -> None:
        """Start; return when it answers."""
        self._server.enter_context(unbound(self._folder, self._authority, self.port))

    def stop(self) -> None:
        """Stop; return when it is gone."""
        self._server.close()


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """The upstream of the gateway; a test that stops it starts it again."""
    folder = tmp_path_factory.mktemp("upstream")
    with knot(folder / "knot") as authority:
        started = Upstream(folder / "unbound", authority)
        started.start()
        yield started
        started.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Site:
    """A site with a dead upstream beside the living one; its pupils may not go round it."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    upstreams = ["127.0.0.1@9", f"127.0.0.1@{upstream.port}"]
    forwarding = {"timeout": 0.2, "attempts": 2}
    lists = {**LISTS, "encrypted-dns": ["doh.example"]}
    tiers = {name: [*blocked, "encrypted-dns"] for name, blocked in TIERS.items()}
    site = Site(folder, free_port(), free_port(), upstreams, forwarding=forwarding, lists=lists, tiers=tiers)
    return site.write()


@pytest.fixture(scope="session")
def gateway(site: Site) -> Iterator[Gateway]:
    """A gateway that was asked by every group; no test may change its configuration."""
    with serving(site) as running:
        for source in (PRIMARY, THPT, STAFF, GUEST, THCS):
            for name in NAMES:
                running.asker(source).ask(name)
        running.asker(PRIMARY).send(b"\0" * 12)
        count = 5 * len(NAMES)
        wait_until(lambda: running.metric("schoolguard_dns_queries_total") >= count, "the counts")
        wait_until(lambda: running.metric("schoolguard_dns_events_total"), "the odd packet")
        yield running
