"""What must hold before a gateway starts: its state folder is its own, and what the command line sets.

It must not start anything.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from schoolguard.language import N_, Said
from schoolguard.settings import Endpoint, Settings


class CannotStart(Said):
    """The gateway cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line sets over the configuration; kept over reloads."""

    upstreams: tuple[Endpoint, ...] = ()

    def on(self, settings: Settings) -> Settings:
        """Return the settings with the overrides in them; raises ``CannotStart``."""
        if not self.upstreams:
            return settings
        for server in set(self.upstreams) & set(settings.listeners):
            msgid = N_("--upstream {host}@{port} is this gateway itself; name the resolver behind it")
            raise CannotStart(msgid, host=server.host, port=server.port)
        return replace(settings, upstreams=replace(settings.upstreams, servers=self.upstreams))


def control_path(settings: Settings) -> Path:
    """Return where a gateway's control socket stands."""
    return settings.paths.state / "control.sock"


class only_one:
    """Keep a second gateway off the same state folder; the system lets go when the process dies."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (self._state / "gateway.lock").open("w")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msgid = N_("another gateway runs with {state}; stop it, or set paths.state")
            raise CannotStart(msgid, state=self._state) from error
        except OSError as error:
            msgid = N_(
                "{state}: {problem}; the user with number {uid} must be able to write there, or set"
                " paths.state to another folder"
            )
            raise CannotStart(msgid, state=self._state, problem=error.strerror, uid=os.getuid()) from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
