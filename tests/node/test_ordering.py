"""Takedown orders in a running gateway: in force in every worker, over its death, confirmed by receipts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.order import Order
from schoolguard.intake.orders.receipt import State, read_receipt
from schoolguard.intake.orders.scope import Scope
from schoolguard.node.commands import ask_gateway
from tests.intake.orders.samples import arrived, below, order
from tests.servers import Gateway, serving, wait_until
from tests.site import PRIMARY, STAFF, Site

NewSite = Callable[..., Site]
OTHER = Scope(schools=frozenset({"khac"}))


def keep(site: Site, *orders: Order) -> None:
    """Put orders into the journal of a gateway that does not run."""
    site.state.mkdir(mode=0o700, exist_ok=True)
    journal = Journal(site.state / "orders.log")
    OrderBook(journal).accept(arrived(*orders), time.time(), Clock(time.time()))
    journal.close()


def send(gateway: Gateway, command: str, **arguments: Any) -> dict[str, Any]:
    return ask_gateway(gateway.site.state / "control.sock", command, "vi", arguments)


def closed(gateway: Gateway, name: str, source: str = STAFF) -> bool:
    reply = gateway.asker(source).ask(name)
    return reply.ede is not None and reply.ede[0] == 16


def test_an_order_holds_from_the_first_answer(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path, workers=2)
    now = int(time.time())
    keep(
        site,
        order("o1", 1, below("mxh.example", "help.hoc.example"), start=now - 60, expiry=now + 3600),
        order("o2", 2, below("www.hoc.example"), start=now - 60, expiry=now + 3600, scope=OTHER),
    )
    with serving(site) as gateway:
        for _ in range(4):
            assert closed(gateway, "mxh.example")
            assert closed(gateway, "a.mxh.example", PRIMARY)
            assert not closed(gateway, "help.hoc.example"), "the safety net"
            assert not closed(gateway, "www.hoc.example"), "another school's order"
        (shown,) = send(gateway, "orders-in-force")["orders"]
        assert shown["id"] == "o1"
        before = gateway.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(gateway.workers()) - set(before)) == 2, "new workers")
        for _ in range(4):
            assert closed(gateway, "mxh.example")
        gateway.process.terminate()
        gateway.ended()
    journal = Journal(site.state / "orders.log")
    receipts = {
        receipt.order: receipt
        for receipt, _ in (read_receipt(each.document) for each in OrderBook(journal).outbox.waiting())
    }
    journal.close()
    assert {name: receipt.state for name, receipt in receipts.items()} == {
        "o1": State.ENFORCED,
        "o2": State.ELSEWHERE,
    }
    assert [refused.target.name for refused in receipts["o1"].refused] == ["help.hoc.example"]


def test_an_order_ends_by_itself(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path)
    now = int(time.time())
    keep(site, order("o1", 1, below("mxh.example"), start=now - 60, expiry=now + 8))
    with serving(site) as gateway:
        assert closed(gateway, "mxh.example")
        wait_until(lambda: not closed(gateway, "mxh.example"), "the end of the order")
        assert gateway.asker(STAFF).ask("mxh.example").rdatas == ["203.0.113.66"]
