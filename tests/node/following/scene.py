"""A publisher founded now, and gateways without workers that follow it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.hub.tuf.compiled import draft_compiled
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.signing import File
from schoolguard.intake.model import Publisher
from schoolguard.intake.notices import Ear
from schoolguard.intake.orders.order import Order
from schoolguard.intake.trust.first import fingerprint
from schoolguard.language import Said
from schoolguard.lists.archive import digest_of
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.delta import delta
from schoolguard.lists.model import ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.following import Following
from schoolguard.node.following_state import FollowingState
from schoolguard.node.ordering import Ordering
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.receipt_sending import Waits
from schoolguard.serve.link import Orders
from tests.hub.tuf.yard import Yard, secrets
from tests.intake.orders.samples import SCHOOLS, below, order

EAR = Ear(patience=5.0, early=0.0, spread=0.0, first=0.05, longest=0.2)
WAITS = Waits(look=0.05, exchange=5.0, first=0.02, longest=0.1)
DAY = 86_400


@dataclass
class Hub:
    """A publisher founded now, one partner, and the layers of its lists; ``www`` is served."""

    yard: Yard
    work: Path
    address: str
    www: Path
    wholes: list[Snapshot] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return fingerprint(self.yard.root())

    def publisher(self, **changes: Any) -> Publisher:
        return Publisher(**{"root": self.root, "url": self.address, "every": 0.1, "jitter": 0.05, **changes})

    def order(self, *orders: Order) -> None:
        """The partner sends orders, which are published."""
        files = {each.path: each.document() for each in orders}
        before = self.yard.repository.published("partner-viettel")
        keep = [path for path in (before.signed.targets if before else ()) if path not in files]
        self.yard.push("viettel", files, ["v1"], time.time(), keep=keep)
        self.yard.publish(time.time())

    def lists(self, *names: str, base: bool = False, publish: bool = True) -> str:
        """Compile a list with names, publish it as a delta or base, and return its state."""
        number = len(self.wholes)
        text = self.work / f"{number}.txt"
        text.write_text("".join(f"{name}\n" for name in names))
        source = ListSource("viettel-gambling", str(text), BY_NAME["gambling"].bit)
        outcome = compile_lists([source], self.work / f"snapshots-{number}", None, now=0)
        whole = Snapshot.open(outcome.path)
        if base or not self.wholes:
            self._add(whole.path, {"kind": "base", "state": whole.state, "follows": ""}, whole.digest)
        if self.wholes:
            made = delta(self.wholes[-1], whole, self.work / f"{number}.delta")
            custom = {"kind": "delta", "state": whole.state, "follows": self.wholes[-1].state}
            self._add(made.path, custom, digest_of(made.path))
        self.wholes.append(whole)
        if publish:
            self.publish()
        return whole.state

    def publish(self) -> None:
        """Sign and publish the layers."""
        now = time.time()
        draft_compiled(self.yard.repository, self.files, secrets("compiled"), now)
        publish(self.yard.repository, secrets(*self.yard.online), now)

    def _add(self, path: Path, custom: dict[str, str], digest: str) -> None:
        packed = self.work / f"{digest}.zst"
        packed.write_bytes(zstandard.compress(path.read_bytes()))
        self.files[f"layers/{digest}.layer.zst"] = File(packed, custom)


@dataclass
class Box:
    """A gateway without workers: what is put in force is noted in ``applied``."""

    publisher: Publisher
    folder: Path
    applied: list[tuple[str, ...]] = field(default_factory=list)
    enforced: list[Orders] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    refuses: bool = False
    imported: FollowingState = field(default_factory=FollowingState)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.ordering = Ordering(self.folder, 0.0, self._tell)
        self.ordering.served = SCHOOLS
        self.following = self.follow()

    def follow(self) -> Following:
        return Following(
            self.publisher,
            self.folder,
            self.ordering,
            self._apply,
            drawn=random.Random(1).random,
            ear=EAR,
            waits=WAITS,
        )

    @property
    def state(self) -> FollowingState:
        return self.following.state

    @property
    def layers(self) -> ProvinceLayers:
        return ProvinceLayers(self.folder / "province" / "layers")

    def blocked(self, name: str) -> bool:
        stack = Stack.open([Path(path) for path in self.layers.ready()])
        return bool(stack.mask(search_key(name)))

    def take(self, folder: Path) -> FollowingState:
        self.imported = asyncio.run(self.following.import_(folder))
        return self.imported

    def problems(self) -> dict[str, str]:
        """What is wrong now with following."""
        return _words(self.state)

    def refused(self) -> dict[str, str]:
        """What was wrong with the copy that was taken last."""
        return _words(self.imported)

    def close(self) -> None:
        self.ordering.book._journal.close()

    async def _apply(self, paths: tuple[str, ...]) -> None:
        if self.refuses:
            raise Said("this gateway does not want it")
        Stack.open([Path(path) for path in paths])
        self.applied.append(paths)
        self.order.append("layers")

    def _tell(self, message: Orders) -> tuple[int, ...]:
        self.enforced.append(message)
        self.order.append("orders")
        return ()


def _words(state: FollowingState) -> dict[str, str]:
    return {what: word for what, (word, _) in state.problems.items()}


def fresh(id: str, sequence: int, *names: str, **changes: Any) -> Order:
    now = int(time.time())
    return order(id, sequence, below(*names), **{"start": now - 60, "expiry": now + DAY, **changes})


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - several conditions of several parts
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(box: Box) -> AsyncIterator[None]:
    task = asyncio.create_task(box.following.run())
    try:
        yield
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def with_following(box: Box, scene: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running(box):
            await scene()

    asyncio.run(run())
