"""Fixtures that several packages' tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real third-party lists; tests that need it skip when it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SCHOOLGUARD_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"real lists are not at {folder} (set SCHOOLGUARD_DATA)")
    return folder


OVER_HTTP = ("intake", "hub", "node/following")
"""Folders whose tests hold connections of aiohttp when their event loop ends."""

LONGEST = ("node", "hub", "prometheus", "querylog")
"""Folders whose files take the longest."""


def _over_http(item: pytest.Item) -> bool:
    return any(item.path.is_relative_to(_TESTS / folder) for folder in OVER_HTTP)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let aiohttp's transports that outlive a test's loop be no failure of whichever test is running then."""
    ignored = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    for item in filter(_over_http, items):
        item.add_marker(ignored)
    # Shared out by file: were these the last, one process would run them while the others have nothing to do.
    items.sort(key=lambda item: not any(item.path.is_relative_to(_TESTS / part) for part in LONGEST))


@pytest.fixture(autouse=True, scope="module")
def _swept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what such a module left, before the next one could be blamed for it."""
    yield
    if any(request.path.is_relative_to(_TESTS / folder) for folder in OVER_HTTP):
        gc.collect()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: some are made anew in each process, and tests are shared out by name."""
    return argname if isinstance(val, bytes) else None
