"""Reloads: one that fails changes nothing and says why, one that succeeds loses no query."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import pytest

from tests.ask import Reply
from tests.load import Load, Question
from tests.servers import Gateway, free_port, run_command, serving, wait_until
from tests.site import PRIMARY, STAFF, THPT, Site


def _blocked(reply: Reply) -> bool:
    return reply.rdatas == ["0.0.0.0"] and reply.ede is not None


def _allowed(reply: Reply) -> bool:
    return reply.rdatas[-1:] == ["192.0.2.1"] and reply.ede is None


QUESTIONS = [
    Question("bet.example", PRIMARY, _blocked),
    Question("www.hoc.example", PRIMARY, _allowed),
    Question("game.example", THPT, lambda reply: reply.rcode_name == "NXDOMAIN"),
    Question("alias.hoc.example", STAFF, _allowed),
]


@pytest.fixture(scope="module")
def shared(new_site: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for the reloads that must fail: they change nothing."""
    site: Site = new_site(tmp_path_factory.mktemp("shared"))  # type: ignore[operator]
    with serving(site) as running:
        yield running


def _refused(gateway: Gateway) -> str:
    """Reload, which must fail; check that the former state stays, and return the reasons."""
    before = gateway.command("status")
    refused = gateway.metric("schoolguard_reloads_refused_total")
    answer = gateway.command("reload")
    assert answer["ok"] is False
    assert answer["errors"]
    assert gateway.command("status") == before
    assert gateway.metric("schoolguard_reloads_refused_total") == refused + 1
    assert _blocked(gateway.asker(PRIMARY).ask("bet.example"))
    assert _allowed(gateway.asker(STAFF).ask("www.hoc.example"))
    logged = [record for record in gateway.errors() if record["event"].startswith("reload refused")]
    assert logged[-1]["reasons"]
    return str(answer["errors"])


def test_bad_yaml_is_refused_with_its_place(shared: Gateway) -> None:
    path = shared.site.config / "tiers.yaml"
    good = path.read_text()
    path.write_text(good + "\n  oops: [\n")
    try:
        assert "tiers.yaml:" in _refused(shared)
    finally:
        path.write_text(good)


def test_an_unknown_category_is_refused_with_a_suggestion(shared: Gateway) -> None:
    path = shared.site.config / "tiers.yaml"
    good = path.read_text()
    path.write_text(good.replace("gambling", "gamblin"))
    try:
        reason = _refused(shared)
        assert "gamblin" in reason
        assert "gambling" in reason
    finally:
        path.write_text(good)


@pytest.mark.parametrize("transport", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_in_use_is_refused_and_named(shared: Gateway, transport: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, transport) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        site = shared.site
        former, site.listen = site.listen, [*site.listen, f"127.0.0.1@{port}"]
        site.write()
        try:
            assert str(port) in _refused(shared)
        finally:
            site.listen = former
            site.write()


def test_a_metrics_port_in_use_is_refused_and_named(shared: Gateway) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        path = shared.site.config / "schoolguard.yaml"
        good = path.read_text()
        port = taken.getsockname()[1]
        path.write_text(good.replace(f"@{shared.site.metrics}", f"@{port}"))
        try:
            assert str(port) in _refused(shared)
        finally:
            path.write_text(good)


def test_another_state_folder_is_refused(shared: Gateway) -> None:
    path = shared.site.config / "schoolguard.yaml"
    good = path.read_text()
    path.write_text(good.replace(str(shared.site.state), str(shared.site.folder / "other")))
    try:
        assert "restart" in _refused(shared)
    finally:
        path.write_text(good)


def test_a_broken_list_keeps_its_last_good_copy(gateway: Gateway) -> None:
    """The list is refused whole, the rest of the reload takes effect, and everybody is told."""
    site = gateway.site
    site.lists["games"] = ["game.example", "new-game.hoc.example"]
    site.write()
    (site.blocklists / "gambling.txt").write_text("<!DOCTYPE html>\n<html><body>502</body></html>\n")
    answer = gateway.reload()
    states = {each["id"]: each["state"] for each in answer["lists"]}
    assert states["gambling"] != "fresh"
    assert states["games"] == "fresh"
    assert gateway.command("status")["lists_on_last_good_copy"] == ["gambling"]
    assert gateway.metric("schoolguard_list_last_good", list="gambling") == 1
    assert gateway.metric("schoolguard_list_last_good", list="games") == 0
    assert _blocked(gateway.asker(PRIMARY).ask("bet.example"))
    assert gateway.asker(PRIMARY).ask("new-game.hoc.example").rdatas == ["0.0.0.0"]
    assert any(r.get("list") == "gambling" for r in gateway.errors())
    site.write()
    gateway.reload()
    assert gateway.command("status")["lists_on_last_good_copy"] == []


@pytest.mark.parametrize("way", ["command", "signal"])
def test_what_changes_takes_effect_at_once(gateway: Gateway, way: str) -> None:
    primary, staff = gateway.asker(PRIMARY), gateway.asker(STAFF)
    for _ in range(2):
        assert _allowed(primary.ask("www.hoc.example"))
        assert _blocked(primary.ask("bet.example"))
        assert staff.ask("mxh.example").rdatas == ["203.0.113.66"]
    site = gateway.site
    site.lists["gambling"] = ["other-bet.example"]
    site.groups[0]["rules"] = [{"block": ["www.hoc.example"], "reason": "Bài học"}]
    site.tiers["staff"].append("social")
    site.write()
    generation = gateway.command("status")["generation"]
    if way == "command":
        gateway.reload()
    else:
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: gateway.command("status")["generation"] > generation, "the reload by SIGHUP")
    assert _blocked(primary.ask("www.hoc.example"))
    assert primary.ask("bet.example").rdatas == ["203.0.113.66"]
    assert staff.ask("mxh.example").answers == []


