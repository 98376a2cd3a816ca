"""One web server for all tests of following, and in it one publisher a test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.tuf.yard import founded
from tests.intake.trust.served import Static, static_server
from tests.node.following.scene import Box, Hub


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Static]:
    with static_server(tmp_path_factory.mktemp("lighttpd")) as running:
        yield running


@pytest.fixture
def hub(static: Static, tmp_path: Path) -> Hub:
    yard = founded(tmp_path / "hub", time.time())
    yard.partner("viettel", "v1", now=time.time())
    www = static.root / tmp_path.name
    www.symlink_to(yard.served)
    work = tmp_path / "work"
    work.mkdir()
    return Hub(yard, work, f"{static.address}{tmp_path.name}", www)


@pytest.fixture
def box(hub: Hub, tmp_path: Path) -> Iterator[Box]:
    made = Box(hub.publisher(), tmp_path / "state")
    yield made
    made.close()
