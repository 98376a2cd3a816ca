"""All transferred zones of a gateway, and the ears for NOTIFY, run together. It must not compile anything.

A configuration that changed is a new ``Following``: cancel the old one's ``run`` and wait for its end first,
so that no two write one file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from schoolguard.intake.transfer.model import Address, Transfer, ZoneState
from schoolguard.intake.transfer.notify import Notices, NotifyListener
from schoolguard.intake.transfer.secondary import Changed, Secondary
from schoolguard.intake.transfer.signatures import Clock


class Following:
    """Keeps zones in ``folder``; ``changed`` and the other arguments are those of ``Secondary``."""

    def __init__(
        self,
        transfers: Iterable[Transfer],
        listen: Iterable[Address],
        folder: Path,
        changed: Changed,
        *,
        drawn: Callable[[], float],
        clock: Clock = time.time,
    ) -> None:
        self._listen = tuple(listen)
        self._zones = {
            each.id: Secondary(each, folder, changed, drawn=drawn, clock=clock) for each in transfers
        }
        self.notices = Notices((zone.wanted for zone in self._zones.values()), self.refresh)

    @property
    def states(self) -> tuple[ZoneState, ...]:
        """How each zone stands, for status and metrics."""
        return tuple(zone.state for zone in self._zones.values())

    def refresh(self, transfer_id: str) -> None:
        """Ask the primaries of a zone soon; raises ``KeyError`` for one that is not followed."""
        self._zones[transfer_id].notify()

    async def run(self) -> None:
        """Follow until cancelled; raises ``OSError`` when an address for NOTIFY cannot be had."""
        async with AsyncExitStack() as ears:
            for endpoint in self._listen:
                await ears.enter_async_context(NotifyListener(endpoint, self.notices))
            async with asyncio.TaskGroup() as group:
                for zone in self._zones.values():
                    group.create_task(zone.run())
