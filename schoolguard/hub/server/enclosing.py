"""What a notice carries along: the metadata that changed and the orders of the last minutes, read from disk.

With them a gateway has an order by the notice alone; without, it asks five times, one after the other. It
must not judge or sign anything: what it packs is what is published.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.intake.enclosure import enclosed
from schoolguard.intake.trust.names import (
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    is_role_name,
    is_target_name,
    served_metadata,
    served_target,
)

FRESH = 300.0
"""Seconds for which an order or changed metadata are carried along: who was away for longer asks for them."""

_ORDERS = "orders/"
_MOST_ORDERS = 16
_LARGEST_ORDER = 8 << 10
_LARGEST_ROLE = 128 << 10

_log = logging.getLogger("schoolguard.notices")


@dataclass(slots=True)
class _Role:
    """A role's metadata as last read: version, bytes, when they were written, and which orders they list."""

    version: int
    content: bytes
    written: float
    orders: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Enclosing:
    """The enclosures of one repository's notices; ``clock`` gives Unix seconds. One thread at a time."""

    served: Path
    clock: Callable[[], float]
    _root: int = 0
    _roles: dict[str, _Role] = field(default_factory=dict)
    _orders: dict[str, tuple[float, bytes]] = field(default_factory=dict)

    def __call__(self) -> tuple[int, str] | None:
        """Return the timestamp's version and the enclosure that goes with it, None when there is none."""
        try:
            return self._enclosure()
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            _log.error("a notice goes out without files", extra={"problem": repr(error)})
            return None

    def _enclosure(self) -> tuple[int, str] | None:
        timestamp = self._read(served_metadata(TIMESTAMP, None))
        signed = json.loads(timestamp)["signed"]
        number = signed["meta"][f"{SNAPSHOT}.json"]["version"]
        snapshot = self._read(served_metadata(SNAPSHOT, number))
        self._look(json.loads(snapshot)["signed"]["meta"])
        files: dict[str, bytes | None] = {
            served_metadata(TIMESTAMP, None): timestamp,
            served_metadata(SNAPSHOT, number): snapshot,
            served_metadata(ROOT, self._next_root()): None,
        }
        parts = [*((path, content) for path, (_, content) in self._recent()), *self._metadata()]
        while (packed := enclosed({**files, **dict(parts)})) is None and parts:
            parts.pop()
        return None if packed is None else (int(signed["version"]), packed)

    def _look(self, listed: Mapping[str, Mapping[str, Any]]) -> None:
        """Read what changed; the role that changed last goes to the front."""
        for file, described in listed.items():
            role, version = file.removesuffix(".json"), described["version"]
            known = self._roles.get(role)
            if not is_role_name(role) or (known is not None and known.version == version):
                continue
            path = self.served / served_metadata(role, version)
            state = path.stat()
            content = path.read_bytes() if state.st_size <= _LARGEST_ROLE else b""
            orders = _orders_in(content) if role != TARGETS else frozenset()
            read = _Role(version, content, state.st_mtime, orders)
            self._take(read.orders - (known.orders if known else frozenset()))
            self._roles = {role: read, **{each: kept for each, kept in self._roles.items() if each != role}}

    def _take(self, new: frozenset[tuple[str, str]]) -> None:
        for name, digest in new:
            path = served_target(name, digest)
            try:
                state = (self.served / path).stat()
                if state.st_size <= _LARGEST_ORDER and state.st_mtime > self.clock() - FRESH:
                    self._orders[path] = state.st_mtime, (self.served / path).read_bytes()
            except FileNotFoundError:
                continue  # taken back meanwhile

    def _recent(self) -> list[tuple[str, tuple[float, bytes]]]:
        """Return the orders of the last minutes, newest first, and forget the others."""
        fresh = [each for each in self._orders.items() if each[1][0] > self.clock() - FRESH]
        fresh.sort(key=lambda each: each[1][0], reverse=True)
        self._orders = dict(fresh[:_MOST_ORDERS])
        return fresh[:_MOST_ORDERS]

    def _metadata(self) -> list[tuple[str, bytes]]:
        since = self.clock() - FRESH
        fresh = [(role, read) for role, read in self._roles.items() if read.content and read.written > since]
        return [(served_metadata(role, read.version), read.content) for role, read in fresh]

    def _next_root(self) -> int:
        while (self.served / served_metadata(ROOT, self._root + 1)).is_file():
            self._root += 1
        return self._root + 1

    def _read(self, path: str) -> bytes:
        return (self.served / path).read_bytes()


def _orders_in(content: bytes) -> frozenset[tuple[str, str]]:
    targets = json.loads(content)["signed"]["targets"] if content else {}
    return frozenset(
        (name, str(described["hashes"]["sha256"]))
        for name, described in targets.items()
        if name.startswith(_ORDERS) and is_target_name(name)
    )
