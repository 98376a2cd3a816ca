"""Prints what a repository of ten partners with 50 targets each costs: bytes, requests, CPU.

Run: ``python -m tests.hub.tuf.figures``. CPU is user and kernel of this process, the median of the rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from schoolguard.hub.tuf.accepting import judge_partner_metadata
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.source import Write
from schoolguard.intake.trust.store import Store
from tests.hub.tuf.yard import NOW, Yard, founded

PARTNERS, TARGETS, ROUNDS = 10, 50, 15


@dataclass
class Counted:
    """A folder that counts what is read from it."""

    folder: Path
    carried: bool = False
    reads: list[tuple[str, int]] = field(default_factory=list)

    async def copy(self, path: str, write: Write, *, limit: int, start: int = 0) -> None:
        before = len(self.reads)
        self.reads.append((path, 0))

        def count(block: bytes) -> None:
            self.reads[before] = (path, self.reads[before][1] + len(block))
            write(block)

        await FolderSource(self.folder, carried=False).copy(path, count, limit=limit, start=start)


def cpu(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median of the milliseconds of CPU that the work takes."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def filled(folder: Path) -> Yard:
    yard = founded(folder)
    for number in range(PARTNERS):
        name = f"partner{number}"
        yard.partner(name, *(f"{name}-{key}" for key in range(3)), threshold=2)
        files = {f"lists/{name}/list-{n:03}.sgl.zst": f"{number} {n}".encode() for n in range(TARGETS)}
        yard.push(name, files, [f"{name}-0", f"{name}-1"])
    yard.publish()
    return yard


def main() -> None:
    """Print the figures."""
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        yard = filled(Path(folder) / "hub")
        source = Counted(yard.served)
        client = Client(Store(Path(folder) / "gateway"), source, yard.root())

        def reads(what: str) -> None:
            out(f"{what}: {len(source.reads)} requests, {sum(size for _, size in source.reads)} bytes\n")
            source.reads.clear()

        asyncio.run(client.refresh(NOW))
        for path, size in source.reads:
            out(f"  {path}: {size}\n")
        reads("first refresh")
        asyncio.run(client.refresh(NOW))
        reads("poll without news")
        poll = cpu(lambda: asyncio.run(client.refresh(NOW)))
        order = iter(range(1000))

        def push() -> None:
            name = f"orders/partner3/{next(order)}.json"
            kept = [f"lists/partner3/list-{n:03}.sgl.zst" for n in range(TARGETS)]
            yard.push("partner3", {name: b"{}"}, ["partner3-0", "partner3-1"], keep=kept)

        push()
        yard.publish()
        source.reads.clear()
        asyncio.run(client.refresh(NOW))
        reads("poll with one order of one partner")

        def news() -> None:
            push()
            yard.publish()

        content = yard.repository.published_bytes("partner-partner3") or b""
        judged = cpu(lambda: judge_partner_metadata(yard.repository, "partner-partner3", content, NOW))
        whole = cpu(news)
        out(f"CPU: poll without news {poll:.1f} ms; judging a push {judged:.1f} ms\n")
        out(f"CPU: signing, judging and publishing one order {whole:.1f} ms\n")


if __name__ == "__main__":
    main()
