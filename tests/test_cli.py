"""Every command of ``schoolguard``: what it prints, its errors in both languages, its exit codes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schoolguard import __version__
from schoolguard.cli import main
from tests.servers import Gateway, free_port, knot, run_command, serving, unbound, wait_until
from tests.site import GUEST, PRIMARY, STAFF, THPT, UNSERVED, Site

COMMANDS = ("serve", "check", "explain", "diff", "reload", "status", "lists")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A running gateway."""
    folder = tmp_path_factory.mktemp("cli")
    with knot(folder / "knot") as authority, unbound(folder / "unbound", authority) as port:
        site = Site(folder, free_port(), free_port(), [f"127.0.0.1@{port}"])
        with serving(site.write()) as running:
            yield running


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A configuration that nobody runs."""
    return Site(tmp_path, free_port(), free_port(), ["127.0.0.1@9"], forwarding={"timeout": 0.1}).write()


def run(site: Site, *arguments: str, language: str = "en") -> Result:
    """Run a command on a site in this process; a traceback fails the test."""
    full = [*arguments, "--config", str(site.config), "--language", language]
    result = CliRunner().invoke(main, full)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def shown(result: Result) -> Any:
    """Return what a command printed as JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_installed_command_works() -> None:
    done = run_command("--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"SchoolGuard {__version__}")


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS), ("lists", "show")])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_commands_and_options(arguments: tuple[str, ...], option: str) -> None:
    result = CliRunner().invoke(main, [*arguments, option])
    assert result.exit_code == 0
    if not arguments:
        assert all(f"\n  {name} " in result.output for name in COMMANDS)
    elif arguments[-1] != "lists":
        assert "--config" in result.output
        assert "--language" in result.output


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("check", "--nonsense"), ("explain", "x.example"), ("lists", "x"), ("diff",)],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Usage" in result.output


@pytest.mark.parametrize("upstream", ["nonsense", "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@x", "host@53"])
def test_an_upstream_that_is_none(site: Site, upstream: str) -> None:
    result = run(site, "serve", "--upstream", upstream)
    assert result.exit_code == 2
    assert "127.0.0.1@53" in result.output


@pytest.mark.parametrize(("language", "word"), [("en", "0 errors"), ("vi", "0 lỗi")])
def test_check_of_a_right_configuration(site: Site, language: str, word: str) -> None:
    result = run(site, "check", language=language)
    assert result.exit_code == 0, result.output
    assert word in result.output


@pytest.mark.parametrize(("language", "word"), [("en", "did you mean"), ("vi", "có phải")])
def test_check_shows_every_error_with_its_place(site: Site, language: str, word: str) -> None:
    site.tiers["staff"] = ["gamblin"]
    site.groups[1]["networks"] = ["127.0.0.0/23", "300.1.1.1"]
    site.write()
    result = run(site, "check", language=language)
    assert result.exit_code == 2
    assert "tiers.yaml:" in result.output
    assert "`gamblin`" in result.output
    assert "schools/thu-nghiem.yaml:" in result.output
    assert "300.1.1.1" in result.output
    assert word in result.output.lower()


def test_check_as_json(site: Site) -> None:
    site.tiers["staff"] = ["gamblin"]
    site.write()
    result = run(site, "check", "--json")
    assert result.exit_code == 2
    (error,) = [row for row in json.loads(result.stdout) if row["severity"] == "error"]
    assert (error["path"], error["found"], error["suggestion"]) == ("tiers.yaml", "gamblin", "gambling")
    assert error["line"] > 0


