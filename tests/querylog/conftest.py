"""Gateways with and without a query log, before an upstream that each test writes itself."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from schoolguard.querylog.asking import ask_log
from tests.hostile import Hostile
from tests.querylog.logs import Log, terms
from tests.servers import Gateway, free_port
from tests.site import Site

Ask = Callable[..., dict[str, Any]]
Scene = Callable[[Log], Coroutine[Any, Any, None]]


def section(**changes: Any) -> dict[str, Any]:
    """Return a ``query-log`` section that is on today, for the primary pupils."""
    today = date.today()
    first, last = today - timedelta(days=2), today + timedelta(days=10)
    written = {
        "reason": "Một vụ bắt nạt qua mạng",
        "requested-by": "Hiệu trưởng Trần Thị Bình",
        "from": first.isoformat(),
        "until": last.isoformat(),
        "groups": ["Học sinh tiểu học"],
    }
    return written | changes


@pytest.fixture
def upstream() -> Iterator[Hostile]:
    """An upstream that says nothing until a test gives it a script."""
    with Hostile() as hostile:
        yield hostile


@pytest.fixture
def new_site(upstream: Hostile, tmp_path: Path) -> Callable[..., Site]:
    """Writes the configuration of ``tests/site.py``, changed."""
    numbers = itertools.count()

    def new(**changes: Any) -> Site:
        folder = tmp_path / f"site{next(numbers)}"
        folder.mkdir()
        servers = [f"127.0.0.1@{upstream.port}"]
        return Site(folder, free_port(), free_port(), **{"upstreams": servers, **changes}).write()

    return new


@pytest.fixture
def ask() -> Ask:
    """Sends a command to a gateway's query log, with who and why."""

    def send(gateway: Gateway, command: str, **arguments: Any) -> dict[str, Any]:
        who = {"by": "Cô Bình", "reason": "Phụ huynh hỏi"}
        return ask_log(gateway.site.state, command, "en", {**who, **arguments})

    return send


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], None]:
    """Runs a scene on a log that is on."""

    async def run(scene: Scene) -> None:
        async with Log(tmp_path) as log:
            await log.log.configured([terms()])
            await scene(log)

    return lambda scene: asyncio.run(run(scene))
