"""What a configuration asserts of itself: run by ``check``, and before a start and every reload."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schoolguard.cli import main
from schoolguard.config import load
from schoolguard.node.asserting import MOST_TOLD, AssertionsBroken, check_assertions
from tests.servers import free_port, serving
from tests.site import PRIMARY, Site

NOW = 1_795_600_000.0
PROVINCE: dict[str, Any] = {
    "calendar": {
        "years": [{"name": "2026", "terms": [{"name": "I", "from": "2026-09-05", "to": "2027-05-29"}]}]
    },
    "windows": [{"name": "gio-hoc", "days": ["school-days"], "hours": ["07:00-11:30"]}],
    "rules": [{"locked-block": ["category:games"], "during": ["gio-hoc"], "reason": "Giờ học"}],
}
SCHOOL_FILE = "schools/thu-nghiem.yaml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A configuration that nobody runs, without a test of its own."""
    province = json.loads(json.dumps(PROVINCE))
    return Site(tmp_path, free_port(), free_port(), ["127.0.0.1@9"], province=province)


def run(site: Site, *arguments: str, language: str = "en") -> Result:
    """Run a command; a traceback fails the test."""
    result = CliRunner().invoke(main, [*arguments, "--config", str(site.config), "--language", language])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def block(*names: str, **more: Any) -> dict[str, Any]:
    return {"must-block": [{"names": list(names), **more}]}


def allow(*names: str, **more: Any) -> dict[str, Any]:
    return {"must-allow": [{"names": list(names), **more}]}


HELD = [
    block("bet.example", "www.bet.example", "order.example"),
    allow("hoc.example", "111.example", "fine.bet.example"),
    block("mxh.example", groups=["Học sinh tiểu học", "Học sinh THCS"]),
    allow("mxh.example", groups=["Học sinh THPT"]),
    block("game.example", tiers=["thpt"], at="2026-11-25 08:00"),
    block("game.example", tiers=["thpt"], at="2031-03-04 23:00"),
    allow("game.example", tiers=["thpt"], at="2026-11-25 12:00"),
    allow("game.example", tiers=["thpt"], at="2026-11-29 08:00"),
]
BROKEN = [
    (block("hoc.example"), "hoc.example must be blocked", 5),
    (allow("bet.example", tiers=["staff"]), "bet.example must be open", 1),
    (allow("game.example", tiers=["thpt"], at="2026-11-25 08:00"), "rank 3", 1),
    (block("game.example", tiers=["thpt"]), "must be blocked", 1),
    (block("111.example", groups=["Khách"]), "rank 2", 1),
]


@pytest.mark.parametrize("tests", HELD)
def test_what_holds(site: Site, tests: dict[str, Any]) -> None:
    site.school["tests"] = tests
    site.tiers["thpt"] = ["gambling", "adult", "malware"]
    site.write()
    result = run(site, "check")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("tests", "words", "count"), BROKEN)
@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_broken(site: Site, tests: dict[str, Any], words: str, count: int, compiled: bool) -> None:
    site.tiers["thpt"] = ["gambling", "adult", "malware"]
    site.write()
    if compiled:
        assert run(site, "lists", "compile").exit_code == 0
    site.school["tests"] = tests
    site.write()
    before = sorted(site.state.rglob("*"))
    result = run(site, "check")
    assert result.exit_code == 2
    errors = [line for line in result.stderr.splitlines() if line.startswith(f"{SCHOOL_FILE}:")]
    assert len(errors) == count
    assert all(words in line for line in errors)
    assert f"{count} errors" in result.stderr
    assert sorted(site.state.rglob("*")) == before


def test_as_json_and_in_vietnamese(site: Site) -> None:
    site.school["tests"] = block("hoc.example", groups=["Khách"])
    site.write()
    result = run(site, "check", "--json")
    (row,) = json.loads(result.stdout)
    line = 1 + (site.config / SCHOOL_FILE).read_text().splitlines().index("    - hoc.example")
    assert (result.exit_code, row["severity"], row["path"], row["line"]) == (2, "error", SCHOOL_FILE, line)
    assert row["message"].startswith("hoc.example")
    result = run(site, "check", language="vi")
    assert result.exit_code == 2
    assert f"{SCHOOL_FILE}:{line}: " in result.stderr


def test_the_lists_are_those_of_now_and_not_the_compiled_ones(site: Site) -> None:
    site.school["tests"] = block("hoc.example", tiers=["tieu-hoc"])
    site.lists["games"] = ["hoc.example"]
    site.write()
    assert run(site, "lists", "compile").exit_code == 0
    assert run(site, "check").exit_code == 0
    (site.blocklists / "games.txt").write_text("game.example\n")
    assert run(site, "check").exit_code == 2
    assert run(site, "lists", "compile").exit_code == 0
    (site.blocklists / "games.txt").write_text("hoc.example\n")
    assert run(site, "check").exit_code == 0


def test_a_list_that_is_refused_now_counts_as_its_last_good_copy(site: Site) -> None:
    site.school["tests"] = block("game.example", tiers=["tieu-hoc"])
    site.write()
    assert run(site, "lists", "compile").exit_code == 0
    (site.blocklists / "games.txt").write_text("<!DOCTYPE html><html><body>gone</body></html>\n")
    assert run(site, "check").exit_code == 0


def test_no_list_at_all_is_an_error_only_where_there_are_tests(site: Site) -> None:
    site.lists = {name: [] for name in site.lists}
    site.write()
    assert run(site, "check").exit_code == 0
    site.school["tests"] = allow("hoc.example")
    site.write()
    result = run(site, "check")
    assert result.exit_code == 2
    assert "tests cannot be run" in result.stderr


def test_other_errors_come_first(site: Site) -> None:
    site.school["tests"] = block("hoc.example")
    site.tiers["staff"] = ["gamblin"]
    site.write()
    result = run(site, "check")
    assert result.exit_code == 2
    assert "gamblin" in result.stderr
    assert "must be blocked" not in result.stderr


def test_many_are_counted(site: Site) -> None:
    site.school["tests"] = block(*(f"open{number}.example" for number in range(30)), groups=["Khách"])
    settings = load(site.write().config).settings
    with pytest.raises(AssertionsBroken) as caught:
        check_assertions(settings, lambda _: 0, NOW)
    reasons = caught.value.values["reasons"]
    assert isinstance(reasons, tuple)
    assert len(reasons) == MOST_TOLD + 1
    assert "and 10 more" in str(caught.value)


def test_without_a_time_no_window_is_open(site: Site) -> None:
    """A reload at night and one in a lesson have the same outcome."""
    site.school["tests"] = allow("game.example", tiers=["thpt"])
    settings = load(site.write().config).settings
    for hour in range(0, 7 * 24, 3):
        check_assertions(settings, lambda _: 0, NOW + hour * 3600)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_reload_that_breaks_one_is_refused(
    new_site: Callable[..., Site], tmp_path: Path, language: str
) -> None:
    site = new_site(tmp_path)
    with serving(site) as gateway:
        former = gateway.command("status")["generation"]
        site.school["tests"] = allow("bet.example", tiers=["tieu-hoc"])
        site.write()
        result = run(site, "reload", language=language)
        assert result.exit_code == 1
        assert f"{SCHOOL_FILE}:" in result.stderr
        assert "bet.example" in result.stderr
        assert gateway.command("status")["generation"] == former
        assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]
        site.school["tests"] = block("bet.example")
        site.write()
        assert run(site, "reload").exit_code == 0
