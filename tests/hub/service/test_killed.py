"""kill -9 of the publisher at any moment: what was pushed arrives, what is published holds together."""

from __future__ import annotations

import asyncio
import json
import random
import time

from schoolguard.hub.push.bundle import BundleEntry
from schoolguard.hub.push.sending import send
from schoolguard.hub.service.issuing import accepted, issue
from schoolguard.intake.trust.client import Client
from tests.hub.service.office import Office, order
from tests.hub.service.test_lists import count, layers

KILLS = 3


def test_orders_survive_kills_at_any_moment(office: Office) -> None:
    moments = random.Random(3)
    office.start()

    async def killed_meanwhile(number: int) -> bytes:
        home = office.home
        issued = issue(home, order(f"a{number}", number, f"x{number}.example"), [office.signer], time.time())
        sending = asyncio.create_task(send(issued.package, office.sender()))
        await asyncio.sleep(moments.uniform(0.0, 0.25))
        office.kill()
        await asyncio.to_thread(office.start)
        receipt = await asyncio.wait_for(sending, 60)
        accepted(home, issued)
        return receipt

    async def papers(client: Client) -> set[str]:
        news = await client.refresh(time.time())
        assert not news.refused
        for target in client.targets().values():
            await client.fetch(target)
        return set(client.targets())

    for number in range(1, KILLS + 1):
        receipt = json.loads(asyncio.run(killed_meanwhile(number)))
        assert receipt["status"] == "accepted", receipt
        there = office.with_client(papers)
        assert there == {f"orders/viettel/a{each}.json" for each in range(1, number + 1)}


def test_a_compile_that_was_killed_is_done_after_the_start(office: Office) -> None:
    office.start()
    names = [BundleEntry(f"bet{number}.example", provenance=0) for number in range(300)]
    for sequence in range(1, 2):
        names.append(BundleEntry(f"more{sequence}.example", provenance=0))
        assert office.list(office.bundle(names, sequence)[0])["status"] == "accepted"
        time.sleep(0.3)  # where in the compile the kill comes, not what is waited for
        office.kill()
        office.start()
        layers(office, count(sequence))
