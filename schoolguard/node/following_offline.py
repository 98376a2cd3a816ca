"""A copy of a publisher's repository taken where no gateway runs; the next start judges by it.

It must not run beside a gateway: it takes the place of one in the state folder.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from schoolguard.intake.trust.first import BadFingerprint
from schoolguard.language import N_, Said
from schoolguard.node.floor import Floor
from schoolguard.node.following import Following
from schoolguard.node.ordering import Ordering
from schoolguard.node.starting import only_one
from schoolguard.serve.link import Orders
from schoolguard.settings import Settings

_NONE = N_("no publisher is followed; schoolguard.yaml names it under `publisher`")


async def import_offline(settings: Settings, folder: Path) -> dict[str, Any]:
    """Take a carried copy and return what became of it, as the gateway's command does.

    Raises ``Said``: ``CannotStart`` when a gateway runs, ``CannotKeep``, ``KeyUnusable``.
    """
    if settings.publisher is None:
        raise Said(_NONE)
    state = settings.paths.state
    with only_one(state):
        kept = _Kept(state, Floor(state).read(), _nobody_listens)
        try:
            following = Following(settings.publisher, state, kept, _nobody_judges)
        except BadFingerprint as error:
            raise Said("{error}", error=error) from error
        taken = await following.import_(folder)
    return {"ok": True, "taken": not taken.problems, **taken.told()}


class _Kept(Ordering):
    """Orders that are kept for the next start, which enforces and confirms them."""

    async def refresh(self) -> None:
        """Enforce and confirm nothing: there is no worker."""
        await asyncio.sleep(0)


def _nobody_listens(_: Orders) -> tuple[int, ...]:
    return ()


async def _nobody_judges(_: tuple[str, ...]) -> None:
    """Nothing judges by layers now; they are whole and checked, and the next start opens them."""
    await asyncio.sleep(0)
