"""The gateways whose receipts count, and their keys: a file of lines, read anew when it changes.

It must not grow by itself: a gateway is enrolled by a person.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from pathlib import Path

_LINE = re.compile(r"([a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?)[ \t]+([0-9a-f]{64})\Z")

_log = logging.getLogger("schoolguard.hub")


class Enrolled:
    """The gateways of one file; lines that are none are told to the log and left out."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._mark: tuple[int, int, int] | None = None
        self._keys: dict[str, bytes] = {}

    def key_of(self, gateway: str) -> bytes | None:
        """Return a gateway's public key, 32 bytes; None for one that is not enrolled."""
        self._refresh()
        return self._keys.get(gateway)

    def names(self) -> Collection[str]:
        """Return the ids of all."""
        self._refresh()
        return self._keys.keys()

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            state = self._path.stat()
            mark = (state.st_ino, state.st_mtime_ns, state.st_size)
            if mark != self._mark:
                self._keys, self._mark = self._read(self._path), mark
        except (OSError, UnicodeDecodeError) as error:
            # Those enrolled before stay enrolled: a receipt refused for a slip of an editor would be lost.
            _log.error("gateways cannot be read", extra={"path": str(self._path), "problem": str(error)})

    def _read(self, path: Path) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            text = line.partition("#")[0].strip()
            match = _LINE.match(text)
            if match:
                found[match[1]] = bytes.fromhex(match[2])
            elif text:
                _log.error("no gateway in this line", extra={"path": str(path), "line": number})
        return found
