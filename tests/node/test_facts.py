"""Passes, used-up budgets and names asked in a running gateway: told to every worker, kept over its death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schoolguard.config import load
from schoolguard.node.commands import ask_gateway
from schoolguard.node.usage_file import to_bytes
from schoolguard.policy.counting import Used
from schoolguard.policy.meter import local_day
from tests.ask import Reply
from tests.servers import Gateway, serving, wait_until
from tests.site import PRIMARY, STAFF, THCS, Site

NewSite = Callable[..., Site]
DEVICE = bytes(map(int, STAFF.split(".")))
BUDGET = {"name": "Trò chơi", "minutes": 5, "of": ["category:games"], "reason": "Nghị định 147/2024/NĐ-CP"}


def blocked(reply: Reply) -> bool:
    return reply.rdatas in (["0.0.0.0"], ["192.0.2.80"])


def send(gateway: Gateway, command: str, **arguments: Any) -> dict[str, Any]:
    return ask_gateway(gateway.site.state / "control.sock", command, "vi", arguments)


def grant(gateway: Gateway, **more: Any) -> dict[str, Any]:
    asked = {"group": "Học sinh tiểu học", "allow": ["mxh.example"], "for": "45m", "by": "Cô Hoa"}
    return send(gateway, "pass-grant", **(asked | {"reason": "bài 5"} | more))


def test_a_pass_holds_at_once_and_for_its_group_only(gateway: Gateway) -> None:
    pupil, other = gateway.asker(PRIMARY), gateway.asker(THCS)
    for _ in range(3):
        assert blocked(pupil.ask("mxh.example"))
        assert blocked(other.ask("mxh.example"))
    answer = grant(gateway)
    assert answer["ok"], answer
    wait_until(lambda: not blocked(pupil.ask("mxh.example")), "the pass in the worker")
    assert blocked(other.ask("mxh.example"))
    assert send(gateway, "pass-revoke", id=answer["pass"]["id"], by="Cô Hoa", reason="hết giờ")["ok"]
    wait_until(lambda: blocked(pupil.ask("mxh.example")), "the pass taken back")


def test_a_pass_outlives_worker_control_and_power(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path, workers=2)
    with serving(site) as gateway:
        assert grant(gateway)["ok"]
        pupil = gateway.asker(PRIMARY)
        wait_until(lambda: not blocked(pupil.ask("mxh.example")), "the pass")
        before = gateway.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(gateway.workers()) - set(before)) == 2, "new workers")
        for _ in range(6):
            assert not blocked(pupil.ask("mxh.example"))
        gateway.process.kill()
    with serving(site) as gateway:
        assert not blocked(pupil.ask("mxh.example"))
        assert len(send(gateway, "pass-list")["passes"]) == 1


@pytest.fixture(scope="module")
def locked(new_site: NewSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    lock = {"locked-block": ["khoa.example"], "reason": "Quy định của tỉnh"}
    with serving(new_site(tmp_path_factory.mktemp("locked"), province={"rules": [lock]})) as running:
        yield running


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"allow": ["order.example"]}, "order.example"),
        ({"allow": ["category:takedown"]}, "takedown"),
        ({"allow": ["mxh.example", "a.khoa.example"]}, "Quy định của tỉnh"),
        ({"group": "Lớp 9Z"}, "Lớp 9Z"),
        ({"for": "400h"}, "24"),
        ({"by": " "}, "--by"),
    ],
)
def test_a_pass_that_may_not_be_is_refused_in_words(
    locked: Gateway, more: dict[str, Any], words: str
) -> None:
    answer = grant(locked, **more)
    assert not answer["ok"]
    assert words in " ".join(answer["errors"])
    assert send(locked, "pass-list")["passes"] == []


def test_a_used_up_budget_closes_for_its_device(new_site: NewSite, tmp_path: Path) -> None:
    """Four of five minutes were used before a restart, the last mark three minutes ago."""
    site = new_site(tmp_path, school={"budgets": [BUDGET]})
    (budget,) = load(site.config).settings.schools[0].groups[2].budgets
    site.state.mkdir(mode=0o700, exist_ok=True)
    now = time.time()
    used = [(DEVICE, budget.id, Used(4, 0, False))]
    (site.state / "usage.json").write_bytes(to_bytes(local_day(now), now, 3, used))
    with serving(site) as gateway:
        player, other = gateway.asker(STAFF), gateway.asker("127.0.3.77")
        first = player.ask("game.example")
        assert (first.rdatas, first.ttls) == (["203.0.113.66"], [60])
        wait_until(lambda: player.ask("game.example").answers == [], "the budget used up")
        closed = player.ask("game.example")
        assert closed.ede is not None
        assert "Trò chơi" in closed.ede[1]
        assert other.ask("game.example").rdatas == ["203.0.113.66"]
        rows = send(gateway, "budget-show", device=STAFF)["budgets"]
        assert [(row["left"], row["stage"]) for row in rows] == [(0, "used-up")]


def test_no_name_stands_beside_a_device_in_what_is_kept(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path, school={"budgets": [BUDGET]})
    with serving(site) as gateway:
        for name in ("game.example", "www.hoc.example", "bet.example"):
            gateway.asker(STAFF).ask(name)
        wait_until(lambda: gateway.metric("schoolguard_dns_queries_total") >= 3, "the counts")
        gateway.process.terminate()
        gateway.ended()
    kept = [path for path in site.state.rglob("*") if path.is_file() and path.suffix != ".snapshot"]
    contents = {path: path.read_bytes() for path in kept}
    naming = {path for path, content in contents.items() if b"www.hoc.example" in content}
    telling = {path for path, content in contents.items() if DEVICE.hex().encode() in content}
    assert {path.parent.name for path in naming} == {"asked"}
    assert {path.name for path in telling} == {"usage.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in naming | telling)
    assert not any(STAFF.encode() in content for content in contents.values())


def test_a_broken_audit_log_opens_nothing(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path)
    with serving(site) as gateway:
        assert grant(gateway)["ok"]
        gateway.process.terminate()
        gateway.ended()
    log = site.state / "audit.log"
    log.write_bytes(log.read_bytes().replace("Cô Hoa".encode(), "Cô Hoà".encode()))
    with serving(site) as gateway:
        assert blocked(gateway.asker(PRIMARY).ask("mxh.example"))
        assert not grant(gateway)["ok"]
        assert gateway.command("status")["audit_log"] is not None


def test_assertions_refuse_a_reload(gateway: Gateway) -> None:
    gateway.site.school = {"tests": {"must-block": [{"names": ["www.hoc.example"]}]}}
    gateway.site.write()
    answer = gateway.command("reload")
    assert not answer["ok"]
    assert "www.hoc.example" in " ".join(answer["errors"])
    assert gateway.asker(PRIMARY).ask("www.hoc.example").rcode == 0
