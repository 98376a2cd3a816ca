"""A gateway for tests: a store, a way to the repository, and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from schoolguard.intake.trust.client import Client, News
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.limits import Pace
from schoolguard.intake.trust.source import Source
from schoolguard.intake.trust.store import Store
from schoolguard.intake.trust.web import WebSource, session

T = TypeVar("T")
PACE = Pace(grace=20.0, floor=1000.0)


@dataclass
class Gate:
    """A gateway that reads from ``place``: an address, or a folder, which may be a carried copy."""

    folder: Path
    place: str | Path
    root: bytes | None
    carried: bool = False
    pace: Pace = PACE

    @property
    def store(self) -> Store:
        return Store(self.folder)

    def refresh(self, now: float) -> News:
        return self._with_source(lambda source: Client(self.store, source, self.root).refresh(now))

    def fetch(self, target: Target) -> Path:
        return self._with_source(lambda source: Client(self.store, source, self.root).fetch(target))

    def ask(self, work: Callable[[Source], Awaitable[T]]) -> T:
        return self._with_source(work)

    def targets(self) -> dict[str, Target]:
        return Client(self.store, FolderSource(self.folder), self.root).targets()

    def _with_source(self, work: Callable[[Source], Awaitable[T]]) -> T:
        async def run() -> T:
            if isinstance(self.place, Path):
                return await work(FolderSource(self.place, self.carried))
            async with session() as http:
                return await work(WebSource(http, self.place, self.pace))

        return asyncio.run(run())
