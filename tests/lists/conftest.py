"""A workshop for compiled lists: write list files, compile them, open the snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.lists.compile import Outcome, compile_lists
from schoolguard.lists.model import ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack


class Workshop:
    """List files in one folder, snapshots in another."""

    def __init__(self, folder: Path) -> None:
        self.lists, self.target = folder / "lists", folder / "snapshots"
        self.lists.mkdir()
        self.archive = self.target / "archive"

    def write(self, list_id: str, *lines: str) -> Path:
        """Write a list file, in place as a careless download does."""
        path = self.lists / list_id
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def source(self, list_id: str, category: str = "ads", **settings: Any) -> ListSource:
        """Return a source for the list's file."""
        return ListSource(list_id, str(self.lists / list_id), BY_NAME[category].bit, **settings)

    def compile(self, *sources: ListSource, previous: Path | None = None, now: int = 0) -> Outcome:
        """Compile the sources."""
        return compile_lists(sources, self.target, previous, now=now)

    def snapshot(self, *sources: ListSource) -> Snapshot:
        """Compile the sources and open the result."""
        return Snapshot.open(self.compile(*sources).path)

    @staticmethod
    def names(mask: int) -> set[str]:
        """Return the categories of a mask by name, ``allowed`` and ``never-block`` among them."""
        bits = {"allowed": 62, "never-block": 63} | {c.name: c.bit for c in BY_NAME.values()}
        return {name for name, bit in bits.items() if mask >> bit & 1}

    @classmethod
    def ask(cls, layer: Snapshot | Stack, name: str, qtype: int = 0) -> set[str]:
        """Return the categories of a name by name."""
        return cls.names(layer.mask(search_key(name), qtype))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An empty workshop."""
    return Workshop(tmp_path)