def test_listeners_are_added_and_removed(gateway: Gateway) -> None:
    site = gateway.site
    former, port = site.port, free_port()
    site.listen, site.port = [f"127.0.0.1@{port}"], port
    site.write()
    gateway.reload()
    assert _blocked(gateway.asker(PRIMARY).ask("bet.example"))
    assert _blocked(gateway.asker(PRIMARY).ask("bet.example", tcp=True))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", former))
        tcp.bind(("127.0.0.1", former))


def test_metrics_can_move(gateway: Gateway) -> None:
    gateway.site.metrics = free_port()
    gateway.site.write()
    gateway.reload()
    assert gateway.http("/healthz")[0] == 200


def test_reloads_under_load_lose_no_query_and_open_nothing(gateway: Gateway) -> None:
    """New lists each time, so that each is a compile and a swap; also by SIGHUP, also refused."""
    site = gateway.site
    with Load(gateway.port, QUESTIONS) as load:
        wait_until(lambda: load.answered > 100, "the load to begin")
        for i in range(3):
            site.lists["games"] = ["game.example", f"game{i}.example"]
            site.write()
            gateway.reload()
        path = site.config / "tiers.yaml"
        good = path.read_text()
        path.write_text("no")
        assert not gateway.command("reload")["ok"]
        path.write_text(good)
        generation = gateway.command("status")["generation"]
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: gateway.command("status")["generation"] > generation, "the reload by SIGHUP")
    assert load.bad == []
    assert (load.lost, load.answered) == (0, load.sent)


def test_more_workers_and_another_address_under_load(gateway: Gateway) -> None:
    """New workers read before old ones drain, and the sockets of those that go are read to the end."""
    site = gateway.site
    with Load(gateway.port, QUESTIONS) as load:
        wait_until(lambda: load.answered > 100, "the load to begin")
        site.listen = [*site.listen, f"127.0.0.1@{free_port()}"]
        site.write()
        gateway.reload()
        site.workers = 2
        site.write()
        gateway.reload()
        assert len(gateway.workers()) == 2
        wait_until(lambda: load.answered > 1000, "more load")
        for workers in (1, 3, 1):
            site.workers = workers
            site.write()
            gateway.reload()
            assert len(gateway.workers()) == workers
        wait_until(lambda: load.answered > 3000, "more load")
    assert load.bad == []
    assert (load.lost, load.answered) == (0, load.sent)


def test_a_reload_by_the_command_line(gateway: Gateway) -> None:
    site = gateway.site
    done = run_command("reload", "--config", str(site.config), "--language", "en")
    assert done.returncode == 0
    assert "generation" in done.stdout
    (site.config / "lists.yaml").write_text("lists: 7\n")
    done = run_command("reload", "--config", str(site.config), "--language", "en")
    assert done.returncode != 0
    assert "lists.yaml:1" in done.stderr
