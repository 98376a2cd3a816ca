"""One authority and one nginx for a folder's tests; conftest files take the fixtures from here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
