"""``schoolguard orders`` against a control socket with a real book behind it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from schoolguard.cli.orders import orders
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.confirming import Gateway, owed
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.key import gateway_key
from schoolguard.intake.orders.order import Lift, Target
from schoolguard.intake.orders.receipt import sign
from schoolguard.intake.orders.scope import Scope
from schoolguard.language import Said
from schoolguard.node.commands import CommandServer
from schoolguard.node.order_commands import NAMES_SHOWN, OrderCommands
from tests.intake.orders.samples import (
    AT_NOW,
    NOW,
    PA_TAN,
    SCHOOLS,
    accept,
    below,
    book_at,
    checks,
    exact,
    lifting,
    order,
)
from tests.site import Site

CHECKS = checks()


def filled(folder: Path) -> OrderBook:
    """Return a book with orders enforced, refused in part, for one school, replaced and lifted."""
    book = book_at(folder)
    accept(
        book,
        order("old", 1, below("game.example")),
        order("partly", 2, below("bad.example", "moet.gov.vn") | exact("www.worse.example")),
        order("there", 3, below("there.example"), scope=Scope(False, frozenset({PA_TAN.commune}))),
        order("elsewhere", 4, below("far.example"), scope=Scope(False, frozenset(), frozenset({"thcs-xa"}))),
        lifting("lift", 5, Lift("old")),
        order("partly", 6, below("bad.example", "moet.gov.vn")),
    )
    overlay = book.overlay(AT_NOW, SCHOOLS, CHECKS)
    receipts = owed(book, Gateway("gw", SCHOOLS, "s 1"), overlay, AT_NOW, NOW + 1.0)
    key = gateway_key(folder / "gateway.key")
    book.outbox.put([(each, sign(each, key)) for each in receipts], NOW)
    return book


def commands(book: OrderBook, clock: Clock = AT_NOW) -> OrderCommands:
    return OrderCommands(book, lambda: clock, lambda: SCHOOLS, lambda: CHECKS)


@contextmanager
def serving(state: Path, clock: Clock) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    server = CommandServer(state / "control.sock", commands(filled(state), clock).commands())
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


@pytest.fixture(params=[AT_NOW], ids=["believed"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    made = Site(tmp_path, 5300, 9153, upstreams=["127.0.0.1@5353"]).write()
    made.state.mkdir(exist_ok=True)
    with serving(made.state, request.param):
        yield made


def run(site: Site, *arguments: str) -> tuple[int, str]:
    given = [*arguments, "--config", str(site.config), "--language", "en"]
    done = CliRunner().invoke(orders, given, catch_exceptions=False)
    return done.exit_code, done.output


def as_json(site: Site, *arguments: str) -> list[dict[str, Any]]:
    code, text = run(site, *arguments, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_what_is_in_force_here(site: Site) -> None:
    assert [each["id"] for each in as_json(site, "in-force")] == ["there", "lift", "partly"]
    assert [each["id"] for each in as_json(site, "in-force", "--all")] == [
        "there",
        "elsewhere",
        "lift",
        "partly",
    ]


def test_the_screen_says_who_where_when_and_what_stays_open(site: Site) -> None:
    code, text = run(site, "in-force")
    assert code == 0
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0].startswith("viettel/there version 3: in force, 2026-")
    assert "there.example" in lines
    assert "Sở Thông tin và Truyền thông: Nghị định 147/2024/NĐ-CP (truc@viettel.example)" in lines
    assert "for: Xã Pa Tần" in lines
    assert "for: the whole province" in lines
    assert "not enforced: moet.gov.vn: in the safety net, which nobody may close" in lines
    assert "no name of its own" in lines
    assert any("enforced by all workers" in line for line in lines)


def test_the_history_of_a_name(site: Site) -> None:
    (old,) = as_json(site, "history", "www.game.example")
    assert (old["state"], old["lifted_by"], old["names"]) == (
        "lifted",
        ["lift"],
        {"all-below": ["game.example"]},
    )
    states = [
        (each["id"], each["sequence"], each["state"]) for each in as_json(site, "history", "Bad.Example")
    ]
    assert states == [("partly", 2, "replaced"), ("partly", 6, "in-force")]
    (worse,) = as_json(site, "history", "worse.example")
    assert worse["names"] == {"exact": ["www.worse.example"]}
    assert as_json(site, "history", "a.www.worse.example") == []
    assert run(site, "history", "nothing.example") == (0, "no order has named it\n")
    assert "lifted by lift" in run(site, "history", "game.example")[1]
    assert "www.worse.example (alone)" in run(site, "history", "worse.example")[1]


def test_what_is_no_name(site: Site) -> None:
    code, text = run(site, "history", "no name")
    assert (code, text) == (1, "Error: 'no name' is no domain name\n")


@pytest.mark.parametrize("site", [Clock(None, 0.0)], indirect=True, ids=["not believed"])
def test_a_clock_that_is_not_believed_is_told(site: Site) -> None:
    code, text = run(site, "in-force")
    assert code == 0
    assert text.startswith("the clock cannot be believed")
    assert [each["id"] for each in as_json(site, "history", "game.example")] == ["old"]


def test_a_long_order_is_cut_and_counted(tmp_path: Path) -> None:
    book = book_at(tmp_path)
    accept(book, order(names=[Target(f"n{i:04}.example") for i in range(NAMES_SHOWN + 1)]))
    answer = asyncio.run(commands(book).in_force({}))
    (told,) = answer["orders"]
    assert len(told["names"]["all-below"]) == NAMES_SHOWN
    assert told["names_count"] == NAMES_SHOWN + 1


def test_arguments_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Said, match="must be a text"):
        asyncio.run(commands(book_at(tmp_path)).history({"name": 5}))
