"""A whole gateway that fetches from a real web server: what changes upstream, what breaks, what stays."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.intake.subscriptions.https import Authority, Web
from tests.node.subscribing.conftest import configure
from tests.servers import Gateway, run_command, serving, wait_until
from tests.site import PRIMARY, Site

NewSite = Callable[..., Site]
BLOCKED = ["0.0.0.0"]
"""The answer to a primary pupil."""
LIST = "".join(f"game{number}.example\n" for number in range(300))


def answer(gateway: Gateway, name: str) -> list[str]:
    return list(gateway.asker(PRIMARY).ask(name, "A").rdatas)


def typed(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return run_command(*words, "--config", str(site.config), "--language", "en")


def public(web: Web, name: str = "list.txt") -> dict[str, Any]:
    return {"id": "public", "url": f"{web.base}/{name}", "format": "plain", "max-size": "1 MiB"}


@pytest.fixture
def site(new_site: NewSite, web: Web, trusted: Authority, tmp_path: Path, monkeypatch: Any) -> Site:
    """A site with one list that is fetched, and whose processes trust the web server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    made = new_site(tmp_path)
    (web.root / "list.txt").write_text(LIST)
    configure(made, public(web))
    return made


@pytest.fixture
def gateway(site: Site) -> Iterator[Gateway]:
    with serving(site) as running:
        yield running


def test_the_first_lists_wait_for_the_one_to_be_fetched_and_have_report_cards(
    gateway: Gateway, site: Site
) -> None:
    assert answer(gateway, "game7.example") == BLOCKED, "in force with the first policy"
    assert answer(gateway, "bet.example") == BLOCKED, "its own lists"
    shown = typed(site, "lists", "show").stdout
    assert "public: fetched, confirmed 0 minutes ago" in shown
    assert gateway.metric("schoolguard_list_age_seconds", list="public") < 60
    assert gateway.metric("schoolguard_list_too_old", list="public") == 0
    status = gateway.command("status")
    assert (status["lists_fetched"], status["lists_too_old"]) == (1, [])
    done = typed(site, "lists", "fetch", "publik")
    assert done.returncode == 1
    assert "no list with the id publik is fetched; these are: public" in done.stderr
    assert not gateway.errors()
    _check_report_cards(gateway, site)


def _check_report_cards(gateway: Gateway, site: Site) -> None:
    """The gateway ends here: it keeps the names that were asked at its end."""
    asked = ("www.game1.example", "game2.example", "mxh.example", "www.hoc.example", "game.example")
    for name in asked:
        gateway.asker(PRIMARY).ask(name, "A")
    gateway.process.terminate()
    gateway.ended()
    cards = {each["id"]: each for each in json.loads(typed(site, "lists", "cards", "--json").stdout)}
    public, games = cards["public"], cards["games"]
    assert (public["entries"], public["unique"], public["hits"], public["only"]) == (300, 300, 3, 3)
    assert (public["from"], public["unblock_requests"]) == ("own", None), "not known, and not 0"
    assert (games["entries"], games["hits"], games["only"]) == (1, 1, 1)
    assert public["names_asked"] == 7, "two before"
    assert public["fetched"]["too_old"] is False
    table = typed(site, "lists", "cards").stdout
    assert "hits: of the 7 names that were asked" in table


def test_what_changes_upstream_is_enforced_at_once(gateway: Gateway, site: Site, web: Web) -> None:
    assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]
    (web.root / "list.txt").write_text(LIST + "www.hoc.example\n")
    done = typed(site, "lists", "fetch")
    assert done.stdout.startswith("public: new content, 5 KiB, in force with 301 entries"), done
    assert (done.returncode, done.stderr) == (0, "")
    assert answer(gateway, "www.hoc.example") == BLOCKED
    assert typed(site, "lists", "fetch", "public").stdout.startswith("public: unchanged, in force")
    (web.root / "list.txt").write_text(LIST)
    assert gateway.command("lists-fetch")["lists"][0]["changed"]
    assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]

    (web.root / "list.txt").write_text(LIST + "github.io\nnew.example\nhelp.hoc.example\n")
    assert gateway.command("lists-fetch")["lists"][0]["left_out"] == 2
    assert answer(gateway, "new.example") == BLOCKED
    kept = (site.state / "subscriptions" / "public.list").read_text().splitlines()
    assert kept[299:303] == ["game299.example", "", "new.example", ""], "other lines keep their numbers"
    assert gateway.metric("schoolguard_list_left_out", list="public") == 2
    assert typed(site, "lists", "fetch").stdout.startswith("public: unchanged, 2 names left out by the guar")


