"""Gateways that tests may change, kill and starve, each on a site of its own before one upstream."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
def new_site(upstream: int) -> Callable[..., Site]:
    """Writes the configuration of ``tests/site.py``, changed, into a folder."""
    numbers = itertools.count()

    def new(folder: Path, **changes: Any) -> Site:
        beside = folder / f"site{next(numbers)}"
        beside.mkdir()
        servers = [f"127.0.0.1@{upstream}"]
        return Site(beside, free_port(), free_port(), **{"upstreams": servers, **changes}).write()

    return new


@pytest.fixture
def site(new_site: Callable[..., Site], tmp_path: Path) -> Site:
    """A site for one test."""
    return new_site(tmp_path)


@pytest.fixture
def gateway(site: Site) -> Iterator[Gateway]:
    """A gateway for one test."""
    with serving(site) as running:
        yield running
