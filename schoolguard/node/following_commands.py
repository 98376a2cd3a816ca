"""The commands on a publisher that is followed: a copy that is carried here or away, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.node.commands import Command, Taking
from schoolguard.node.following import Following

_NONE = N_("no publisher is followed; schoolguard.yaml names it under `publisher`")
_FOLDER = N_("an absolute path of a folder belongs here")


class FollowingCommands:
    """Answers for the publisher followed now; ``following`` gives it."""

    def __init__(self, following: Callable[[], Following | None]) -> None:
        self._following = following

    def commands(self) -> dict[str, Command | Taking]:
        """Return the commands by name."""
        return {
            "lists-import": Taking(self.import_),
            "lists-export": Taking(self.export),
            "province-status": self.status,
        }

    async def import_(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Take a carried copy; ``ok`` is whether nothing of it was refused."""
        state = await self._now().import_(_folder(arguments))
        return {"ok": True, "taken": not state.problems, **state.told()}

    async def export(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Write a copy for another gateway."""
        try:
            return {"ok": True, "files": await self._now().export(_folder(arguments))}
        except OSError as error:
            raise Said(N_("{path}: {why}"), path=error.filename, why=error.strerror) from error

    async def status(self) -> dict[str, Any]:
        """Tell how following stands, and by which key the publisher knows this gateway."""
        following = self._now()
        return {"ok": True, "gateway": following.gateway, **following.state.told()}

    def _now(self) -> Following:
        following = self._following()
        if following is None:
            raise Said(_NONE)
        return following


def _folder(arguments: Mapping[str, Any]) -> Path:
    folder = arguments.get("folder")
    if not isinstance(folder, str) or not folder.startswith("/") or "\0" in folder:
        raise Said(_FOLDER)
    return Path(folder)
