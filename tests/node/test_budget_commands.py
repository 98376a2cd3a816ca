"""What ``schoolguard budget show`` answers and prints, through a real control socket."""

from __future__ import annotations

import asyncio
import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schoolguard.language import Said
from schoolguard.node.budget_commands import BudgetCommands, budget_lines, device_key, device_text
from schoolguard.node.commands import CommandServer, Taking, ask_gateway
from schoolguard.node.usage import Usage
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import Group, Tier

NOON = 20_000 * 86_400.0 + 5 * 3600
TIER = Tier("thcs", "THCS", "Lower secondary", 0)
GAMES = Budget("tro-choi", "Trò chơi", 60)
ROBLOX = Budget("tro-choi/roblox", "Roblox", 10)
FILMS = Budget("phim", "Phim", 30)
PUPILS = Group("th-a", "Lớp 6A", TIER, (IPv4Network("10.1.0.0/24"),), budgets=(GAMES, ROBLOX))
BOARDERS = Group("th-a", "Nội trú", TIER, (IPv4Network("10.2.0.0/24"),), budgets=(FILMS,))
MAC = bytes.fromhex("0200000000aa")
ADDRESS = bytes([10, 2, 0, 5])
STRANGE = bytes.fromhex("0200000000bb")
GROUP_OF = {MAC: PUPILS, ADDRESS: BOARDERS}


@pytest.fixture
def commands(tmp_path: Path) -> BudgetCommands:
    usage = Usage(tmp_path, NOON, 0.0)
    usage.set_budgets([GAMES, ROBLOX, FILMS])
    for minute in range(10):
        usage.tick(NOON + minute * 60, minute * 60.0)
        usage.mark([(MAC, "tro-choi"), (MAC, "tro-choi/roblox"), (ADDRESS, "phim")])
    usage.mark([(STRANGE, "phim")])
    return BudgetCommands(usage, lambda: (PUPILS, BOARDERS), GROUP_OF.get)


def show(commands: BudgetCommands, **arguments: Any) -> list[dict[str, Any]]:
    answer = asyncio.run(commands.show(arguments))
    assert answer["ok"]
    rows: list[dict[str, Any]] = answer["budgets"]
    return rows


def test_all_that_was_used_today(commands: BudgetCommands) -> None:
    rows = show(commands)
    assert [(row["device"], row["budget"], row["used"], row["left"], row["stage"]) for row in rows] == [
        ("02:00:00:00:00:aa", "tro-choi", 10, 50, "open"),
        ("02:00:00:00:00:aa", "tro-choi/roblox", 10, 0, "used-up"),
        ("10.2.0.5", "phim", 10, 20, "open"),
    ]
    assert rows[0] | {"label": "", "group": ""} == {
        "device": "02:00:00:00:00:aa",
        "group": "",
        "budget": "tro-choi",
        "label": "",
        "minutes": 60,
        "used": 10,
        "left": 50,
        "stage": "open",
    }


@pytest.mark.parametrize("group", ["Nội trú", "nội TRÚ", "th-a/Nội trú"])
def test_one_group(commands: BudgetCommands, group: str) -> None:
    assert [row["device"] for row in show(commands, group=group)] == ["10.2.0.5"]


def test_one_device_has_all_its_budgets_used_or_not(commands: BudgetCommands) -> None:
    GROUP_OF[STRANGE] = PUPILS
    try:
        rows = show(commands, device="02-00-00-00-00-BB")
    finally:
        del GROUP_OF[STRANGE]
    assert [(row["budget"], row["left"]) for row in rows] == [
        ("phim", 30),
        ("tro-choi", 60),
        ("tro-choi/roblox", 10),
    ]


def test_a_device_in_no_known_group_has_what_it_used(commands: BudgetCommands) -> None:
    assert [(row["group"], row["budget"]) for row in show(commands, device="02:00:00:00:00:bb")] == [
        (None, "phim")
    ]
    assert show(commands, device="192.0.2.1") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"group": "6B"}, "no group '6B'; known are: th-a/Lớp 6A, th-a/Nội trú"),
        ({"device": "02:00"}, "neither a MAC"),
        ({"device": "game.vn"}, "neither a MAC"),
        ({"device": 7}, "device is not a text"),
    ],
)
def test_what_cannot_be_meant_is_told(commands: BudgetCommands, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(Said, match=said):
        show(commands, **arguments)


def test_through_the_control_socket(commands: BudgetCommands, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def run() -> tuple[dict[str, Any], dict[str, Any]]:
        server = CommandServer(path, {"budget-show": Taking(commands.show)})
        await server.start()
        good = await asyncio.to_thread(ask_gateway, path, "budget-show", "en", {"group": "Lớp 6A"})
        bad = await asyncio.to_thread(ask_gateway, path, "budget-show", "en", {"group": "x"})
        await server.close()
        return good, bad

    good, bad = asyncio.run(run())
    assert (good["ok"], good["day"], len(good["budgets"])) == (True, "2024-10-04", 2)
    assert bad == {"ok": False, "errors": ["no group 'x'; known are: th-a/Lớp 6A, th-a/Nội trú"]}
    assert "ff.example" not in json.dumps(good)


def test_the_table_for_people(commands: BudgetCommands) -> None:
    lines = list(budget_lines(asyncio.run(commands.show({})), str))
    assert lines[0].split() == ["device", "group", "time", "budget", "used", "left", "state"]
    assert lines[2].split("  ")[0] == "02:00:00:00:00:aa"
    assert "Roblox (tro-choi/roblox)" in lines[2]
    assert lines[2].endswith("10 min  0 min   used up")
    assert len(lines) == 4


def test_nothing_used_yet(tmp_path: Path) -> None:
    commands = BudgetCommands(Usage(tmp_path, NOON, 0.0), lambda: (PUPILS,), GROUP_OF.get)
    lines = list(budget_lines(asyncio.run(commands.show({})), str))
    assert lines == ["no device has used any time budget today (2024-10-04)"]


@settings(max_examples=80)
@given(st.sampled_from([4, 6, 16]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
@example(bytes.fromhex("20010db8000100020000000000000345"))
def test_a_device_is_written_as_it_is_read(key: bytes) -> None:
    assert device_key(device_text(key)) == key


@settings(max_examples=80)
@given(st.text(alphabet="0123456789abcdef:-. ", max_size=20) | st.text(max_size=20))
def test_any_text_is_a_device_or_told(text: str) -> None:
    try:
        key = device_key(text)
    except Said:
        return
    assert len(key) in (4, 6, 16)
