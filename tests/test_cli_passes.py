"""``schoolguard pass`` and ``audit`` as people type them, against a control socket that serves a book."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schoolguard.cli import main
from schoolguard.config import load
from schoolguard.language import N_, Said
from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.node.commands import CommandServer, Taking, ask_gateway
from schoolguard.node.pass_commands import PassCommands
from schoolguard.node.pass_model import Pass, PassRefused
from schoolguard.node.passes import PassBook
from schoolguard.node.starting import control_path
from tests.servers import free_port
from tests.site import Site

NOW = 1_795_000_000.0
"""18:06:40 in Viet Nam on a day in 2026."""

SERVICES = {"zalo": frozenset({"zalo.me", "zaloapp.com"})}
LOCKED = N_("no list {id!r}; known are: {known}")
"""Any message in both languages: what the configuration locks is not decided here."""

WHO = ("--by", "Cô Lan", "--reason", "Tiết Sử")


def check(asked: Pass) -> None:
    """Refuse one name, as a lock above would."""
    if "tiktok.com" in asked.names:
        raise PassRefused(LOCKED, id="tiktok.com", known="-")


@dataclass
class School:
    """A gateway's side of the control socket, and the command line on the other."""

    site: Site
    now: float = NOW
    applied: list[list[str]] = field(default_factory=list)
    refusal: Said | None = None

    def serve(self) -> PassCommands:
        """Return the commands on the log of this site."""
        self.book = PassBook(AuditLog(audit_path(self.site.state)), check)
        settings = load(self.site.config).settings
        return PassCommands(self.book, lambda: settings, lambda: SERVICES, self.apply, lambda: self.now)

    async def apply(self) -> None:
        """Remember what was in force."""
        if self.refusal is not None:
            raise self.refusal
        self.applied.append([each.id for each in self.book.in_force(self.now)])

    def run(self, *arguments: str, language: str = "en") -> Result:
        """Run a command; a traceback fails the test."""
        full = [*arguments, "--config", str(self.site.config), "--language", language]
        result = CliRunner().invoke(main, full)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def grant(self, *arguments: str, language: str = "en") -> Result:
        """Grant a pass of 45 minutes for the staff, for what is asked."""
        given = ("--group", "Giáo viên", "--for", "45m", *WHO)
        return self.run("pass", "grant", *given, *arguments, language=language)


@pytest.fixture
def idle(tmp_path: Path) -> School:
    """A site without a gateway."""
    site = Site(tmp_path, free_port(), free_port(), ["127.0.0.1@9"]).write()
    site.state.mkdir()
    return School(site)


@pytest.fixture
def school(idle: School) -> Iterator[School]:
    """A site whose control socket is served in another thread."""
    loop = asyncio.new_event_loop()
    server = CommandServer(idle.site.state / "control.sock", idle.serve().commands())
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield idle
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_a_pass_is_granted_listed_and_revoked(school: School) -> None:
    granted = school.grant("--allow", "YouTube.com", "--allow", "service:zalo", "--allow", "category:games")
    assert granted.exit_code == 0, granted.output
    lines = granted.stdout.splitlines()
    assert lines[0] == (
        "pass p1: Giáo viên (thu-nghiem) may open youtube.com, service:zalo, category:games until 18:51"
    )
    assert "schoolguard pass revoke p1" in lines[1]
    assert school.applied == [["p1"]]
    (held,) = school.book.in_force(NOW)
    assert held.names == {"youtube.com", "zalo.me", "zaloapp.com"}
    listed = school.run("pass", "list")
    assert listed.exit_code == 0
    assert re.search(r"^p1 +until 18:51 \(45 min left\) +Giáo viên \(thu-nghiem\): youtube", listed.stdout)
    assert "Cô Lan: Tiết Sử" in listed.stdout
    revoked = school.run("pass", "revoke", "p1", "--by", "Thầy Nam", "--reason", "xong")
    assert revoked.exit_code == 0, revoked.output
    assert school.applied[-1] == []
    assert school.run("pass", "list").stdout == "no pass is in force\n"
    assert "revoked at 18:06 by Thầy Nam: xong" in school.run("pass", "list", "--all").stdout


