"""The query log as a school has it: turned on, looked into, a device erased, no room, turned off."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner

from schoolguard.cli.querylog import query_log
from tests.hostile import Hostile
from tests.querylog.conftest import Ask, section
from tests.querylog.test_privacy import PUPILS, script
from tests.servers import Gateway, serving, wait_until
from tests.site import Site

TEACHER = "127.0.3.66"


def test_a_school_keeps_a_log_for_a_while(new_site: Callable[..., Site], upstream: Hostile, ask: Ask) -> None:
    upstream.script = script
    site = new_site(school={"query-log": section()}, workers=1)
    with serving(site) as gateway:
        every_query_is_seen_and_nobody_elses(gateway, ask)
        the_command_shows_and_erases(gateway, ask)
        no_room_on_the_disk_keeps_nobody_waiting(gateway, ask)
        turned_off_is_deleted(gateway, ask)


def hits_of(gateway: Gateway) -> float:
    """Return how many queries were answered by a finished reply."""
    return gateway.metric("schoolguard_dns_cache_lookups_total", cache="reply")


def rows(gateway: Gateway, ask: Ask, count: int) -> list[dict[str, Any]]:
    """Return what is found once that is so many."""

    def found() -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = ask(gateway, "search")["found"]
        return entries if len(entries) >= count else []

    entries: list[dict[str, Any]] = wait_until(found, "all queries")
    assert len(entries) == count
    return entries


def every_query_is_seen_and_nobody_elses(gateway: Gateway, ask: Ask) -> None:
    """A finished reply is never given to a client whose group keeps a log; all others get theirs as ever."""
    pupil, teacher = gateway.asker(PUPILS[0]), gateway.asker(TEACHER)
    for _ in range(20):
        assert pupil.ask("tot-a.hoc.example").rdatas == ["192.0.2.1"]
        assert pupil.ask("b.bet.example").rdatas == ["0.0.0.0"]
        teacher.ask("tot-a.hoc.example")
    pupil.ask("tot-a.hoc.example", tcp=True)
    gateway.reload()
    pupil.ask("TOT-a.hoc.example")
    gateway.asker(PUPILS[1]).ask("tot-b.hoc.example")
    entries = rows(gateway, ask, 43)
    said = [(each["name"], each["verdict"], each["cause"]) for each in entries]
    assert said.count(("tot-a.hoc.example", "allowed", "")) == 22
    assert said.count(("b.bet.example", "blocked", "gambling")) == 20
    assert len({each["device"] for each in entries}) == 2
    wait_until(lambda: hits_of(gateway) >= 19, "the counts")
    assert hits_of(gateway) == 19


def the_command_shows_and_erases(gateway: Gateway, ask: Ask) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        where = ("--config", str(gateway.site.config), "--language", "en")
        done = CliRunner().invoke(query_log, [*arguments, *where])
        assert done.exit_code == code, done.output
        return done.output

    who = ("--by", "Cô Bình", "--reason", "Phụ huynh hỏi")
    assert "Một vụ bắt nạt qua mạng" in run("status")
    found = json.loads(run("search", "--json", "--device", PUPILS[1], *who))
    assert [each["name"] for each in found] == ["tot-b.hoc.example"]
    assert "--reason" in run("search", "--by", "Cô Bình", "--reason", " ", code=1)
    assert "erased: 1\n" in run("erase", PUPILS[1], *who)
    assert len({each["device"] for each in rows(gateway, ask, 42)}) == 1


def no_room_on_the_disk_keeps_nobody_waiting(gateway: Gateway, ask: Ask) -> None:
    """The control process may write no file any further; its rows wait, and are there when it may again."""
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (gateway.log.stat().st_size + 4_096, -1))
    pupil = gateway.asker(PUPILS[0])
    for number in range(300):
        assert pupil.ask(f"tot-{number}.hoc.example").rdatas == ["192.0.2.1"]
    wait_until(lambda: any("rows wait" in each["event"] for each in gateway.errors()), "a full disk")
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
    rows(gateway, lambda *told, **asked: ask(*told, most=1_000, **asked), 342)


def turned_off_is_deleted(gateway: Gateway, ask: Ask) -> None:
    site = gateway.site
    site.school = {}
    site.write()
    gateway.reload()
    assert ask(gateway, "status")["on"] == []
    assert not list(site.state.glob("query-log.db*"))
    assert not list((site.state / "query-log.keys").iterdir())
    assert ask(gateway, "search") == {"ok": False, "errors": ["no query log is kept"]}
    hits = hits_of(gateway)
    for _ in range(3):
        gateway.asker(PUPILS[0]).ask("tot-c.hoc.example")
    wait_until(lambda: hits_of(gateway) == hits + 2, "finished replies again")
