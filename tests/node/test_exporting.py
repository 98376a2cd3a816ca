"""The exporting process: what it writes, what orders do to it, and how it fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.hub.export.model import ExportZone
from schoolguard.intake.orders.scope import FIRST_BIT
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import ListSource
from schoolguard.node.exporting import (
    Closed,
    ExportFailed,
    ExportRequest,
    ExportState,
    publish,
    publish_in_child,
    request_from_json,
    request_to_json,
)
from schoolguard.node.exports import Exports
from schoolguard.serve.link import Orders
from schoolguard.settings import TransferSettings

GAMES, TAKEDOWN = BY_NAME["games"], BY_NAME["takedown"].mask
ZONE = ExportZone("thcs.rpz.example", "thcs", GAMES.mask)


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    """A snapshot with one game."""
    path = tmp_path / "games"
    path.write_text("game.example\n")
    source = ListSource("games", str(path), GAMES.bit, format="plain")
    return str(compile_lists([source], tmp_path / "snapshots").path)


def asked(folder: Path, snapshot: str, closed: Closed | None = None, now: float = 5_000.0) -> ExportRequest:
    return ExportRequest(folder / "exports", (snapshot,), (ZONE,), closed or Closed(), now)


def written(folder: Path, state: ExportState) -> set[str]:
    lines = (folder / "exports" / ZONE.zone / f"{state.serial}.rulings").read_text().splitlines()
    return {line.replace("\t", " ") for line in lines}


def test_the_child_writes_what_a_tier_blocks(tmp_path: Path, snapshot: str) -> None:
    (state,) = asyncio.run(publish_in_child(asked(tmp_path, snapshot)))
    assert (state.zone, state.tier, state.serial, state.rulings) == (ZONE.zone, "thcs", 5_000, 1)
    assert written(tmp_path, state) == {"example.game. bb"}
    (again,) = asyncio.run(publish_in_child(asked(tmp_path, snapshot, now=6_000.0)))
    assert again == state, "nothing changed, so nobody need take anything"


def test_orders_for_every_school_are_in_it(tmp_path: Path, snapshot: str) -> None:
    some_schools = 1 << FIRST_BIT
    below = {search_key("closed.example"): TAKEDOWN, search_key("elsewhere.example"): some_schools}
    closed = Closed(below, {search_key("alone.example"): TAKEDOWN})
    (state,) = asyncio.run(publish_in_child(asked(tmp_path, snapshot, closed)))
    assert written(tmp_path, state) == {"example.alone. b-", "example.closed. bb", "example.game. bb"}
    (lifted,) = asyncio.run(publish_in_child(asked(tmp_path, snapshot)))
    assert lifted.serial == state.serial + 1
    assert written(tmp_path, lifted) == {"example.game. bb"}


def test_a_damaged_folder_is_made_anew(tmp_path: Path, snapshot: str) -> None:
    publish(asked(tmp_path, snapshot))
    (tmp_path / "exports" / ZONE.zone / "current.json").write_text("{")
    (state,) = publish(asked(tmp_path, snapshot, now=9_000.0))
    assert (state.serial, state.rulings) == (9_000, 1)


def test_lists_that_cannot_be_read_leave_what_was(tmp_path: Path, snapshot: str) -> None:
    (state,) = publish(asked(tmp_path, snapshot))
    with pytest.raises(ExportFailed, match=r"none\.snapshot"):
        asyncio.run(publish_in_child(asked(tmp_path, str(tmp_path / "none.snapshot"))))
    assert written(tmp_path, state) == {"example.game. bb"}


def test_zones_are_written_anew_when_orders_change(tmp_path: Path, snapshot: str) -> None:
    orders = [Orders(0, {}, {}, {})]

    async def serials() -> list[int]:
        served = TransferSettings(exports=(ZONE,))
        exports = Exports(tmp_path / "exports", served, lambda: orders[0], lambda: 5_000.0)
        writing = asyncio.create_task(exports.write())
        exports.in_force(served, (snapshot,))
        seen: list[int] = []
        async with asyncio.timeout(20):
            for number in (1, 2):
                while [each.rulings for each in exports.states] != [number]:
                    await asyncio.wait({writing}, timeout=0.05)
                seen.append(exports.states[0].serial)
                orders[0] = Orders(number, {search_key("closed.example"): TAKEDOWN}, {}, {})
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        exports.in_force(TransferSettings(), (snapshot,))
        assert exports.states == (), "a zone that is served no more is not shown"
        return seen

    assert asyncio.run(serials()) == [5_000, 5_001]


@settings(max_examples=60)
@given(st.text() | st.recursive(st.integers() | st.text(), st.lists).map(repr))
def test_rubbish_is_no_request(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        request_from_json(text)


def test_a_request_comes_back(tmp_path: Path) -> None:
    request = asked(tmp_path, "/x.snapshot", Closed({"example.a.": TAKEDOWN}, {"example.b.": 1 << 70}))
    assert request_from_json(request_to_json(request)) == request
