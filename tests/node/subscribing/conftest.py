"""One authority and one web server for all tests of this folder, and a site that fetches from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.intake.subscriptions.https import Authority, Web, authority, nginx
from tests.site import Site


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


def configure(site: Site, *lists: dict[str, Any], **sections: Any) -> None:
    """Write ``lists.yaml`` with the lists of the site, and those that are fetched from loopback."""
    site.write()
    path = site.config / "lists.yaml"
    content = yaml.safe_load(path.read_text()) | sections
    content["lists"] += [{"category": "games", "private-networks": ["127.0.0.0/8"], **each} for each in lists]
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
