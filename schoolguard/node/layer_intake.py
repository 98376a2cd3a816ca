"""Compiled layers that a publisher wants this gateway to enforce, from its targets until it judges by them.

It must not replace what is in force by something that was not checked whole, nor what a person pinned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from schoolguard.intake.trust.client import Client
from schoolguard.language import N_, Said
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.compiling import CompileFailed
from schoolguard.node.following_faults import NOT_TAKEN, word_of
from schoolguard.node.following_state import Told
from schoolguard.node.local_time import clock_text
from schoolguard.node.province_chain import Layer, layers_of, route, state_for
from schoolguard.node.province_kept import Installed, Pin
from schoolguard.node.province_layers import ProvinceLayers

Apply = Callable[[tuple[str, ...]], Awaitable[None]]
"""Puts the publisher's layers, lowest first, in force below the gateway's own lists.

Raises ``Said``, and then the former ones are in force.
"""

_PINNED = N_("lists {state} were pinned here at {time}; release: schoolguard lists rollback --release")


@dataclass(frozen=True, slots=True)
class Whose:
    """The gateway's id and its schools' ids, which decide on its stage."""

    gateway: str
    schools: tuple[str, ...]


class LayerIntake:
    """Brings layers into one folder and in force; one at a time. ``whose`` gives who this gateway is."""

    def __init__(self, layers: ProvinceLayers, apply: Apply, whose: Callable[[], Whose]) -> None:
        self._layers = layers
        self._apply = apply
        self._whose = whose
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

    async def pin(self, typed: str, now: float) -> Pin:
        """Put a kept state in force, and let nothing replace it; raises ``Said``, ``OSError``."""
        async with self._busy:
            former, pinned = self._layers.installed(), self._layers.kept.pinned()
            at_it = former is not None and typed and former.state.startswith(typed)
            goal = former if at_it and former is not None else self._layers.kept.find(typed).layers
            await asyncio.to_thread(self._layers.check, goal)
            await asyncio.to_thread(self._layers.kept.pin, goal.state, now)
            try:
                if goal != former:
                    await self._replace(former, goal)
            except (Said, OSError):
                if pinned is None:
                    self._layers.kept.release()
                else:
                    self._layers.kept.pin(pinned.state, pinned.since)
                raise
            return Pin(goal.state, now)

    async def _bring(self, client: Client, told: Told, now: float) -> bool:
        layers = layers_of(await asyncio.to_thread(client.targets))
        whose = self._whose()
        head = state_for(layers, whose.gateway, whose.schools)
        former = await asyncio.to_thread(self._layers.installed)
        told.change(offered=head or "", state=former.state if former else "")
        if (pin := self._layers.kept.pinned()) is not None:
            told.fault("pinned", "pinned", Said(_PINNED, state=pin.state[:16], time=clock_text(pin.since)))
            return await self._keep_pinned(former, pin)
        told.right("pinned")
        if head is None or (former is not None and former.state == head):
            return False
        try:
            made = await self._made(client, layers, head, self._starts(former))
        except (CompileFailed, SnapshotBroken):
            if former is None:
                raise
            made = await self._made(client, layers, head, {})  # what stands here may be what is damaged
        await self._replace(former, made)
        told.change(state=made.state, installed=now)
        return True

    async def _keep_pinned(self, former: Installed | None, pin: Pin) -> bool:
        """Put back what is pinned, should something else be in force."""
        if former is None or former.state == pin.state:
            return False
        await self._replace(former, self._layers.kept.find(pin.state).layers)
        return True

    def _starts(self, former: Installed | None) -> dict[str, Installed]:
        """Return the states to go on from, or back to: the one in force, and those kept."""
        sets = [each.layers for each in self._layers.kept.sets()]
        return {each.state: each for each in (*sets, *filter(None, [former]))}

    async def _made(
        self, client: Client, layers: Sequence[Layer], head: str, starts: dict[str, Installed]
    ) -> Installed:
        way = route(layers, head, *starts)
        for layer in way:
            if not await asyncio.to_thread(self._layers.has, layer):
                packed = await client.fetch(layer.target)
                await asyncio.to_thread(self._layers.unpack, packed, layer)
        made = await self._layers.joined(way, starts.get(way[0].follows)) if way else starts[head]
        try:
            await asyncio.to_thread(self._layers.check, made)
        except SnapshotBroken:
            await asyncio.to_thread(self._layers.discard, made)
            raise
        return made

    async def _replace(self, former: Installed | None, made: Installed) -> None:
        try:
            await self._apply(self._layers.paths(made))
            if former is not None:
                await asyncio.to_thread(self._layers.kept.replaced, former, made, time.time())
            await asyncio.to_thread(self._layers.commit, made)
        except (Said, OSError):
            await asyncio.to_thread(self._layers.collect, *filter(None, (made, former)))
            raise
        await asyncio.to_thread(self._layers.collect, made)
