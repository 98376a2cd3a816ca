"""Takes turns at the repository: one step at a time in this process, after other processes are done.

Its lock refuses whoever comes second. Here it is waited for, for a person at the keyboard holds it for
seconds at most.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from schoolguard.hub.tuf.repository import Repository, RepositoryFailed

_PAUSE = 0.02


class Turns:
    """One for each repository and process; ``patience`` is in seconds. Only for threads, never for a loop."""

    def __init__(self, repository: Repository, patience: float = 15.0) -> None:
        self._repository = repository
        self._patience = patience
        self._mine = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn; raises ``OSError`` when another process does not end, or came in between."""
        with self._mine:
            self._wait()
            yield

    def _wait(self) -> None:
        until = time.monotonic() + self._patience
        while not self._free():
            if time.monotonic() > until:
                raise OSError(errno.EAGAIN, "another publishing is at work", str(self._repository.folder))
            time.sleep(_PAUSE)

    def _free(self) -> bool:
        try:
            with self._repository.locked():
                return True
        except RepositoryFailed:
            return False
