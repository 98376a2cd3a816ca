"""The publisher's part in a running gateway: its layers below the gateway's own, and the task.

It must not put anything in force itself: ``install`` is the gateway's way, under the gateway's own lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from schoolguard.intake.model import Publisher
from schoolguard.intake.rollout.report import Rate
from schoolguard.intake.trust.first import BadFingerprint
from schoolguard.node.commands import Command, Taking
from schoolguard.node.following import Following
from schoolguard.node.following_commands import FollowingCommands
from schoolguard.node.following_state import FollowingState
from schoolguard.node.ordering import Ordering
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.rollout import Rollout
from schoolguard.node.rollout_commands import RolloutCommands
from schoolguard.node.rollout_rates import counted
from schoolguard.node.totals import Totals
from schoolguard.settings import Settings

_log = logging.getLogger("schoolguard.publisher")


class Province:
    """What one gateway has of its publisher; ``paths`` are the layers to judge by, lowest first.

    ``requests`` counts how often somebody had something opened.
    """

    def __init__(self, state: Path, ordering: Ordering, totals: Totals, requests: Callable[[], int]) -> None:
        self._state = state
        self._ordering = ordering
        self._totals = totals
        self._requests = requests
        self._layers = ProvinceLayers(state / "province" / "layers")
        self.paths = self._layers.ready()
        self.following: Following | None = None
        self.rollout: Rollout | None = None
        self._publisher: Publisher | None = None
        self._settings: Settings | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def state(self) -> FollowingState | None:
        """What is known of following, ``None`` when no publisher is followed."""
        return None if self.following is None else self.following.state

    def below(self, settings: Settings) -> tuple[str, ...]:
        """Return the layers to judge by with these settings: none without a publisher."""
        return self.paths if settings.publisher is not None else ()

    def configured(self, settings: Settings, install: Callable[[tuple[str, ...]], Awaitable[None]]) -> None:
        """Follow the publisher of settings that are in force now, in the background.

        Layers that the former settings refused are tried again: the school may have changed what they broke.
        """
        reread, self._settings = settings is not self._settings, settings
        if self.rollout is not None:
            self.rollout.settings = settings
        if settings.publisher == self._publisher:
            if reread and self.following is not None:
                self.following.again()
            return
        self.close()
        self._publisher = settings.publisher
        if settings.publisher is None:
            return
        try:
            self.following = Following(settings.publisher, self._state, self._ordering, install)
            self.rollout = Rollout(settings.publisher, settings, self._counters, time.time)
        except BadFingerprint as error:  # the configuration's own check lets none through
            _log.error("no publisher is followed", extra={"problem": str(error)})
            return
        for name, run in (("publisher", self.following.run), ("publisher: rollout", self.rollout.run)):
            self._tasks.append(asyncio.get_running_loop().create_task(run(), name=name))
            self._tasks[-1].add_done_callback(_ended)

    def close(self) -> None:
        """Follow nothing any more; what is in force stays."""
        for task in self._tasks:
            task.cancel()
        self._tasks, self.following, self.rollout = [], None, None

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name."""
        rollout = RolloutCommands(self._layers, lambda: self.following, lambda: self.rollout)
        return FollowingCommands(lambda: self.following).commands() | rollout.commands()

    def _counters(self) -> Rate:
        return counted(self._totals.queries, self._requests())


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("following the publisher failed", exc_info=error)