@pytest.mark.parametrize("command", ["check", "reload", "status"])
def test_a_folder_without_a_configuration(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(main, [command, "--config", str(tmp_path / "none"), "--language", "en"])
    assert result.exit_code == 2
    assert str(tmp_path / "none") in result.output


@pytest.mark.parametrize(
    ("name", "source", "blocked", "rank", "records"),
    [
        ("bet.example", PRIMARY, True, "category", ["0.0.0.0"]),
        ("BET.Example.", PRIMARY, True, "category", ["0.0.0.0"]),
        ("www.bet.example", PRIMARY, True, "category", ["0.0.0.0"]),
        ("bị-cấm.example", PRIMARY, True, "category", ["0.0.0.0"]),
        ("mxh.example", STAFF, False, "default", ["203.0.113.66"]),
        ("denied.hoc.example", PRIMARY, True, "rule", ["0.0.0.0"]),
        ("order.example", STAFF, True, "sealed", []),
        ("help.hoc.example", GUEST, False, "safety-net", ["192.0.2.111"]),
    ],
)
def test_explain_as_json_is_what_the_gateway_answers(
    gateway: Gateway, name: str, source: str, blocked: bool, rank: str, records: list[str]
) -> None:
    told = shown(run(gateway.site, "explain", name, "--client", source, "--json"))
    assert told["client"] == source
    assert set(told) >= {"client", "plan", "type", "targets", "answer"}
    assert told["plan"]["school"] == "thu-nghiem"
    assert told["type"] == "A"
    assert (told["blocked"], told["rank"]["name"]) == (blocked, rank)
    assert all(record in " ".join(told["answer"]["records"]) for record in records)
    wire = name.rstrip(".").encode("idna").decode()
    reply = gateway.asker(source).ask(wire)
    assert told["answer"]["rcode"] == reply.rcode_name
    given = (
        None
        if told["answer"]["ede"] is None
        else (told["answer"]["ede"]["code"], told["answer"]["ede"]["text"])
    )
    assert given == reply.ede


def test_explain_follows_an_alias(gateway: Gateway) -> None:
    told = shown(run(gateway.site, "explain", "cloaked.hoc.example", "--client", STAFF, "--json"))
    assert [target["name"] for target in told["targets"]] == ["malware.example"]
    assert told["answer"]["ede"]["code"] == 17
    result = run(gateway.site, "explain", "cloaked.hoc.example", "--client", STAFF)
    assert "malware.example: BLOCKED" in result.output


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("BLOCKED", "gambling", "Answer")), ("vi", ("CHẶN", "gambling", "Trả lời"))],
)
def test_explain_for_people(gateway: Gateway, language: str, words: tuple[str, ...]) -> None:
    result = run(gateway.site, "explain", "bet.example", "--client", THPT, language=language)
    assert result.exit_code == 0
    assert "NXDOMAIN" in result.output
    assert len(result.output.splitlines()) <= 30
    for word in words:
        assert word in result.output


def test_explain_offline_asks_nobody(site: Site) -> None:
    assert run(site, "lists", "compile").exit_code == 0
    told = shown(run(site, "explain", "www.hoc.example", "--client", STAFF, "--offline", "--json"))
    assert told["answer"] is None
    told = shown(run(site, "explain", "bet.example", "--client", STAFF, "--offline", "--json"))
    assert told["answer"]["ede"]["code"] == 17


def test_explain_of_another_type(gateway: Gateway) -> None:
    for text in ("HTTPS", "https", "TYPE65"):
        told = shown(
            run(gateway.site, "explain", "bet.example", "--client", PRIMARY, "--type", text, "--json")
        )
        assert told["type"] == "HTTPS"


def test_explain_when_no_upstream_answers(site: Site) -> None:
    assert run(site, "lists", "compile").exit_code == 0
    told = shown(run(site, "explain", "www.hoc.example", "--client", STAFF, "--json"))
    assert told["answer"]["rcode"] == "SERVFAIL"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("bet.example", "--client", UNSERVED), "REFUSED"),
        (("bet.example", "--client", "nonsense"), "nonsense"),
        (("bet.example", "--client", PRIMARY, "--type", "NONSENSE"), "NONSENSE"),
        (("bad..name", "--client", PRIMARY), "bad..name"),
        (("1.2.3.4", "--client", PRIMARY), "1.2.3.4"),
    ],
)
@pytest.mark.parametrize("language", ["en", "vi"])
def test_explain_says_what_is_wrong(
    gateway: Gateway, arguments: tuple[str, ...], word: str, language: str
) -> None:
    result = run(gateway.site, "explain", *arguments, language=language)
    assert result.exit_code == 1
    assert word in result.output
    assert result.stdout == ""
    assert ("Error" in result.output) == (language == "en")


@pytest.mark.parametrize("arguments", [("explain", "bet.example", "--client", PRIMARY), ("lists", "show")])
def test_before_the_first_compile(site: Site, arguments: tuple[str, ...]) -> None:
    result = run(site, *arguments)
    assert result.exit_code == 1
    assert "schoolguard lists compile" in result.output


