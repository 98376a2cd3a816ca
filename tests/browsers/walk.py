"""One browser's walk through three sites, and everything that was seen of it.

It must not judge: what a walk may show is for the tests to say.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browsers.chromium import chromium
from tests.browsers.firefox import firefox
from tests.browsers.visit import Browser, Setting, Visit
from tests.browsers.wiretap import Wiretap, listening
from tests.browsers.world import DOH, GAMBLING, GAMES, OPEN, World
from tests.devices.network import Network, inside
from tests.servers import Gateway, wait_until

SITES = (OPEN, GAMBLING, GAMES)
BLOCKED = (GAMBLING, GAMES)


@dataclass(slots=True)
class Walk:
    """What a walk showed: pages by name, the cable, and what reached the web server and the DoH servers."""

    wire: Wiretap
    pages: dict[str, Visit] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    doh_log: str = ""

    @property
    def loaded(self) -> set[str]:
        """The sites whose page was shown."""
        return {name for name, page in self.pages.items() if page.loaded}

    @property
    def reached(self) -> set[str]:
        """The sites of which the web server was asked for a page."""
        return set(SITES) & set(self.hosts)

    @property
    def over_doh(self) -> set[str]:
        """The sites whose address a DoH server was asked for."""
        return {name for name in SITES if f" {name}. " in self.doh_log}

    @property
    def doh_servers(self) -> set[str]:
        """The DoH servers that took a connection, by address."""
        return {address for address, port in self.wire.opened if port == 443} & set(DOH.values())


@dataclass(frozen=True, slots=True)
class Classroom:
    """The network, the world outside, and the gateway between them."""

    net: Network
    world: World
    gateway: Gateway
    folder: Path

    def attempts(self, kind: str) -> float:
        """Return how often a way round was counted."""
        with inside(self.net.gateway):
            return self.gateway.metric("schoolguard_bypass_attempts_total", kind=kind)

    def wait_for_attempts(self, kind: str, before: float) -> None:
        """Wait until an attempt more is counted: the worker reports once a second."""
        wait_until(lambda: self.attempts(kind) > before, f"an attempt of kind {kind}")

    def wait_for_confirmation(self) -> None:
        """Wait until Firefox has asked a DoH server what it asks before it trusts one."""
        wait_until(lambda: " example.com. NS " in self.world.doh_log.read_text(), "a DoH server tried")

    @contextlib.contextmanager
    def browsing(self, setting: Setting, server: str) -> Iterator[tuple[Any, Walk]]:
        """Run a browser in a network with this resolver; afterwards the walk holds what was seen of it.

        Fails when the gateway met an error meanwhile.
        """
        home = self.folder / f"home-{len(list(self.folder.iterdir()))}"
        home.mkdir()
        run = {"chromium": chromium, "firefox": firefox}[setting.browser]
        seen, log = self.world.seen, self.world.doh_log
        hosts, spoken, logged = len(seen.hosts), len(seen.spoken), log.stat().st_size
        with listening(self.net.gateway, "lan") as wire:
            walk = Walk(wire)
            with run(self.net.client, server, home, self.world.authority, setting) as browser:
                yield browser, walk
            wire.read()
        errors = self._errors()
        assert not errors, "\n".join(errors)
        walk.hosts, walk.spoken = seen.hosts[hosts:], seen.spoken[spoken:]
        walk.doh_log = log.read_bytes()[logged:].decode(errors="replace")

    def _errors(self) -> list[str]:
        """Return the lines that the gateway logged as errors; its log holds verdicts as well."""
        return [line for line in self.gateway.log.read_text().splitlines() if '"level": "error"' in line]

    def walk(self, setting: Setting, server: str) -> Walk:
        """Go to all sites."""
        with self.browsing(setting, server) as (browser, walk):
            visit_all(browser, walk)
        return walk


def visit_all(browser: Browser, walk: Walk) -> None:
    """Go to all sites, one after another."""
    for name in SITES:
        walk.pages[name] = browser.visit(f"https://{name}/")