def test_a_pass_for_a_device_until_a_time(school: School) -> None:
    given = ("--device", "02-00-5E-10-00-01", "--until", "18:30", "--allow", "a.vn", *WHO, "--json")
    granted = school.run("pass", "grant", *given)
    assert granted.exit_code == 0, granted.output
    told = json.loads(granted.stdout)
    assert (told["device"], told["group"], told["school"]) == ("02:00:5e:10:00:01", None, "thu-nghiem")
    assert told["until"] == "2026-11-18T18:30:00+07:00"
    assert json.loads(school.run("pass", "list", "--json").stdout) == [told]


def test_a_pass_ends_by_itself(school: School) -> None:
    school.grant("--allow", "a.vn")
    school.now += 44 * 60
    assert "(1 min left)" in school.run("pass", "list").stdout
    school.now += 60
    assert school.run("pass", "list").stdout == "no pass is in force\n"
    (told,) = json.loads(school.run("pass", "list", "--all", "--json").stdout)
    assert (told["state"], told["seconds_left"]) == ("ended", 0)
    assert re.search(r"^p1 +ended \(until 18:51\)", school.run("pass", "list", "--all").stdout)


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--allow", "service:zlo"), "zalo"),
        (("--allow", "tiktok.com"), "tiktok.com"),
        (("--allow", "a.vn", "--group", "Giao vien"), "`Giáo viên`"),
        (("--allow", "a.vn", "--school", "nowhere"), "thu-nghiem"),
        (("--allow", "a.vn", "--for", "25h"), "24"),
        (("--allow", "a.vn", "--for", "soon"), "1h30m"),
        (("--allow", "a.vn", "--until", "14:00"), "--until"),
        (("--allow", "a.vn", "--device", "10.0.0.1"), "--device"),
        (("--allow", "a.vn", "--reason", " "), "--reason"),
    ],
)
def test_a_refusal_says_why(school: School, arguments: tuple[str, ...], word: str, language: str) -> None:
    result = school.grant(*arguments, language=language)
    assert (result.exit_code, result.stdout) == (1, "")
    assert word in result.stderr
    assert result.stderr.startswith("Error: ") == (language == "en")
    assert school.book.issued() == ()
    assert school.applied == []


@pytest.mark.parametrize("missing", ["--by", "--reason", "--allow"])
def test_what_must_be_given(school: School, missing: str) -> None:
    given = {"--group": "Giáo viên", "--for": "45m", "--allow": "a.vn", "--by": "Cô Lan", "--reason": "x"}
    arguments = [word for option, value in given.items() if option != missing for word in (option, value)]
    result = school.run("pass", "grant", *arguments)
    assert result.exit_code == 2
    assert missing in result.output


def test_what_cannot_be_revoked(school: School) -> None:
    result = school.run("pass", "revoke", "p7", *WHO)
    assert result.exit_code == 1
    assert "p7" in result.stderr


def test_what_the_workers_do_not_take_is_taken_back(school: School) -> None:
    school.refusal = Said(N_("worker {number} is not running"), number=0)
    result = school.grant("--allow", "a.vn")
    assert result.exit_code == 1
    assert "worker 0 is not running" in result.stderr
    assert school.book.in_force(NOW) == ()
    shown = school.run("audit", "show").stdout
    assert "pass-revoke" in shown
    assert "schoolguard" in shown


def test_a_revocation_that_the_workers_do_not_take_stays(school: School) -> None:
    school.grant("--allow", "a.vn")
    school.refusal = Said(N_("worker {number} is not running"), number=0)
    result = school.run("pass", "revoke", "p1", *WHO)
    assert result.exit_code == 1
    assert "schoolguard reload" in result.stderr
    assert school.book.in_force(NOW) == ()


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("command", [("grant", "--allow", "a.vn", *WHO), ("list",), ("revoke", "p1", *WHO)])
def test_nobody_at_home(idle: School, command: tuple[str, ...], language: str) -> None:
    result = idle.run("pass", *command, language=language)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "control.sock" in result.stderr


def test_a_gateway_that_knows_no_passes(idle: School) -> None:
    """An older one: the command is unknown to it."""

    async def old() -> Result:
        server = CommandServer(idle.site.state / "control.sock", {})
        await server.start()
        try:
            return await asyncio.to_thread(idle.run, "pass", "list")
        finally:
            await server.close()

    result = asyncio.run(old())
    assert result.exit_code == 1
    assert "unknown command" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"group": 3},
        {"group": "Giáo viên", "allow": "a.vn"},
        {"group": "Giáo viên", "allow": [["a.vn"]]},
        {"group": "Giáo viên", "allow": ["a.vn"], "by": None, "reason": "x", "for": "45m"},
        {"group": "Giáo viên", "allow": ["a.vn"], "by": "x", "reason": {}, "for": "45m"},
        {"group": "Giáo viên", "allow": [], "by": "x", "reason": "x", "for": "45m"},
    ],
)
def test_arguments_of_another_kind_are_refused(school: School, arguments: dict[str, Any]) -> None:
    path = school.site.state / "control.sock"
    assert ask_gateway(path, "pass-grant", "en", arguments)["ok"] is False
    assert ask_gateway(path, "pass-list")["passes"] == []


