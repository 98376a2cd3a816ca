"""One gateway before Unbound and Knot for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Gateway, free_port, knot, serving, unbound
from tests.site import Site


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of an Unbound that resolves the test zones."""
    folder = tmp_path_factory.mktemp("upstream")
    with knot(folder / "knot") as authority, unbound(folder / "unbound", authority) as port:
        yield port


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: int) -> Iterator[Gateway]:
    """A gateway with the configuration of ``tests/site.py``; no test may change it."""
    folder = tmp_path_factory.mktemp("gateway")
    site = Site(folder, free_port(), free_port(), [f"127.0.0.1@{upstream}"])
    with serving(site.write()) as running:
        yield running
    assert running.errors() == []
