"""One authority and one nginx for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schoolguard.intake.subscriptions.kept import KeptLists
from tests.intake.subscriptions.https import Authority, Web, authority, nginx


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, trusted: Authority) -> Iterator[Web]:
    with nginx(tmp_path_factory.mktemp("nginx"), trusted) as web:
        yield web


@pytest.fixture
def web(served: Web) -> Web:
    """Give nginx with an empty folder."""
    for path in served.root.iterdir():
        path.unlink()
    return served


@pytest.fixture
def kept(tmp_path: Path) -> KeptLists:
    lists = KeptLists(tmp_path / "subscriptions")
    lists.prepare()
    return lists