def test_a_command_without_arguments_takes_none(tmp_path: Path) -> None:
    async def plain() -> dict[str, Any]:
        return {"ok": True}

    async def taking(arguments: object) -> dict[str, Any]:
        return {"ok": True, "given": arguments}

    async def ask() -> list[dict[str, Any]]:
        server = CommandServer(tmp_path / "control.sock", {"plain": plain, "taking": Taking(taking)})
        await server.start()
        asked: list[tuple[str, dict[str, Any] | None]] = [
            ("plain", None),
            ("plain", {"a": 1}),
            ("taking", None),
            ("taking", {"a": ["ệ"]}),
        ]
        answers = [
            await asyncio.to_thread(ask_gateway, tmp_path / "control.sock", name, "en", given)
            for name, given in asked
        ]
        await server.close()
        return answers

    first, second, third, fourth = asyncio.run(ask())
    assert (first["ok"], second["ok"]) == (True, False)
    assert (third["given"], fourth["given"]) == ({}, {"a": ["ệ"]})


@pytest.mark.parametrize(("language", "word"), [("en", "whole, 3 entries"), ("vi", "3")])
def test_audit_verify(school: School, language: str, word: str) -> None:
    assert school.run("audit", "verify").exit_code == 0
    school.grant("--allow", "a.vn")
    school.grant("--allow", "b.vn")
    school.run("pass", "revoke", "p1", *WHO)
    result = school.run("audit", "verify", language=language)
    assert result.exit_code == 0
    assert word in result.stdout
    told = json.loads(school.run("audit", "verify", "--json").stdout)
    assert (told["entries"], told["torn"]) == (3, 0)
    assert told["hash"] in result.stdout


def test_audit_show(school: School) -> None:
    assert "no entry yet" in school.run("audit", "show").stderr
    for name in ("a.vn", "b.vn", "service:zalo"):
        school.grant("--allow", name)
    lines = school.run("audit", "show", "--last", "2").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3"]
    assert lines[1].strip() == (
        '3 2026-11-18 18:06 pass-grant   Cô Lan: allow=service:zalo from=18:06 group="Giáo viên"'
        ' reason="Tiết Sử" school=thu-nghiem until=18:51'
    )
    whole = [json.loads(line) for line in school.run("audit", "show", "--json").stdout.splitlines()]
    assert [entry["n"] for entry in whole] == [1, 2, 3]
    assert whole[2]["names"] == ["zalo.me", "zaloapp.com"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_log_that_was_changed(school: School, language: str) -> None:
    for name in ("a.vn", "b.vn", "c.vn"):
        school.grant("--allow", name)
    path = audit_path(school.site.state)
    path.write_bytes(path.read_bytes().replace(b"b.vn", b"x.vn"))
    for command in ("verify", "show"):
        result = school.run("audit", command, language=language)
        assert result.exit_code == 1
        assert str(path) in result.stderr
        assert "2" in result.stderr
        assert ("a.vn" in result.stdout) == (command == "show")
        assert "c.vn" not in result.stdout
    again = PassBook(AuditLog(path), check)
    assert again.broken is not None


def test_a_broken_log_is_told_to_who_lists(idle: School) -> None:
    path = audit_path(idle.site.state)
    path.write_bytes(b"rubbish\n")

    async def ask() -> Result:
        server = CommandServer(idle.site.state / "control.sock", idle.serve().commands())
        await server.start()
        try:
            return await asyncio.to_thread(idle.run, "pass", "list")
        finally:
            await server.close()

    result = asyncio.run(ask())
    assert result.exit_code == 1
    assert "audit.head" in result.stderr
    assert "restart" in result.stderr


def test_the_log_stands_beside_the_control_socket(idle: School) -> None:
    settings = load(idle.site.config).settings
    assert audit_path(settings.paths.state).parent == control_path(settings).parent
