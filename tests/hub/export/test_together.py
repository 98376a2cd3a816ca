"""A publisher that serves tiers and gateways that follow them, as the commands run them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from schoolguard.hub.export.model import Consumer, ExportZone, Ruling, Verdict
from schoolguard.hub.export.published import ExportFolder
from schoolguard.hub.export.serving import Serving
from schoolguard.intake.transfer.following import Following
from schoolguard.intake.transfer.model import Primary, TimerBounds, Transfer, ZoneState
from tests.intake.transfer.primaries import KEY
from tests.servers import free_port

BLOCK = Verdict.BLOCK


def test_gateways_follow_two_tiers(tmp_path: Path) -> None:
    async def follow() -> set[tuple[str, int | None]]:
        port, ear, deaf = free_port(), free_port(), free_port()
        loopback = (ip_network("127.0.0.0/8"),)
        consumer = Consumer(loopback, KEY, (("127.0.0.1", ear),))
        zones = [ExportZone(f"{tier}.rpz.test", tier, 8, (consumer,)) for tier in ("thcs", "thpt")]
        zones[1] = replace(zones[1], consumers=(consumer, Consumer(loopback, KEY, (("127.0.0.1", deaf),))))
        folders = [ExportFolder(tmp_path / "out", zone) for zone in zones]
        for folder in folders:
            folder.publish([Ruling("vn.a.", BLOCK, BLOCK)], 1000)
        serving = Serving(zones, [("127.0.0.1", port)], tmp_path / "out", look=0.02, first_wait=0.05)
        primary, bounds = Primary(("127.0.0.1", port), KEY), TimerBounds(notify=0.0)
        wanted = [Transfer(zone.tier, zone.zone, (primary,), bounds=bounds) for zone in zones]
        rounds: asyncio.Queue[ZoneState] = asyncio.Queue()
        following = Following(
            wanted, [("127.0.0.1", ear)], tmp_path / "in", rounds.put_nowait, drawn=lambda: 0.0
        )
        async with asyncio.timeout(20):
            tasks = [asyncio.create_task(serving.run()), asyncio.create_task(following.run())]
            while {state.serial for state in following.states} != {1000}:
                await rounds.get()
            folders[1].publish([Ruling("vn.b.", BLOCK, BLOCK)], 2000)
            while {state.serial for state in following.states} != {1000, 2000}:
                await rounds.get()
            while serving.unheard != {("thpt.rpz.test", ("127.0.0.1", deaf)): 2000}:
                await asyncio.wait(tasks, timeout=0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert serving.counts["axfr"] >= 2
        assert following.notices.counts["taken"] >= 1
        return {(state.id, state.serial) for state in following.states}

    assert asyncio.run(follow()) == {("thcs", 1000), ("thpt", 2000)}
    assert "b.vn CNAME .\n" in (tmp_path / "in" / "thpt.rpz").read_text()
