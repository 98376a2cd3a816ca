"""The meter of the time budgets, kept over a restart in a file in the state folder.

It must not decide anything and knows no domain name. Written at most once a minute, so that a process that
is killed loses at most a minute; a file that is damaged or not ours is set aside, and a full disk does not
stop the counting.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from schoolguard.node.usage_file import MAX_BYTES, Saved, UsageBroken, from_bytes, to_bytes
from schoolguard.policy.budgets import Budget
from schoolguard.policy.meter import Meter, Stage

SAVE_SECONDS = 60.0
NAME = "usage.json"
SET_ASIDE = "usage.json.damaged"
_PARTIAL = "usage.json.partial"

_log = logging.getLogger("schoolguard.usage")


class Usage:
    """Counts marks and saves the counts; ``meter`` answers how much is used and left.

    The caller ticks once a second and at once before marks, and saves when it is ``due`` and at the end.
    """

    def __init__(self, state: Path, now: float, steady: float) -> None:
        """Take up what was counted today; ``now`` is Unix seconds, ``steady`` a clock that never jumps."""
        self._state = state
        self._changed = False
        self._failing = False
        self._saved = steady
        self._writing = threading.Lock()
        self.meter = Meter(now, steady)
        if (saved := self._read()) is not None:
            self._resume(saved, now)

    def set_budgets(self, budgets: Iterable[Budget]) -> None:
        """Take the budgets of a new configuration; minutes used of those that stay are kept."""
        self.meter.set_budgets(budgets)

    def tick(self, now: float, steady: float) -> bool:
        """Move to the present; return whether another day is counted now: then every plan may change."""
        if not self.meter.tick(now, steady):
            return False
        self._drop()
        self._changed = True
        return True

    def rename(self, former: bytes, device: bytes) -> bool:
        """Count what an address used to the MAC that became known; return whether a budget is used up now."""
        before = self.meter.used_up(device)
        self.meter.rename(former, device)
        self._changed = True
        return self.meter.used_up(device) != before

    def mark(self, marks: Iterable[tuple[bytes, str]]) -> list[tuple[bytes, str, Stage]]:
        """Count devices and budgets at the time of the last tick; return those that came to a new stage."""
        reached = []
        for device, budget in marks:
            self._changed = True
            if (stage := self.meter.mark(device, budget)) is not None:
                reached.append((device, budget, stage))
        return reached

    def due(self, steady: float) -> bool:
        """Return whether there is something to save and the last attempt is a minute ago."""
        return self._changed and steady - self._saved >= SAVE_SECONDS

    def content(self, now: float) -> bytes:
        """Return what is to be saved: 5 ms of work for 1,000 devices with five budgets each."""
        return to_bytes(self.meter.day, now, self.meter.minute, self.meter.table())

    def save(self, now: float, steady: float) -> bool:
        """Save; return whether it worked. Trouble is logged when it begins and when it ends."""
        return self.write(self.content(now), steady)

    def write(self, content: bytes, steady: float) -> bool:
        """Save ``content``: this part waits for the disk, and may run in a thread."""
        self._saved = steady
        self._changed = False
        try:
            with self._writing:
                _replace(self._state, content)
        except OSError as error:
            self._changed = True
            if not self._failing:
                text = "usage cannot be saved; counting goes on in memory, and saving is tried every minute"
                _log.error(text, extra={"file": str(self._state / NAME), "problem": error.strerror})
            self._failing = True
            return False
        if self._failing:
            _log.info("usage is saved again", extra={"file": str(self._state / NAME)})
        self._failing = False
        return True

    def _resume(self, saved: Saved, now: float) -> None:
        """Go on counting; the age of the last marks is known unless the clock went back meanwhile."""
        ago = int((now - saved.at) // 60) if now >= saved.at else 1 << 20
        back = self.meter.minute - ago
        table = {
            device: {budget: replace(used, last=used.last + back) for budget, used in of_device.items()}
            for device, of_device in saved.table.items()
        }
        if not self.meter.resume(saved.day, table):
            self._drop()

    def _read(self) -> Saved | None:
        path = self._state / NAME
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            return from_bytes(content)
        except FileNotFoundError:
            return None
        except (OSError, UsageBroken) as error:
            self._set_aside(path, error)
            return None

    def _set_aside(self, path: Path, problem: Exception) -> None:
        aside = self._state / SET_ASIDE
        try:
            path.replace(aside)
            kept = str(aside)
        except OSError as error:
            kept = f"it cannot be moved: {error.strerror}"
        text = "the usage of today cannot be read; every budget counts from zero"
        _log.error(text, extra={"file": str(path), "problem": str(problem), "kept": kept})

    def _drop(self) -> None:
        """Remove yesterday's files: who used how much is nobody's business any more."""
        for name in (NAME, SET_ASIDE, _PARTIAL):
            try:
                (self._state / name).unlink(missing_ok=True)
            except OSError as error:
                extra = {"file": str(self._state / name), "problem": error.strerror}
                _log.error("yesterday's usage cannot be removed", extra=extra)


def _replace(folder: Path, content: bytes) -> None:
    """Write the file anew for its owner only, in one step: a reader sees the old one or the new."""
    partial = folder / _PARTIAL
    partial.unlink(missing_ok=True)  # it may be left over, with another mode or owner
    target = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(target, "wb") as file:  # noqa: PTH123 - a descriptor has no path
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / NAME)
    beside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(beside)
    finally:
        os.close(beside)
