"""Two queues of judgement: what is small does not wait behind what is large.

An order has some kilobytes and seconds to arrive; a list of millions of names is judged for half a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from schoolguard.hub.push.judging import Accept, Judge
from schoolguard.hub.push.spool import Spool, Upload

SMALL = 1 << 20
"""Bytes up to which a push is judged in the quick lane: 5,000 names of an order have half of it."""


class _Lane(Spool):
    """The uploads of one lane; everything else is the whole spool's."""

    def __init__(self, folder: Path, *, small: bool) -> None:
        super().__init__(folder)
        self._small = small

    def uploads(self, partner: str | None = None) -> Iterator[Upload]:
        """Yield those of this lane that are not judged yet."""
        return (each for each in super().uploads(partner) if (each.length <= SMALL) is self._small)


class Lanes(Judge):
    """A judge that is two: ``PushIntake`` sees one."""

    def __init__(self, folder: Path, accept: Accept, clock: Callable[[], float]) -> None:
        self.spool = Spool(folder)
        self._small = Judge(_Lane(folder, small=True), accept, clock)
        self._large = Judge(_Lane(folder, small=False), accept, clock)

    def put(self, upload: Upload) -> None:
        """Let a complete upload be judged in its lane."""
        self._of(upload).put(upload)

    async def judged(self, upload: Upload, patience: float) -> bool:
        """Return whether an upload's receipt came within ``patience`` seconds."""
        return await self._of(upload).judged(upload, patience)

    async def run(self) -> None:
        """Judge until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            lanes.create_task(self._small.run(), name="small pushes")
            lanes.create_task(self._large.run(), name="large pushes")

    def _of(self, upload: Upload) -> Judge:
        return self._small if upload.length <= SMALL else self._large