@pytest.mark.parametrize("command", ["reload", "status"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_nobody_at_home(site: Site, command: str, language: str) -> None:
    result = run(site, command, language=language)
    assert result.exit_code == 1
    assert "control.sock" in result.output
    assert result.stdout == ""


def test_somebody_who_does_not_answer(site: Site) -> None:
    site.state.mkdir()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(site.state / "control.sock"))
        result = run(site, "status")
    assert result.exit_code == 1
    assert "control.sock" in result.output


def test_status_is_json(gateway: Gateway) -> None:
    told = shown(run(gateway.site, "status"))
    assert (told["ok"], told["ready"], told["workers"]) == (True, True, 1)
    assert told["names"] == 11


@pytest.mark.parametrize(("language", "word"), [("en", "generation"), ("vi", "")])
def test_reload(gateway: Gateway, language: str, word: str) -> None:
    before = gateway.command("status")["generation"]
    result = run(gateway.site, "reload", language=language)
    assert result.exit_code == 0, result.output
    after = gateway.command("status")["generation"]
    assert after > before
    assert str(after) in result.output
    assert word in result.output


@pytest.mark.parametrize(("language", "word"), [("en", "goes on as before"), ("vi", "vẫn chạy")])
def test_a_refused_reload(gateway: Gateway, language: str, word: str) -> None:
    """The command's own reading is fine, the gateway's is not: a port that somebody else has."""
    site = gateway.site
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        former, site.listen = site.listen, [*site.listen, f"127.0.0.1@{port}"]
        site.write()
        try:
            result = run(site, "reload", language=language)
        finally:
            site.listen = former
            site.write()
    assert result.exit_code == 1
    assert str(port) in result.output
    assert word in result.output


@pytest.mark.parametrize("as_json", [False, True])
def test_lists_compile_and_show(site: Site, as_json: bool) -> None:
    (site.blocklists / "games.txt").write_text("game.example\nnot a name!\n")
    for arguments in (("lists", "compile"), ("lists", "show"), ("lists", "show", "games")):
        result = run(site, *arguments, *(["--json"] if as_json else []))
        assert result.exit_code == 0, result.output
        if as_json:
            rows = {row["id"]: row for row in json.loads(result.stdout)}
            assert rows["games"]["entries"] == 1
            assert sum(rows["games"]["refused"].values()) == 1
        else:
            assert "games" in result.output
            assert ("not a name!" in result.output) == (arguments[-1] == "games")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_lists_show_of_an_unknown_list(site: Site, language: str) -> None:
    run(site, "lists", "compile")
    result = run(site, "lists", "show", "nonsense", language=language)
    assert result.exit_code == 1
    assert "nonsense" in result.output
    assert "gambling" in result.output


def test_lists_compile_that_cannot_write(site: Site) -> None:
    site.state = Path("/proc/schoolguard")
    site.write()
    result = run(site, "lists", "compile")
    assert result.exit_code == 1
    assert "/proc/schoolguard" in result.output


def test_lists_lookup(gateway: Gateway) -> None:
    result = run(gateway.site, "lists", "lookup", "www.BET.example.")
    assert (result.exit_code, result.stdout.strip()) == (0, "gambling:1: bet.example")
    result = run(gateway.site, "lists", "lookup", "fine.bet.example", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(line["list"], line["line"]) for line in lines} == {("gambling", 1), ("allow", 1)}
    assert run(gateway.site, "lists", "lookup", "bị-cấm.example").stdout.startswith("gambling:2:")


@pytest.mark.parametrize(("name", "code"), [("nowhere.example", 1), ("bad..name", 1)])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_lists_lookup_that_finds_nothing(gateway: Gateway, name: str, code: int, language: str) -> None:
    result = run(gateway.site, "lists", "lookup", name, language=language)
    assert (result.exit_code, result.stdout) == (code, "")
    assert name in result.stderr


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": ""}, "lỗi"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "errors"),
        ({"LANG": "vi_VN.UTF-8", "SCHOOLGUARD_LANGUAGE": "en"}, "errors"),
        ({"LANG": "C", "LC_ALL": ""}, "lỗi"),
    ],
)
def test_the_language_comes_from_the_environment(site: Site, environment: dict[str, str], word: str) -> None:
    clean: dict[str, str | None] = {"SCHOOLGUARD_LANGUAGE": None, "LC_ALL": None, "LC_MESSAGES": None}
    result = CliRunner(env={**clean, **environment}).invoke(main, ["check", "--config", str(site.config)])
    assert word in result.output


def test_the_configuration_comes_from_the_environment(site: Site) -> None:
    environment = {"SCHOOLGUARD_CONFIG": str(site.config)}
    result = CliRunner(env=environment).invoke(main, ["check", "--language", "en"])
    assert (result.exit_code, "0 errors" in result.output) == (0, True)


def test_what_is_watched_does_not_go_into_the_journal(site: Site) -> None:
    """A service's output is a socket: its log would be a query log that nobody gave a reason for."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "schoolguard", "serve", "--config", str(site.config), "--watch"]
        done = subprocess.run(
            command, check=False, stdout=theirs.fileno(), stderr=subprocess.PIPE, timeout=60
        )
    assert (done.returncode, b"--watch" in done.stderr) == (1, True)


def test_watch_prints_what_to_try_and_each_verdict(site: Site) -> None:
    with serving(site, "--watch") as gateway:
        gateway.asker(PRIMARY).ask("bet.example")
        gateway.asker(STAFF).ask("www.hoc.example")
        text = wait_until(lambda: (t := gateway.log.read_text()) and "FAILED" in t and t, "both verdicts")
    assert f"dig @127.0.0.1 -p {site.port} -b 127.0.0" in text
    lines = [line for line in text.splitlines() if "bet.example A" in line and line.startswith("BLOCKED")]
    assert len(lines) == 1
    assert "Học sinh tiểu học" in lines[0]
