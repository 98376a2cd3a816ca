"""The classroom that all tests of this folder share, where browsers and namespaces are to be had."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.browsers.school import school
from tests.browsers.walk import Classroom
from tests.browsers.world import world
from tests.devices.network import network

_NEEDED = ("chromium", "firefox-esr", "certutil", "openssl", "unbound", "bash")


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """Return a classroom with a gateway of the shipped configuration in front of the test's Internet."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [each for each in _NEEDED if shutil.which(each, path=path) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make packages` installs them")
    outside, inside, homes = (tmp_path_factory.mktemp(name) for name in ("world", "school", "homes"))
    with network() as net, world(net, outside) as internet, school(net, inside) as gateway:
        yield Classroom(net, internet, gateway, homes)
