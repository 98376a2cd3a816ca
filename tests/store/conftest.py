"""Folders for a store's files, in memory where there is one: hundreds of commits would wait for the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def shelf() -> Iterator[Path]:
    """Return a folder for the tests of a module."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def folder(shelf: Path) -> Path:
    """Return a folder for one test."""
    return Path(tempfile.mkdtemp(dir=shelf))
