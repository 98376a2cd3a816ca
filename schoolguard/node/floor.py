"""A time that has certainly passed: the last one at which the kernel called its clock synchronised.

It must not set a clock. It is written only when a time service vouches for it, so that a clock which somebody
set to the next century for a minute does not make every later time look past.
"""

from __future__ import annotations

import ctypes
import logging
import os
from pathlib import Path

SAVE_SECONDS = 600.0
_TIME_ERROR = 5
"""What adjtimex(2) returns while no time service has set the clock."""

_TIMEX_SIZE = 208
_log = logging.getLogger("schoolguard.clock")


def synchronised() -> bool:
    """Return whether the kernel says that a time service keeps its clock (adjtimex(2))."""
    timex = ctypes.create_string_buffer(_TIMEX_SIZE + 64)  # modes = 0: only asks
    state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    return state not in (-1, _TIME_ERROR)


class Floor:
    """The time kept in the state folder, Unix seconds."""

    def __init__(self, state: Path) -> None:
        self._path = state / "clock"

    def read(self) -> float:
        """Return the time kept, 0 when none is."""
        try:
            return float(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0.0
        except (OSError, ValueError) as error:
            _log.error("the time kept cannot be read", extra={"file": str(self._path), "problem": str(error)})
            return 0.0

    def save(self, now: float) -> None:
        """Keep ``now``; trouble is logged, the time kept before stays."""
        partial = self._path.with_suffix(".partial")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(f"{now:.0f}\n")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            problem = error.strerror
            _log.error("the time cannot be kept", extra={"file": str(self._path), "problem": problem})
