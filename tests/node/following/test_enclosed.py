"""Orders that come with the notice: taken without asking, and believed no more than what was asked for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from schoolguard.hub.server.enclosing import FRESH, Enclosing
from schoolguard.intake.enclosure import opened
from schoolguard.intake.trust.folder import FolderSource
from tests.node.following.scene import Box, Hub, fresh

Files = dict[str, bytes | None]


def carried(hub: Hub, clock: float | None = None) -> Files:
    """Return what a notice of now carries along."""
    found = Enclosing(hub.yard.served, lambda: clock or time.time())()
    assert found is not None
    return opened(found[1])


def look(box: Box, folder: Path, files: Files) -> list[str]:
    """Let the gateway take what a notice brought, the rest from ``folder``; return the orders it has."""
    asyncio.run(box.following.look(FolderSource(folder), files))
    return sorted(kept.order.id for kept in box.ordering.book.latest())


@pytest.fixture
def nothing(hub: Hub, box: Box, tmp_path: Path) -> Path:
    """Return an empty repository, after the gateway has taken a first order from the real one."""
    hub.order(fresh("o1", 1, "a.example"))
    box.take(hub.yard.served)
    folder = tmp_path / "nothing"
    folder.mkdir()
    return folder


def test_an_order_comes_with_the_notice_alone(hub: Hub, box: Box, nothing: Path) -> None:
    hub.order(fresh("o2", 1, "b.example"), fresh("o3", 1, "c.example"))
    assert look(box, nothing, carried(hub)) == ["o1", "o2", "o3"]
    assert box.problems() == {}


@pytest.mark.parametrize("what", ["o2.json", "partner-viettel", "snapshot", "timestamp"])
def test_a_changed_file_is_not_believed_and_asked_for_next_time(
    hub: Hub, box: Box, nothing: Path, what: str
) -> None:
    hub.order(fresh("o2", 1, "b.example"))
    files = carried(hub)
    (path,) = (path for path, content in files.items() if what in path and content)
    content = files[path]
    assert content is not None
    files[path] = content.replace(b"a", b"b", 1)
    assert look(box, nothing, files) == ["o1"]
    assert box.problems()
    assert look(box, hub.yard.served, {}) == ["o1", "o2"]
    assert box.problems() == {}


@pytest.mark.usefixtures("nothing")
def test_what_is_missing_in_the_notice_is_asked_for(hub: Hub, box: Box) -> None:
    hub.order(fresh("o2", 1, "b.example"))
    files = {path: content for path, content in carried(hub).items() if not path.startswith("targets/")}
    assert look(box, hub.yard.served, files) == ["o1", "o2"]


@pytest.mark.usefixtures("nothing")
def test_only_what_is_new_is_carried_along(hub: Hub) -> None:
    hub.order(fresh("o2", 1, "b.example"))
    orders = [path for path in carried(hub) if path.startswith("targets/")]
    assert len(orders) == 2
    later = carried(hub, time.time() + FRESH + 60)
    assert not [path for path in later if path.startswith("targets/")]
    assert any("timestamp" in path for path in later)


def test_a_publisher_that_cannot_be_read_encloses_nothing(tmp_path: Path) -> None:
    assert Enclosing(tmp_path, time.time)() is None
