"""A tier with blocks, exceptions and names far below them, compiled; and our own primary that serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME, mask_of
from schoolguard.hub.export.model import ExportZone, Left, Ruling
from schoolguard.hub.export.rulings import rulings_of
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Kind, ListSource

BLOCKED = mask_of(["gambling", "adult"])
ZONE = "thcs.rpz.so-gd.example"

Compile = Callable[..., Path]


class Tier:
    """List files in a folder, and the rulings of a tier over them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compile(self, **lists: str) -> Path:
        """Return a snapshot of lists given by category or kind, underscores for hyphens."""
        sources = []
        for word, text in lists.items():
            name = word.replace("_", "-")
            path = self._folder / f"{name}.txt"
            path.write_text("\n".join(text.split()) + "\n")
            kind = Kind(name) if name in tuple(Kind) else Kind.BLOCK
            bit = BY_NAME[name].bit if kind is Kind.BLOCK else 0
            shape = "plain" if kind is not Kind.BLOCK else "adblock"
            sources.append(ListSource(name, str(path), bit, kind, shape, max_shrink=None, max_growth=None))
        return compile_lists(sources, self._folder / "snapshots").path

    def rulings(self, snapshot: Path, overlay: dict[str, int] | None = None) -> Iterator[Ruling]:
        """Yield the tier's rulings."""
        return rulings_of([snapshot], BLOCKED, overlay or {}, self._folder, Left())


@pytest.fixture
def tier(tmp_path: Path) -> Tier:
    """A tier without lists yet."""
    folder = tmp_path / "tier"
    folder.mkdir()
    return Tier(folder)


@pytest.fixture
def export() -> ExportZone:
    """The tier as a zone that nobody may take yet."""
    return ExportZone(ZONE, "thcs", BLOCKED)
