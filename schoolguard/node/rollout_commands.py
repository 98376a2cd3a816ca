"""The commands of a running gateway on lists on their way: names for its own school, and ways back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.node.commands import Command, Taking
from schoolguard.node.following import Following
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.rollout import Rollout

_NONE = N_("no publisher is followed; schoolguard.yaml names it under `publisher`")
_NOT_PINNED = N_("nothing is pinned")


class RolloutCommands:
    """Answers for the publisher followed now."""

    def __init__(
        self,
        layers: ProvinceLayers,
        following: Callable[[], Following | None],
        rollout: Callable[[], Rollout | None],
    ) -> None:
        self._layers = layers
        self._following = following
        self._rollout = rollout

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name."""
        return {
            "province-preview": self.preview,
            "lists-kept": self.kept,
            "lists-rollback": Taking(self.rollback),
            "lists-release": self.release,
        }

    async def preview(self) -> dict[str, Any]:
        """Tell which names asked here lists on their way would newly block."""
        rollout = self._rollout()
        if rollout is None:
            raise Said(_NONE)
        categories = {category.bit: category.name for category in rollout.settings.categories}
        return {"ok": True, "previews": [_shown(each, categories) for each in rollout.previews]}

    async def kept(self) -> dict[str, Any]:
        """Tell what can be returned to, and what is pinned."""
        installed, pinned = self._layers.installed(), self._layers.kept.pinned()
        sets = self._layers.kept.sets()
        return {
            "ok": True,
            "state": "" if installed is None else installed.state,
            "pinned": None if pinned is None else {"state": pinned.state, "since": pinned.since},
            "kept": [{"state": each.layers.state, "until": each.until} for each in sets],
        }

    async def rollback(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Put a kept state in force and pin it."""
        state = arguments.get("state")
        pinned = await self._now().layers.pin(state if isinstance(state, str) else "", time.time())
        self._now().again()
        return {"ok": True, "state": pinned.state}

    async def release(self) -> dict[str, Any]:
        """Follow the publisher again."""
        if self._layers.kept.pinned() is None:
            raise Said(_NOT_PINNED)
        self._layers.kept.release()
        self._now().again()
        return {"ok": True}

    def _now(self) -> Following:
        following = self._following()
        if following is None:
            raise Said(_NONE)
        return following


def _shown(preview: dict[str, Any], categories: Mapping[int, str]) -> dict[str, Any]:
    names = [
        {"name": name, "category": categories.get(bit, str(bit)), "lists": lists, "learning": learning}
        for name, bit, lists, learning in preview["names"]
    ]
    counts = {word: preview[word] for word in ("state", "former", "judged", "asked", "blocked", "opened")}
    return {**counts, "learning": preview["learning"], "names": names}
