"""The publisher's part in a running gateway: its layers below the gateway's own, and the task.

It must not put anything in force itself: ``install`` is the gateway's way, under the gateway's own lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from schoolguard.intake.model import Publisher
from schoolguard.intake.trust.first import BadFingerprint
from schoolguard.node.commands import Command, Taking
from schoolguard.node.following import Following
from schoolguard.node.following_commands import FollowingCommands
from schoolguard.node.following_state import FollowingState
from schoolguard.node.ordering import Ordering
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.settings import Settings

_log = logging.getLogger("schoolguard.publisher")


class Province:
    """What one gateway has of its publisher; ``paths`` are the layers to judge by, lowest first."""

    def __init__(self, state: Path, ordering: Ordering) -> None:
        self._state = state
        self._ordering = ordering
        self._layers = ProvinceLayers(state / "province" / "layers")
        self.paths = self._layers.ready()
        self.following: Following | None = None
        self._publisher: Publisher | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> FollowingState | None:
        """What is known of following, ``None`` when no publisher is followed."""
        return None if self.following is None else self.following.state

    def below(self, settings: Settings) -> tuple[str, ...]:
        """Return the layers to judge by with these settings: none without a publisher."""
        return self.paths if settings.publisher is not None else ()

    def configured(self, settings: Settings, install: Callable[[tuple[str, ...]], Awaitable[None]]) -> None:
        """Follow the publisher of settings that are in force now, in the background."""
        if settings.publisher == self._publisher:
            return
        self.close()
        self._publisher = settings.publisher
        if settings.publisher is None:
            return
        try:
            self.following = Following(settings.publisher, self._state, self._ordering, install)
        except BadFingerprint as error:  # the configuration's own check lets none through
            _log.error("no publisher is followed", extra={"problem": str(error)})
            return
        self._task = asyncio.get_running_loop().create_task(self.following.run(), name="publisher")
        self._task.add_done_callback(_ended)

    def close(self) -> None:
        """Follow nothing any more; what is in force stays."""
        if self._task is not None:
            self._task.cancel()
        self._task = self.following = None

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name."""
        return FollowingCommands(lambda: self.following).commands()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("following the publisher failed", exc_info=error)
