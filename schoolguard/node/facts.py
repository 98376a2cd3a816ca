"""All that is so at the moment and that workers must be told: passes, used-up budgets, devices, names asked.

It must not know configuration files or lists; it is given the settings in force and tells the workers what
changed. What must survive a restart lies in the state folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from schoolguard.devices.follow import Follower
from schoolguard.devices.model import DeviceSources
from schoolguard.devices.table import Changes
from schoolguard.node.asked import SAVE_SECONDS, AskedNames
from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.node.floor import Floor, synchronised
from schoolguard.node.pass_model import Pass
from schoolguard.node.passes import PassBook
from schoolguard.node.usage import Usage
from schoolguard.policy.meter import Stage
from schoolguard.policy.timetable import day_of
from schoolguard.resolver.metering import Mark
from schoolguard.resolver.present import Granted
from schoolguard.serve.link import Devices, Fact, Passes, Spent
from schoolguard.settings import Settings

_log = logging.getLogger("schoolguard.facts")


class Facts:
    """What one gateway knows beside its configuration.

    ``tell`` sends a fact to every worker; ``check`` raises ``PassRefused`` for a pass that may not be.
    """

    def __init__(self, state: Path, tell: Callable[[Fact], None], check: Callable[[Pass], None]) -> None:
        self._tell = tell
        self._clock = Floor(state)
        self.floor = self._clock.read()
        self.book = PassBook(AuditLog(audit_path(state)), check)
        self.usage = Usage(state, time.time(), time.monotonic())
        self.asked = AskedNames(state)
        self._keep_names = True
        self._sources: DeviceSources | None = None
        self._following: asyncio.Task[None] | None = None
        self._follower: Follower | None = None
        self._found: dict[bytes, bytes] = {}

    def now(self) -> tuple[Fact, ...]:
        """Return every fact, for a worker that begins."""
        return self.passes(), Spent(self.usage.meter.all_used_up()), Devices(dict(self._found))

    def passes(self) -> Passes:
        """Return the passes in force and to come."""
        return Passes(tuple(_granted(each) for each in self.book.in_force(time.time())))

    def configured(self, settings: Settings) -> None:
        """Take the settings that are in force from now on."""
        budgets = [b for school in settings.schools for group in school.groups for b in group.budgets]
        self.usage.set_budgets(budgets)
        self._tell(Spent(self.usage.meter.all_used_up()))
        self._keep_names = settings.keep_names_asked
        if not self._keep_names:
            self.asked.forget()
        if settings.devices != self._sources:
            self._sources = settings.devices
            self._follow(settings.devices)

    def addresses_of(self, mac: bytes) -> list[bytes]:
        """Return the addresses that a device has now."""
        return [address for address, found in self._found.items() if found == mac]

    def identities(self, device: bytes) -> list[bytes]:
        """Return all that a device is known by now, itself among it: its MAC and its addresses."""
        mac = self._found.get(device, device)
        return list(dict.fromkeys((device, mac, *self.addresses_of(mac))))

    def use(self, marks: Iterable[Mark]) -> None:
        """Count that devices used budgets, and tell the workers of those that have none left."""
        marks = tuple(marks)
        if not marks:
            return
        self._tick()
        stages = self.usage.mark(marks)
        if any(stage is Stage.USED_UP for _, _, stage in stages):
            self._tell(Spent(self.usage.meter.all_used_up()))

    def add_names(self, names: Iterable[bytes]) -> None:
        """Take names that were asked for."""
        if self._keep_names:
            self.asked.add(names, day_of(time.time()))

    async def run(self) -> None:
        """Save what must be saved as time goes by, until cancelled."""
        saved_names = saved_clock = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            self._tick()
            steady = time.monotonic()
            if self.usage.due(steady):
                content = self.usage.content(time.time())
                await asyncio.to_thread(self.usage.write, content, steady)
            if steady - saved_names >= SAVE_SECONDS:
                saved_names = steady
                self.asked.save()
            if steady - saved_clock >= SAVE_SECONDS:
                saved_clock = steady
                if synchronised():
                    await asyncio.to_thread(self._clock.save, time.time())

    async def close(self) -> None:
        """Stop following, and save what is not saved yet."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self.usage.save(time.time(), time.monotonic())
        self.asked.save()

    def _tick(self) -> None:
        if self.usage.tick(time.time(), time.monotonic()):
            self._tell(Spent(self.usage.meter.all_used_up()))

    def _follow(self, sources: DeviceSources) -> None:
        if self._following is not None:
            self._following.cancel()
            self._tell(Devices({}, tuple(self._found)))
            self._found.clear()
        self._follower = Follower(sources, self._changed, time.time)
        self._following = asyncio.get_running_loop().create_task(_follow(self._follower), name="devices")

    def _changed(self, changes: Changes) -> None:
        """Take news of devices: what an address used so far counts for its device."""
        renamed = [self.usage.rename(address, mac) for address, mac in changes.set.items()]
        self._found.update(changes.set)
        for address in changes.gone:
            self._found.pop(address, None)
        self._tell(Devices(dict(changes.set), tuple(changes.gone)))
        if any(renamed):
            self._tell(Spent(self.usage.meter.all_used_up()))


async def _follow(follower: Follower) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        try:
            await follower.run()
        except* OSError as errors:
            problem = str(errors.exceptions[0])
            _log.error("devices cannot be followed; groups by MAC stay empty", extra={"problem": problem})


def _granted(granted: Pass) -> Granted:
    return Granted(granted.school, granted.group, granted.device, granted.rule())
