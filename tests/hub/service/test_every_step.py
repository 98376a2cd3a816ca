"""The publisher dies before each step on the disk; a gateway sees whole states, and the push goes through."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from schoolguard.hub.push.bundle import BundleEntry
from schoolguard.hub.push.package import Unpacked, pack, unpack
from schoolguard.hub.push.receipt import Verdict
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.known import Known, read_known
from schoolguard.hub.service.layers import Layers
from schoolguard.hub.service.list_check import ListCheck
from schoolguard.hub.service.order_check import OrderCheck
from schoolguard.hub.service.reading import read_hub
from schoolguard.hub.service.rolling import Rolling, rolling_of
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed import contents_in
from schoolguard.hub.service.taking import Taking, Told
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.tuf.keys import read_signers
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.signing import File, signed_targets
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.store import Store
from tests.hub.service.office import PARTNER_ID, PASSPHRASE, Office, order
from tests.hub.tuf.killed import every_step, killed_before

EVERY = 17
"""A compile runs other programs at every try: one step of so many is tried."""


class Bench:
    """A publisher's parts without its server, in a folder that every run gets anew."""

    def __init__(self, office: Office, settings: HubSettings, known: Known) -> None:
        self.master = office.hub
        self.folder = office.folder / "run"
        self.settings = settings
        self.known = known
        self.signers: tuple[CryptoSigner, ...] = read_signers(office.hub / "keys", PASSPHRASE.encode())
        self.root = office.repository.root_bytes(1)

    def anew(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.master, self.folder / "hub")

    @property
    def repository(self) -> Repository:
        return Repository(self.folder / "hub")

    @property
    def rolling(self) -> Rolling:
        return rolling_of(self.folder / "hub", self.settings, Enrolled(None), time.time)

    @property
    def layers(self) -> Layers:
        hub, rolling = self.folder / "hub", self.rolling
        return Layers(
            hub / "layers",
            self.repository,
            Turns(self.repository),
            self.signers,
            rolling.wholes,
            self.settings.layers,
            time.time,
            rolling,
            contents_in(hub, self.settings),
        )

    def take(self, push: Unpacked) -> Verdict:
        rolling = self.rolling
        lists = ListCheck(rolling.wholes, self.known.lists, Limits(), self.layers.stack, rolling.in_force)
        told = Told(lambda _papers, _now: None, lambda _version: None, lambda: None)
        turns, checks = Turns(self.repository), OrderCheck(self.known.orders)
        taking = Taking(self.repository, turns, self.signers, lists, checks, told, time.time)
        return taking(push)

    def started(self) -> None:
        """Do what the publisher does first when it starts again."""
        publish(self.repository, self.signers, time.time())

    def seen(self) -> set[str]:
        """Return what a gateway that never was here sees, all of it fetched."""

        async def look() -> set[str]:
            store = Store(self.folder / "gateway")
            client = Client(store, FolderSource(self.repository.served), self.root)
            news = await client.refresh(time.time())
            assert not news.refused
            for target in client.targets().values():
                await client.fetch(target)
            return set(client.targets())

        return asyncio.run(look())


def bench(office: Office) -> Bench:
    office.configure()
    settings = read_hub(office.hub)
    return Bench(office, settings, read_known(settings))


def pushed(office: Office, files: dict[str, Path]) -> Unpacked:
    now = time.time()
    listed = {path: File(file) for path, file in files.items()}
    metadata = signed_targets(office.home.metadata, listed, [office.signer], now, PARTNER)
    with office.home.package.open("wb") as out:
        pack(out, PARTNER_ID, int(now), metadata, list(files.items()))
    return unpack(office.home.package, PARTNER_ID, office.folder / "unpacked")


def push_of_both(office: Office) -> Unpacked:
    sent = order("a1", 1, "bet.example")
    written = office.folder / "order.json"
    written.write_bytes(sent.document())
    bundle = office.bundle([BundleEntry(f"bet{number}.example") for number in range(50)])[0]
    return pushed(office, {sent.path: written, "lists/viettel/gambling.sgl.zst": bundle})


def test_a_push_is_taken_whole_or_not_whatever_step_it_dies_at(office: Office) -> None:
    run, push = bench(office), push_of_both(office)
    both, steps = {"orders/viettel/a1.json", "lists/viettel/gambling.sgl.zst"}, 0
    for step in every_step(lambda: run.take(push), run.anew):
        assert run.seen() in (set(), both), f"half of it is seen after a death at step {step}"
        run.started()
        assert run.take(push).reasons == ()
        assert run.seen() == both
        steps = step
    assert steps > 10


def test_layers_are_whole_or_not_there_whatever_step_they_die_at(office: Office) -> None:
    run = bench(office)
    run.anew()
    assert run.take(push_of_both(office)).reasons == ()
    run.master = office.folder / "master"
    shutil.copytree(run.folder / "hub", run.master)

    def compiled() -> None:
        assert run.layers.update(run.known.lists, Limits()) is not None

    step, tried = 1, 0
    run.anew()
    while killed_before(step, compiled):
        there = {path for path in run.seen() if path.startswith("layers/")}
        assert len(there) <= 1
        run.started()
        if not any(path.startswith("layers/") for path in run.seen()):
            compiled()
        assert run.layers.published().newest
        assert sum(path.startswith("layers/") for path in run.seen()) == 1
        run.anew()
        step, tried = step + EVERY, tried + 1
    assert tried > 1
