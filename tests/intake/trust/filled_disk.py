"""A gateway on a disk that fills: run by a test in a mount namespace whose disk has 256 KiB.

Arguments: the disk, the repository of before, the one of after, the root, the time. Prints what became of
each try.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.errors import StoreFailed
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.store import Store


async def take(disk: Path, served: Path, root: bytes, now: float) -> list[bytes]:
    client = Client(Store(disk), FolderSource(served, carried=False), root)
    await client.refresh(now)
    return [(await client.fetch(target)).read_bytes() for target in client.targets().values()]


def fill(path: Path, left: int) -> None:
    """Leave ``left`` bytes of the disk."""
    with path.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(bytes(1024)):
                pass
        file.truncate(max(file.tell() - left, 0))


def main(disk: Path, old: Path, new: Path, root: bytes, now: float) -> None:
    before = asyncio.run(take(disk, old, root, now))
    filler = disk / "filler"
    for left in (0, 4096, 8192, 16384, 32768):
        fill(filler, left)
        try:
            asyncio.run(take(disk, new, root, now + 60))
            print("took it")
        except StoreFailed:
            print("full")
        assert not Store(disk).saved().damaged
        assert not list((disk / "partial").iterdir()), "the disk is not left full of a part"
    filler.unlink()
    after = asyncio.run(take(disk, new, root, now + 60))
    print("recovered" if sum(map(len, after)) > sum(map(len, before)) else "nothing new")


if __name__ == "__main__":
    _disk, _old, _new, _root = (Path(word) for word in sys.argv[1:5])
    main(_disk, _old, _new, _root.read_bytes(), float(sys.argv[5]))
