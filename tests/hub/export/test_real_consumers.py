"""Unbound, BIND and PowerDNS's recursor take a tier's zone from our primary and block what we block."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from schoolguard.hub.export.answering import Answering
from schoolguard.hub.export.model import Consumer, ExportZone, ServerLimits
from schoolguard.hub.export.notifying import tell
from schoolguard.hub.export.primary import PrimaryServer
from schoolguard.hub.export.published import ExportFolder
from schoolguard.intake.transfer.model import TransferKey
from tests.ask import Asker
from tests.hub.export.conftest import Tier
from tests.hub.export.consumers import bind, recursor, unbound, unbound_behind_knot
from tests.intake.transfer.primaries import KEY
from tests.servers import free_port, knot, wait_until

LOOPBACK = (ip_network("127.0.0.0/8"),)
Runs = Callable[..., AbstractContextManager[int]]


@contextmanager
def serving(export: ExportZone, root: Path, port: int) -> Iterator[PrimaryServer]:
    """Run our primary in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = PrimaryServer(("127.0.0.1", port), Answering([export], root, time.time), ServerLimits())
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(5)
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def verdict(port: int, name: str) -> str:
    """Return what the resolver says of a name: its addresses, or the RCODE's name."""
    reply = Asker(port=port, timeout=2).ask(name, "A")
    return ",".join(reply.rdatas) or reply.rcode_name


@pytest.mark.parametrize(
    ("runs", "key"), [(unbound, None), (unbound_behind_knot, KEY), (bind, KEY), (recursor, KEY)]
)
def test_resolver_blocks_what_the_tier_blocks(
    runs: Runs, key: TransferKey | None, tier: Tier, export: ExportZone, tmp_path: Path
) -> None:
    primary = free_port()
    zone = replace(export, consumers=(Consumer(LOOPBACK, key),), refresh=1, retry=1, journal_share=9)
    folder = ExportFolder(tmp_path, zone)
    first = tier.compile(gambling="||bet.example^", never_block="a.b.bet.example")
    folder.publish(tier.rulings(first), 1000)
    with (
        knot(tmp_path / "knot") as authority,
        serving(zone, tmp_path, primary) as server,
        runs(tmp_path, primary, zone.zone, authority, key) as port,
    ):
        wait_until(lambda: verdict(port, "bet.example") == "NXDOMAIN", "the block")
        assert verdict(port, "www.bet.example") == "NXDOMAIN"
        assert verdict(port, "x.b.bet.example") == "NXDOMAIN", "beside an exception, far below the block"
        assert verdict(port, "b.bet.example") == "NXDOMAIN", "between the block and the exception"
        assert verdict(port, "a.b.bet.example") == "203.0.113.66"
        assert verdict(port, "www.hoc.example") == "192.0.2.1"
        assert server.counts["axfr"] >= 1
        second = tier.compile(gambling="||game.example^", never_block="a.b.bet.example")
        published = folder.publish(tier.rulings(second), 2000)
        notified = replace(zone, consumers=(Consumer(LOOPBACK, key, (("127.0.0.1", port),)),))
        asyncio.run(tell(notified, published.serial, 0.2))
        wait_until(lambda: verdict(port, "game.example") == "NXDOMAIN", "the new block")
        wait_until(lambda: verdict(port, "www.bet.example") == "203.0.113.66", "the end of the old block")
        assert server.counts["ixfr"] >= 1


def test_bind_without_the_key_gets_nothing(tier: Tier, export: ExportZone, tmp_path: Path) -> None:
    primary = free_port()
    zone = replace(export, consumers=(Consumer(LOOPBACK, replace(KEY, secret=b"x" * 32)),))
    ExportFolder(tmp_path, zone).publish(tier.rulings(tier.compile(gambling="||bet.example^")), 1000)
    with (
        knot(tmp_path / "knot") as authority,
        serving(zone, tmp_path, primary) as server,
        bind(tmp_path, primary, zone.zone, authority, KEY) as port,
    ):
        wait_until(lambda: server.counts["bad-signature"], "a refused request")
        assert verdict(port, "bet.example") == "203.0.113.66"
        assert not server.counts["axfr"]
