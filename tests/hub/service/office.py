"""A publisher's folder with keys, one partner's folder, one gateway's key, and the publisher's process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.hub import hub
from schoolguard.hub.push.asking import Sender
from schoolguard.hub.push.bundle import Base, BundleEntry, BundleHeader, Provenance
from schoolguard.hub.push.home import Home, make_home, open_home
from schoolguard.hub.push.package import pack
from schoolguard.hub.push.sending import send
from schoolguard.hub.push.writing import write_bundle
from schoolguard.hub.service.issuing import accepted, issue
from schoolguard.hub.tuf.delegations import add_partner
from schoolguard.hub.tuf.drafts import add_signatures, draft
from schoolguard.hub.tuf.founding import ONLINE, Signers, found
from schoolguard.hub.tuf.keys import new_key, read_signer, read_signers
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository, serialized
from schoolguard.hub.tuf.signing import File, signed_targets, with_signature
from schoolguard.intake.orders.order import Lift, Order, Target, digest_of
from schoolguard.intake.orders.receipt import Receipt, State, sign
from schoolguard.intake.orders.scope import Scope
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.limits import Pace
from schoolguard.intake.trust.names import ROOT, TARGETS
from schoolguard.intake.trust.store import Store
from schoolguard.intake.trust.web import WebSource, session
from tests.hub.tuf.yard import pair, signers
from tests.servers import free_port

PASSPHRASE = "four random words here"
PARTNER_ID = "viettel"
GATEWAY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
PROTECTED = ("moet.gov.vn", "hoc.example")
T = TypeVar("T")


@dataclass
class Office:
    """The publisher's folder is ``hub``, the partner's ``partner``."""

    folder: Path
    port: int = field(default_factory=free_port)
    more: str = ""
    gateways: str = f"gw-1 {GATEWAY.public_key().public_bytes_raw().hex()}\n"
    process: subprocess.Popen[str] | None = None

    @property
    def hub(self) -> Path:
        return self.folder / "hub"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def repository(self) -> Repository:
        return Repository(self.hub)

    @property
    def home(self) -> Home:
        return replace(open_home(self.folder / "partner"), publisher=self.base)

    @property
    def signer(self) -> CryptoSigner:
        return read_signer(self.home.key, PASSPHRASE.encode())

    def configure(self) -> None:
        (self.hub / "never-block.txt").write_text("\n".join(PROTECTED) + "\n")
        (self.hub / "gateways.txt").write_text(self.gateways)
        text = f"listen: 127.0.0.1@{self.port}\nsafety-net: [never-block.txt]\ngateways: gateways.txt\n"
        pace = "" if "rollout:" in self.more else "rollout: {shadow: 0, canary: 0}\n"
        (self.hub / "hub.yaml").write_text(text + pace + self.more)

    def start(self) -> None:
        """Start the publisher and wait until it serves."""
        self.configure()
        words = [sys.executable, "-m", "tests.hub.service.command", "serve", "--hub", str(self.hub)]
        words += ["--passphrase", "env:PASS", "--language", "en"]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                words,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PASS": PASSPHRASE},
            )
        assert self.process.stdout
        assert self.process.stdout.readline().startswith("serving"), (self.folder / "log").read_text()

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.communicate()

    def end(self) -> int:
        assert self.process
        self.process.terminate()
        self.process.communicate(timeout=20)
        return self.process.returncode

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def sender(self) -> Sender:
        signer = self.signer

        def signed(content: bytes) -> bytes:
            return bytes.fromhex(signer.sign(content).signature)

        return Sender(self.base, PARTNER_ID, signer.public_key.keyid, signed, time.time, tries=400, wait=0.05)

    def push(self, package: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(asyncio.run(send(package, self.sender())))
        return found

    def people(self, *names: str) -> str:
        """Make approvers' keys, and return the line of ``hub.yaml`` that names them."""
        folder = self.folder / "people"
        folder.mkdir(exist_ok=True)
        for name in names:
            new_key(folder, name, PASSPHRASE.encode())
        return f"approvers: [{', '.join(f'../people/{name}.pub.json' for name in names)}]\n"

    def run(self, *words: str, person: str | None = None) -> Result:
        """Run a command of the hub beside the publisher; ``person`` signs."""
        key = ["--key", str(self.folder / "people" / f"{person}.key"), "--passphrase", "env:PASS"]
        options = ["--hub", str(self.hub), "--language", "en", *(key if person else ())]
        return CliRunner().invoke(hub, [*words, *options], env={"PASS": PASSPHRASE})

    def agree(self, person: str, name: str = "viettel/gambling") -> Result:
        """Let a person agree to what waits of a list."""
        return self.run("agree", name, "--yes", person=person)

    def lists(self) -> dict[str, dict[str, str]]:
        """Return the content of each list in each stage, as ``hub status`` tells it."""
        told = json.loads(self.run("preview", "--json").stdout)["lists"]
        return {each["list"]: {step["stage"]: step["sha256"] for step in each["steps"]} for each in told}

    def versions(self) -> list[dict[str, Any]]:
        """Return the versions, newest first."""
        found: list[dict[str, Any]] = json.loads(self.run("versions", "--json").stdout)
        return found

    def order(self, order: Order, by: Sequence[CryptoSigner] = ()) -> dict[str, Any]:
        """Push an order and return the receipt."""
        home = self.home
        issued = issue(home, order, by or [self.signer], time.time())
        receipt = self.push(issued.package)
        if receipt["status"] == "accepted":
            accepted(home, issued)
        return receipt

    def list(self, bundle: Path, name: str = "gambling") -> dict[str, Any]:
        """Push a bundle and return the receipt."""
        home, path = self.home, f"lists/{PARTNER_ID}/{name}.sgl.zst"
        before = home.metadata
        keep = [each for each in (json.loads(before)["signed"]["targets"] if before else {}) if each != path]
        metadata = signed_targets(
            before, {path: File(bundle)}, [self.signer], time.time(), PARTNER, keep=keep
        )
        with home.package.open("wb") as out:
            pack(out, PARTNER_ID, int(time.time()), metadata, [(path, bundle)])
        receipt = self.push(home.package)
        if receipt["status"] == "accepted":
            (home.folder / "metadata.json").write_bytes(metadata)
        return receipt

    def bundle(
        self,
        entries: Sequence[BundleEntry],
        sequence: int = 1,
        *,
        category: str = "gambling",
        base: Base | None = None,
    ) -> tuple[Path, str]:
        """Write a bundle and return its path and digest."""
        path = self.folder / f"bundle-{sequence}"
        now = int(time.time())
        header = BundleHeader(PARTNER_ID, "gambling", category, "CC0-1.0", sequence, now, base=base)
        with path.open("wb") as out:
            digest = write_bundle(
                out, header, [Provenance("Phòng ANM", "order", "1/QĐ", now)], sorted(entries, key=token)
            )
        return path, digest

    def with_client(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Let a gateway's client of this repository do something."""

        async def run() -> T:
            root = self.repository.root_bytes(1)
            async with session() as http:
                client = Client(
                    Store(self.folder / "gateway"), WebSource(http, self.base, Pace(5.0, 1.0)), root
                )
                return await work(client)

        return asyncio.run(run())


def token(entry: BundleEntry) -> str:
    return entry.token


def founded(folder: Path) -> Office:
    """Return a publisher that is founded, with a partner taken in, published; not running."""
    office = Office(folder)
    keys = office.hub / "keys"
    keys.mkdir(parents=True, mode=0o700)
    online = {role: Signers([new_key(keys, role, PASSPHRASE.encode())]) for role in ONLINE}
    offline = {ROOT: signers("root-1"), TARGETS: signers("targets-1")}
    found(office.repository, {**offline, **online}, time.time())
    home = make_home(folder / "partner", PARTNER_ID, office.base)
    public = new_key(home.key.parent, PARTNER_ID, PASSPHRASE.encode())
    publish_signed(office)
    add_partner(office.repository, PARTNER_ID, Signers([public]), time.time())
    publish_signed(office)
    return office


def publish_signed(office: Office) -> None:
    for role, name in ((ROOT, "root-1"), (TARGETS, "targets-1")):
        document = draft(office.repository, role)
        if document is not None:
            content = with_signature(serialized(document), pair(name).signer)
            add_signatures(office.repository, role, content)
    publish(office.repository, read_signers(office.hub / "keys", PASSPHRASE.encode()), time.time())


def copied(master: Office, folder: Path) -> Office:
    """Return a publisher of its own with the state of another that does not run."""
    shutil.copytree(master.folder, folder, dirs_exist_ok=True)
    return Office(folder)


def order(id: str, sequence: int, *names: str, lifts: tuple[Lift, ...] = ()) -> Order:
    now = int(time.time())
    targets = frozenset(Target(name) for name in names)
    times = (now, now + 86_400)
    scope = Scope(True)
    return Order(id, sequence, PARTNER_ID, "Sở TTTT", "Điều 1", targets, scope, *times, "0210 000000", lifts)


def receipt_of(document: bytes, order_id: str, sequence: int, enforced: float, number: int = 1) -> bytes:
    told = Receipt(
        *("gw-1", number, PARTNER_ID, order_id, sequence, digest_of(document), int(enforced)),
        *(round(enforced, 3), State.ENFORCED, "", (), 0, ("th-pa-tan",), "schoolguard test"),
    )
    return sign(told, GATEWAY)


async def get(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with http.get(url) as reply:
        found: dict[str, Any] = json.loads(await reply.read())
        return found