HTML = "<!DOCTYPE html><html><body>Error 503</body></html>"


BROKEN = [
    (HTML, "html"),
    (None, "status"),
    ("", "empty"),
    ("laichau.vn\n" + LIST, "public-suffix"),
    (LIST[:1000], "shrink"),
    (LIST + "".join(f"n{number}.example\n" for number in range(2_000)), "churn"),
    (LIST + "? ! junk\n" * 5_000, "junk"),
    ("google.com\n" * 100_000 + LIST, "too-large"),
    (LIST + "hoc.example\nhelp.hoc.example\n", "held"),
]


def test_what_is_broken_upstream_changes_nothing_and_what_is_held_waits(
    gateway: Gateway, site: Site, web: Web
) -> None:
    path = web.root / "list.txt"
    for content, reason in BROKEN:
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
        (found,) = gateway.command("lists-fetch")["lists"]
        assert (found["reason"], found["changed"]) == (reason, False), found
        assert answer(gateway, "game299.example") == BLOCKED, reason
        assert gateway.metric("schoolguard_list_fetch_failures_total", list="public", reason=reason) == 1
    said = typed(site, "lists", "fetch")
    assert said.returncode == 1
    assert "public: NOT TAKEN: the guardrails hold it until a person agrees" in said.stdout
    assert "the copy confirmed 0 minutes ago stays" in said.stdout
    assert f"{len(BROKEN) + 1} rounds failed, the last:" in typed(site, "lists", "show").stdout
    gateway.reload()
    assert answer(gateway, "game299.example") == BLOCKED
    assert "names with names of the safety net below them: hoc.example" in said.stdout
    assert "schoolguard lists fetch --agree public" in said.stdout
    assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]
    agreed = typed(site, "lists", "fetch", "--agree", "public")
    assert agreed.stdout.startswith("public: new content"), agreed
    assert "1 names left out by the guardrails, in force with 301 entries" in agreed.stdout
    assert answer(gateway, "www.hoc.example") == BLOCKED
    assert "help" not in (site.state / "subscriptions" / "public.list").read_text(), "nobody agreed to that"
    assert not gateway.command("lists-fetch")["lists"][0]["why"], "agreed once"


def test_a_gateway_without_its_lists_starts_and_takes_them_when_they_come(site: Site, web: Web) -> None:
    (web.root / "list.txt").unlink()
    checked = typed(site, "check")
    assert "this list was not fetched yet" in checked.stdout
    with serving(site) as gateway:
        assert answer(gateway, "bet.example") == BLOCKED
        assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]
        assert "NEVER CAME" in typed(site, "lists", "show").stdout
        assert gateway.metric("schoolguard_list_too_old", list="public") == 1
        assert gateway.command("status")["lists_too_old"] == ["public"]
        (web.root / "list.txt").write_text("www.hoc.example\n")
        assert json.loads(typed(site, "lists", "fetch", "--json").stdout)["problem"] is None
        assert answer(gateway, "www.hoc.example") == BLOCKED


def test_the_configuration_changes_at_a_reload(gateway: Gateway, site: Site, web: Web) -> None:
    site.province = {"tests": {"must-allow": [{"names": ["www.hoc.example"], "tiers": ["tieu-hoc"]}]}}
    configure(site, public(web))
    gateway.reload()
    (web.root / "list.txt").write_text(LIST + "www.hoc.example\n")
    done = typed(site, "lists", "fetch")
    assert done.returncode == 1
    assert "could not be put in force, the former ones stay" in done.stderr
    assert answer(gateway, "www.hoc.example") == ["192.0.2.1"], "an assertion keeps it out of force"
    site.province = {}
    (site.config / "province.yaml").unlink()
    (web.root / "other.txt").write_text("www.hoc.example\n" + LIST)
    configure(site, public(web, "other.txt"))
    gateway.reload()
    wait_until(lambda: answer(gateway, "www.hoc.example") == BLOCKED, "the other list")
    configure(site)
    gateway.reload()
    assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]
    assert "no list is fetched" in typed(site, "lists", "fetch").stderr


def test_without_a_gateway_the_next_one_takes_what_came(site: Site, web: Web) -> None:
    done = typed(site, "lists", "fetch")
    assert (done.returncode, done.stdout) == (0, "public: new content, 5 KiB\n")
    assert "the next one to start compiles what came" in done.stderr
    (web.root / "list.txt").unlink()
    with serving(site) as gateway:
        assert answer(gateway, "game7.example") == BLOCKED, "kept while the server is away"
