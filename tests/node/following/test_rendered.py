"""A tier written to a file holds the publisher's layers too, not the gateway's own lists alone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from schoolguard.config.loader import load
from schoolguard.hub.export.writing import Form
from schoolguard.node.compiling import Compiler
from schoolguard.node.writing_out import write_tier
from tests.node.following.scene import Box, Hub
from tests.site import Site


def test_what_the_publisher_lists_is_in_the_file(hub: Hub, box: Box, tmp_path: Path) -> None:
    hub.lists("province.example")
    box.take(hub.yard.served)
    site = Site(tmp_path, 53, 9_253, ["127.0.0.1@9"], state=box.folder).write()
    settings = replace(load(site.config).settings, publisher=box.publisher)
    asyncio.run(Compiler(settings.paths.state).compile(settings))
    file = tmp_path / "hosts"
    done = write_tier(settings, Form.HOSTS, "thcs", None, file, time.time())
    assert {"0.0.0.0 province.example", "0.0.0.0 bet.example"} <= set(file.read_text().splitlines())
    assert done.without_orders is not None
