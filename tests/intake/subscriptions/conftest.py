"""Fetched lists as they are kept, and the web server that they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.intake.subscriptions.kept import KeptLists
from tests.intake.subscriptions.fixtures import served, trusted, web

__all__ = ["kept", "served", "trusted", "web"]


@pytest.fixture
def kept(tmp_path: Path) -> KeptLists:
    lists = KeptLists(tmp_path / "subscriptions")
    lists.prepare()
    return lists
