"""Keeps one zone as its primaries have it: asks when it is due or notified, takes what is newer.

It must not judge what a zone blocks: the file it keeps is a list like any other, and goes through the same
limits and the same compile. Whatever goes wrong, the last good zone stays.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from schoolguard.intake.transfer.exchange import ask_soa, transfer
from schoolguard.intake.transfer.kept import Kept, KeptZone
from schoolguard.intake.transfer.model import Primary, Transfer, TransferRefused, ZoneState
from schoolguard.intake.transfer.serial import is_newer
from schoolguard.intake.transfer.signatures import Clock
from schoolguard.intake.transfer.soa import Soa
from schoolguard.intake.transfer.timers import Timers, timers_of
from schoolguard.language import N_

WHOLE_INSTEAD = frozenset(
    {"rcode", "wrong-serial", "mismatch", "too-many-changes", "malformed", "after-end", "cut", "silent"}
)
"""Reasons for which a failed IXFR is followed by an AXFR of the same primary. A bad signature is not one."""

_log = logging.getLogger("schoolguard.transfer")

Changed = Callable[[ZoneState], None]


class Secondary:
    """One zone; ``changed`` is told after every round, with a new ``serial`` when another zone is in force.

    ``clock`` gives Unix seconds and ``drawn`` random numbers from 0 to 1.
    """

    def __init__(
        self,
        wanted: Transfer,
        folder: Path,
        changed: Changed,
        *,
        drawn: Callable[[], float],
        clock: Clock = time.time,
    ) -> None:
        self.wanted = wanted
        self.file = KeptZone(folder, wanted.id, wanted.zone)
        self._changed = changed
        self._clock = clock
        self._drawn = drawn
        self._notified = asyncio.Event()
        self._failures = 0
        self._kept = self.file.read()
        self._refreshed = self.file.refreshed() if self._kept else 0.0
        self.state = self._state(clock(), "", "")

    async def run(self) -> None:
        """Keep the zone until cancelled; the first round is at once."""
        while True:
            await self.round()
            await self._wait()

    def notify(self) -> None:
        """Ask soon: a primary said that there is something new."""
        self._notified.set()

    async def round(self) -> ZoneState:
        """Ask all primaries, take what is newer, and return how the zone stands."""
        self._notified.clear()
        primary, refusal = None, None
        try:
            primary = await self._refresh()
            self._failures = 0
        except TransferRefused as error:
            refusal = error
        except OSError as error:
            msgid = N_("the zone cannot be written: {problem}")
            refusal = TransferRefused("storage", msgid, problem=error.strerror or str(error))
        if refusal is not None:
            self._failures += 1
            _log.warning("transfer failed", extra={"zone_id": self.wanted.id, "reason": refusal.reason})
        now = self._clock()
        self.state = self._state(now, refusal.reason if refusal else "", str(refusal or ""))
        if primary is not None:
            self.state = replace(self.state, primary="{}@{}".format(*primary.address))
        self._changed(self.state)
        return self.state

    async def _refresh(self) -> Primary:
        """Return the primary that confirmed or gave the zone; raises ``TransferRefused`` or ``OSError``."""
        if not self.file.path.exists():
            self._kept, self._refreshed = None, 0.0
        found, refusals = await self._serials()
        held = self._kept.soa.serial if self._kept else None
        newer = [each for each in found if held is None or is_newer(each[1].serial, held)]
        for primary, soa in _newest_first(newer):
            try:
                kept = await self._take(primary, soa)
            except TransferRefused as error:
                refusals.append(error)
                continue
            self._kept, self._refreshed = kept, self._clock()
            self.file.confirm(self._refreshed)
            return primary
        for primary, soa in found:
            if soa.serial == held and not newer:
                self._refreshed = self._clock()
                self.file.confirm(self._refreshed)
                return primary
        if found and not newer:
            msgid = N_("the serial went backwards, from {held} to {found}")
            refusals.append(TransferRefused("backwards", msgid, held=held, found=found[0][1].serial))
        raise refusals[-1]

    async def _serials(self) -> tuple[list[tuple[Primary, Soa]], list[TransferRefused]]:
        asked = [ask_soa(each, self.wanted.zone, self.wanted.limits) for each in self.wanted.primaries]
        results = await asyncio.gather(*asked, return_exceptions=True)
        found, refusals = [], []
        for primary, result in zip(self.wanted.primaries, results, strict=True):
            if isinstance(result, TransferRefused):
                refusals.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                found.append((primary, result))
        return found, refusals

    async def _take(self, primary: Primary, announced: Soa) -> Kept:
        held = self._kept.soa if self._kept else None
        if held is not None:
            try:
                return await self._transfer(primary, announced, held)
            except TransferRefused as error:
                if error.reason not in WHOLE_INSTEAD:
                    raise
                _log.info("whole zone instead", extra={"zone_id": self.wanted.id, "reason": error.reason})
        return await self._transfer(primary, announced, None)

    async def _transfer(self, primary: Primary, announced: Soa, held: Soa | None) -> Kept:
        limits, zone = self.wanted.limits, self.wanted.zone
        with self.file.writer() as writer:
            incoming = await transfer(primary, zone, held, writer, limits, self._clock)
            soa = incoming.soa
            if soa is None or is_newer(announced.serial, soa.serial) or self._is_older(soa):
                msgid = N_("the primary gave serial {found}, though it announced {announced}")
                found = soa.serial if soa else None
                raise TransferRefused("wrong-serial", msgid, found=found, announced=announced.serial)
            # Reading and syncing a large file must not stop the event loop.
            if incoming.difference is None:
                return await _in_thread(writer.install)
        difference = incoming.difference
        return await _in_thread(lambda: self.file.apply(difference, soa))

    def _is_older(self, soa: Soa) -> bool:
        return self._kept is not None and not is_newer(soa.serial, self._kept.soa.serial)

    async def _wait(self) -> None:
        began = self._clock()
        try:
            async with asyncio.timeout(max(0.0, self.state.due - began)):
                await self._notified.wait()
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, began + self.wanted.bounds.notify - self._clock()))

    def _timers(self) -> Timers:
        return timers_of(self._kept.soa if self._kept else None, self.wanted.bounds)

    def _state(self, now: float, reason: str, message: str) -> ZoneState:
        timers, kept = self._timers(), self._kept
        if self._failures:
            due = timers.after_failure(now, self._failures, self._drawn())
        else:
            due = timers.after_success(now, self._drawn()) if self._refreshed else now
        expires = self._refreshed + timers.expire if kept else 0.0
        return ZoneState(
            self.wanted.id,
            self.wanted.zone,
            serial=kept.soa.serial if kept else None,
            refreshed=self._refreshed,
            due=due,
            expires=expires,
            expired=kept is not None and now >= expires,
            records=kept.records if kept else 0,
            reason=reason,
            message=message,
        )


async def _in_thread(work: Callable[[], Kept]) -> Kept:
    """Return what ``work`` does in a thread; a cancellation waits for its end, as the next round would write
    the same file."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _newest_first(found: list[tuple[Primary, Soa]]) -> list[tuple[Primary, Soa]]:
    """Return primaries by serial, the highest first; of equal ones the order of the configuration holds."""
    ordered: list[tuple[Primary, Soa]] = []
    for each in found:
        at = 0
        while at < len(ordered) and not is_newer(each[1].serial, ordered[at][1].serial):
            at += 1
        ordered.insert(at, each)
    return ordered
