"""The folder of fetched lists: ``ID.list``, the last good copy, and ``ID.json``, how it stands.

A new copy stands beside until it is judged.

Every file is written beside, synced and renamed, the list before its state: a kill or a power cut leaves the
old list or the new one. A state that does not fit its list only costs one whole fetch. It must not fetch.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from schoolguard.intake.subscriptions.model import SubscriptionState
from schoolguard.lists.archive import digest_of, sync_folder, write_synced

_PARTIAL = "partial-"
_MOST_STATE = 1 << 16


class KeptLists:
    """The folder; a list is written by one fetch at a time, the gateway's or a command's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def clear(self, wanted: Iterable[str]) -> None:
        """Delete what a killed fetch left, and lists that nobody wants any more; for the gateway alone."""
        names = {name for list_id in wanted for name in (f"{list_id}.list", f"{list_id}.json")}
        for path in self.folder.iterdir():
            ours = path.name.startswith(_PARTIAL) or path.suffix in (".list", ".json")
            if ours and path.name not in names:
                path.unlink()

    @contextmanager
    def writing(self, list_id: str) -> Iterator[None]:
        """Keep other fetches of this list away; raises ``BlockingIOError`` while there is one."""
        with (self.folder / f".{list_id}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def path(self, list_id: str) -> Path:
        """Return where a list stands, whether it is there or not."""
        return self.folder / f"{list_id}.list"

    def packed(self, list_id: str) -> Path:
        """Return where a transfer is written to."""
        return self.folder / f"{_PARTIAL}{list_id}.packed"

    def state(self, list_id: str) -> SubscriptionState:
        """Return how a list stands; a state that cannot be read is none, and costs one whole fetch."""
        try:
            content = (self.folder / f"{list_id}.json").read_bytes()
        except OSError:
            return SubscriptionState()
        return _state_of(content)

    def intact(self, list_id: str, state: SubscriptionState) -> bool:
        """Return whether the list is the one that the state speaks of."""
        path = self.path(list_id)
        try:
            return (
                bool(state.sha256) and path.stat().st_size == state.size and digest_of(path) == state.sha256
            )
        except OSError:
            return False

    def fresh(self, list_id: str) -> Path:
        """Return where a new copy stands until it is judged."""
        return self.folder / f"{_PARTIAL}{list_id}.list"

    def write_fresh(self, list_id: str, blocks: Iterator[bytes]) -> str:
        """Write a new copy to be judged, and return its SHA-256; what ``blocks`` raises changes no list."""
        digest = hashlib.sha256()
        with self.fresh(list_id).open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()

    def install(self, list_id: str) -> tuple[str, int]:
        """Make the new copy the list; return its SHA-256 and size, after what judging left out of it."""
        fresh = self.fresh(list_id)
        digest, size = digest_of(fresh), fresh.stat().st_size
        fresh.replace(self.path(list_id))
        sync_folder(self.folder)
        return digest, size

    def note(self, list_id: str, state: SubscriptionState) -> None:
        """Write down how a list stands; raises ``OSError``."""
        content = json.dumps(asdict(state), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        write_synced(self.folder / f"{list_id}.json", content.encode())


def _state_of(content: bytes) -> SubscriptionState:
    try:
        members = json.loads(content) if len(content) <= _MOST_STATE else None
    except (ValueError, RecursionError):
        return SubscriptionState()
    if not isinstance(members, dict):
        return SubscriptionState()
    empty = SubscriptionState()
    known: dict[str, Any] = {}
    for field in fields(SubscriptionState):
        value = members.get(field.name)
        kind = type(getattr(empty, field.name))
        if type(value) is not kind and not (kind is float and type(value) is int):
            return SubscriptionState()
        known[field.name] = value
    return SubscriptionState(**known)
