"""``schoolguard budget show`` against a control socket with a real meter behind it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from schoolguard.cli.budget import budget
from schoolguard.node.budget_commands import BudgetCommands
from schoolguard.node.commands import CommandServer, Taking
from schoolguard.node.usage import Usage
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import Group, Tier
from tests.site import Site

NOON = 20_000 * 86_400.0 + 5 * 3600
MAC = bytes.fromhex("0200000000aa")
GAMES = Budget("tro-choi", "Trò chơi", 60)
PUPILS = Group("th-a", "Lớp 6A", Tier("thcs", "THCS", "Lower secondary", 0), budgets=(GAMES,))


@contextmanager
def gateway(state: Path) -> Iterator[None]:
    """Answer on the control socket of ``state`` for a device that has used ten minutes."""
    usage = Usage(state, NOON, 0.0)
    usage.set_budgets([GAMES])
    for minute in range(10):
        usage.tick(NOON + minute * 60, minute * 60.0)
        usage.mark([(MAC, "tro-choi")])
    commands = BudgetCommands(usage, lambda: (PUPILS,), {MAC: PUPILS}.get)
    loop = asyncio.new_event_loop()
    server = CommandServer(state / "control.sock", {"budget-show": Taking(commands.show)})
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(server.close())
        loop.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, 5300, 9153, upstreams=["127.0.0.1@5353"]).write()
    state = made.state
    state.mkdir(exist_ok=True)
    with gateway(state):
        yield made


def run(site: Site, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        budget, ["show", "--config", str(site.config), "--language", "en", *arguments], catch_exceptions=False
    )
    return done.exit_code, done.output


def test_the_table(site: Site) -> None:
    code, text = run(site)
    assert code == 0
    assert text.splitlines()[1].split("  ") == [
        "02:00:00:00:00:aa",
        "th-a/Lớp 6A",
        "Trò chơi (tro-choi)",
        "10 min",
        "50 min",
        "open",
    ]


def test_json_of_one_device(site: Site) -> None:
    code, text = run(site, "--device", "02:00:00:00:00:aa", "--group", "Lớp 6A", "--json")
    assert code == 0
    (row,) = json.loads(text)
    assert (row["budget"], row["used"], row["left"], row["stage"]) == ("tro-choi", 10, 50, "open")


def test_a_group_that_is_not_there_is_told(site: Site) -> None:
    code, text = run(site, "--group", "6B")
    assert code == 1
    assert text == "Error: no group '6B'; known are: th-a/Lớp 6A\n"
