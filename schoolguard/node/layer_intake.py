"""A publisher's newest compiled layers, from its targets until the gateway judges by them.

It must not replace what is in force by something that was not checked whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from schoolguard.intake.trust.client import Client
from schoolguard.language import Said
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.compiling import CompileFailed
from schoolguard.node.following_faults import NOT_TAKEN, word_of
from schoolguard.node.following_state import Told
from schoolguard.node.province_chain import Layer, head_of, layers_of, route
from schoolguard.node.province_layers import Installed, ProvinceLayers

Apply = Callable[[tuple[str, ...]], Awaitable[None]]
"""Puts the publisher's layers, lowest first, in force below the gateway's own lists.

Raises ``Said``, and then the former ones are in force.
"""


class LayerIntake:
    """Brings layers into one folder and in force; one at a time."""

    def __init__(self, layers: ProvinceLayers, apply: Apply) -> None:
        self._layers = layers
        self._apply = apply
        self._busy = asyncio.Lock()

    async def take(self, client: Client, told: Told, now: float) -> bool:
        """Return whether other layers are in force now; it raises nothing, faults are told."""
        async with self._busy:
            try:
                changed = await self._bring(client, told, now)
            except NOT_TAKEN as error:
                told.fault("layers", word_of(error), error)
                return False
            told.right("layers")
            return changed

    async def _bring(self, client: Client, told: Told, now: float) -> bool:
        layers = layers_of(await asyncio.to_thread(client.targets))
        head = head_of(layers)
        former = await asyncio.to_thread(self._layers.installed)
        told.change(offered=head or "", state=former.state if former else "")
        if head is None or (former is not None and former.state == head):
            return False
        try:
            made = await self._made(client, layers, head, former)
        except (CompileFailed, SnapshotBroken):
            if former is None:
                raise
            made = await self._made(client, layers, head, None)  # what stands here may be what is damaged
        await self._replace(former, made)
        told.change(state=made.state, installed=now)
        return True

    async def _made(
        self, client: Client, layers: Sequence[Layer], head: str, former: Installed | None
    ) -> Installed:
        way = route(layers, head, former.state if former else None)
        for layer in way:
            if not await asyncio.to_thread(self._layers.has, layer):
                packed = await client.fetch(layer.target)
                await asyncio.to_thread(self._layers.unpack, packed, layer)
        made = await self._layers.joined(way, former)
        try:
            await asyncio.to_thread(self._layers.check, made)
        except SnapshotBroken:
            await asyncio.to_thread(self._layers.discard, made)
            raise
        return made

    async def _replace(self, former: Installed | None, made: Installed) -> None:
        try:
            await self._apply(self._layers.paths(made))
            await asyncio.to_thread(self._layers.commit, made)
        except (Said, OSError):
            await asyncio.to_thread(self._layers.collect, *filter(None, (made, former)))
            raise
        await asyncio.to_thread(self._layers.collect, made)
