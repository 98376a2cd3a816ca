"""Layers that are not enforced here yet, put together beside those that are, and judged by a child process.

It must not put anything in force, nor leave anything behind: the folder lives as long as the judgement.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import reduce
from pathlib import Path
from typing import Any

from schoolguard.categories import SEALED
from schoolguard.intake.trust.client import Client
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.compiling import CompileFailed
from schoolguard.node.province_chain import Layer, route
from schoolguard.node.province_kept import Installed
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.settings import Settings


@asynccontextmanager
async def candidate(
    folder: Path, layers: Sequence[Layer], client: Client, state: str, former: Installed, of: ProvinceLayers
) -> AsyncIterator[tuple[str, ...]]:
    """Give the files that make a state, made of those in force and of what leads on from there.

    Raises what fetching, unpacking and joining layers raise.
    """
    await asyncio.to_thread(_emptied, folder)
    beside = ProvinceLayers(folder, 0)
    try:
        for path in of.paths(former):
            os.link(path, folder / Path(path).name)
        way = route(layers, state, former.state)
        for layer in way:
            packed = await client.fetch(layer.target)
            await asyncio.to_thread(beside.unpack, packed, layer)
        made = await beside.joined(way, former)
        await asyncio.to_thread(beside.check, made)
        yield beside.paths(made)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)


async def judge(settings: Settings, former: Sequence[str], new: Sequence[str]) -> dict[str, Any]:
    """Return what the child process says of new layers on the names asked here; raises ``CompileFailed``."""
    asked = {
        "former": list(former),
        "new": list(new),
        "own": _own(settings.paths.state),
        "state": str(settings.paths.state),
        "blocked": reduce(lambda mask, tier: mask | tier.blocked, settings.tiers, SEALED),
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schoolguard.node.rollout_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await child.communicate(json.dumps(asked).encode())
    except asyncio.CancelledError:
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise
    if child.returncode:
        reason = errors.decode(errors="replace").strip() or str(child.returncode)
        raise CompileFailed("{reason}", reason=reason)
    found: dict[str, Any] = json.loads(output)
    return found


def _own(state: Path) -> list[str]:
    """Return the gateway's own compiled lists."""
    try:
        return [str(current_in(state / "snapshots"))]
    except SnapshotBroken:
        return []


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=not folder.exists())
    folder.mkdir(mode=0o700, parents=True)
