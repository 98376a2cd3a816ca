"""All exported zones on all endpoints, and the word to secondaries when one is new.

It must not make exports.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from schoolguard.hub.export.answering import Answering
from schoolguard.hub.export.model import ExportZone, ServerLimits
from schoolguard.hub.export.notifying import FIRST_WAIT, tell
from schoolguard.hub.export.primary import PrimaryServer
from schoolguard.hub.export.published import ExportFolder
from schoolguard.intake.transfer.model import Address
from schoolguard.intake.transfer.signatures import Clock


class Serving:
    """Serves what ``ExportFolder.publish`` wrote under ``root``, be it by this process or another one.

    ``look`` is how often, in seconds, it looks for new serials. ``unheard`` has the serial that a secondary
    did not confirm, by zone and address.
    """

    def __init__(
        self,
        exports: Iterable[ExportZone],
        listen: Iterable[Address],
        root: Path,
        *,
        limits: ServerLimits | None = None,
        clock: Clock = time.time,
        look: float = 1.0,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self._exports = {each.zone: (each, ExportFolder(root, each)) for each in exports}
        answering = Answering((each for each, _ in self._exports.values()), root, clock)
        self._servers = [PrimaryServer(at, answering, limits or ServerLimits()) for at in listen]
        self._look = look
        self._first_wait = first_wait
        self._told: dict[str, int] = {}
        self.unheard: dict[tuple[str, Address], int] = {}

    @property
    def counts(self) -> Counter[str]:
        """Replies by kind, of all endpoints, for metrics."""
        return sum((server.counts for server in self._servers), Counter())

    async def run(self) -> None:
        """Serve until cancelled; raises ``ExportBroken``, and ``OSError`` for an endpoint in use."""
        async with AsyncExitStack() as sockets, asyncio.TaskGroup() as group:
            for server in self._servers:
                await sockets.enter_async_context(server)
            while True:
                for zone, serial in self._new():
                    self._told[zone] = serial
                    group.create_task(self._tell(zone, serial))
                await asyncio.sleep(self._look)

    def _new(self) -> list[tuple[str, int]]:
        """Return zones whose serial nobody was told yet; after a start these are all."""
        serials = ((zone, folder.current()) for zone, (_, folder) in self._exports.items())
        found = [(zone, published.serial) for zone, published in serials if published]
        return [(zone, serial) for zone, serial in found if self._told.get(zone) != serial]

    async def _tell(self, zone: str, serial: int) -> None:
        answered = await tell(self._exports[zone][0], serial, self._first_wait)
        if self._told[zone] != serial:
            return  # there is a newer one, which everybody is being told
        for address, heard in answered.items():
            self.unheard.pop((zone, address), None)
            if not heard:
                self.unheard[zone, address] = serial
