"""Lists written by the tests, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schoolguard.lists.formats import read
from schoolguard.lists.model import Entry, ListSource, Report


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., tuple[list[Entry], Report]]:
    """Return a function that reads its text or bytes as a list."""

    def reading(
        content: str | bytes, format_: str = "auto", limit: int = 1000, name: str = "list.txt"
    ) -> tuple[list[Entry], Report]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = Report("test", "")
        source = ListSource("test", str(path), 3, format=format_, max_entries=limit)
        return list(read(source, report)), report

    return reading
