"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real third-party lists; tests that need it skip when it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SCHOOLGUARD_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"real lists are not at {folder} (set SCHOOLGUARD_DATA)")
    return folder
