"""A gateway that follows a publisher over a real web server: order of things, sticks, faults."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from tests.node.following.scene import DAY, Box, Hub, fresh, until, with_following


def test_orders_come_first_then_layers_and_what_is_new_by_polling(hub: Hub, box: Box) -> None:
    first = hub.lists("game.example", "a.example")
    hub.order(fresh("o1", 1, "scam.example"))

    async def scene() -> None:
        await until(lambda: box.state.state == first)
        assert box.order[:2] == ["orders", "layers"]
        assert [kept.order.id for kept in box.ordering.book.latest()] == ["o1"]
        second = hub.lists("game.example", "b.example")
        third = hub.lists("game.example", "c.example")
        hub.order(fresh("o2", 1, "scam2.example"))
        await until(lambda: box.state.state == third)
        await until(lambda: len(box.ordering.book.latest()) == 2)
        assert second != third

    with_following(box, scene)
    assert [box.blocked(f"{name}.example") for name in ("game", "a", "b", "c")] == [True, False, False, True]
    assert box.state.problems == {} or "receipts" in box.problems(), "lighttpd takes no receipts"
    assert box.state.expires["timestamp"] > time.time()
    (kept,) = [kept for kept in box.ordering.book.latest() if kept.order.id == "o2"]
    assert kept.version == 2, "the version of the partner's role"


def test_an_older_copy_and_a_frozen_one_are_refused(hub: Hub, box: Box, tmp_path: Path) -> None:
    hub.lists("a.example")
    old = tmp_path / "old"
    shutil.copytree(hub.yard.served, old)
    newest = hub.lists("b.example")
    box.take(hub.yard.served)
    assert box.take(old).state == newest
    assert box.refused() == {"metadata": "older-than-known"}
    box.take(hub.yard.served)
    assert box.refused() == {}
    (box.folder / "clock").write_text("0")
    late = Box(box.publisher, tmp_path / "late")
    late.ordering._floor = time.time() + 60 * DAY
    late.ordering._wall.raise_floor(time.time() + 60 * DAY)
    late.take(hub.yard.served)
    late.close()
    assert late.refused() == {"metadata": "expired"}


def test_another_root_is_not_taken(hub: Hub, tmp_path: Path) -> None:
    hub.lists("a.example")
    wrong = hub.root[:-1] + ("0" if hub.root[-1] != "0" else "1")
    box = Box(hub.publisher(root=wrong), tmp_path / "state")
    box.take(hub.yard.served)
    box.close()
    assert box.refused() == {"metadata": "wrong-content"}
    assert box.applied == []


def test_one_order_that_cannot_be_fetched_keeps_no_other(hub: Hub, box: Box) -> None:
    hub.order(fresh("o1", 1, "a.example"), fresh("o2", 1, "b.example"))
    (gone,) = (hub.yard.served / "targets" / "orders").glob("viettel/*.o1.json")
    kept = gone.read_bytes()
    gone.unlink()
    box.take(hub.yard.served)
    assert [each.order.id for each in box.ordering.book.latest()] == ["o2"]
    assert box.refused() == {"orders/viettel/o1.json": "absent"}
    gone.write_bytes(kept)
    box.take(hub.yard.served)
    assert box.refused() == {}
    assert len(box.ordering.book.latest()) == 2


def test_a_publisher_that_is_away_is_said_and_followed_again(hub: Hub, box: Box) -> None:
    first = hub.lists("a.example")

    async def scene() -> None:
        await until(lambda: box.state.state == first)
        hub.www.unlink()
        await until(lambda: box.problems().get("metadata") == "absent")
        second = hub.lists("b.example")
        hub.www.symlink_to(hub.yard.served)
        await until(lambda: box.state.state == second)
        await until(lambda: "metadata" not in box.problems())

    with_following(box, scene)


def test_a_copy_is_carried_on(hub: Hub, box: Box, tmp_path: Path) -> None:
    hub.lists("a.example")
    last = hub.lists("b.example")
    hub.order(fresh("o1", 1, "scam.example"))
    box.take(hub.yard.served)
    stick = tmp_path / "stick"
    assert asyncio.run(box.following.export(stick)) > 5
    other = Box(hub.publisher(url=None), tmp_path / "other")
    assert other.take(stick).problems == {}
    other.close()
    assert other.state.state == last
    assert [each.order.id for each in other.ordering.book.latest()] == ["o1"]
