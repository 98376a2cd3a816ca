"""A publisher that fetches a public list from a web server: staged, published as deltas, kept when broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.intake.trust.contents import Target
from tests.hub.service.office import Office
from tests.hub.service.test_lists import count, layers, mask
from tests.intake.subscriptions.https import Authority, Web, authority, nginx
from tests.servers import wait_until

ROOT = Path(__file__).parents[3]
GAMES = BY_NAME["games"].mask
NAMES = [f"game{number}.example" for number in range(1_000)]


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, trusted: Authority) -> Iterator[Web]:
    with nginx(tmp_path_factory.mktemp("nginx"), trusted) as running:
        yield running


@pytest.fixture
def subscribed(office: Office, web: Web, trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A publisher with one public list, which does not run."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    publish(web, NAMES)
    office.more = (
        f"rollout: {{shadow: 0, canary: 0}}\nsubscriptions:\n- {{id: games, url: '{web.base}/list.txt',"
        " private-networks: [127.0.0.0/8], category: games, licence: CC0-1.0}\n"
    )
    return office


def publish(web: Web, names: list[str]) -> None:
    (web.root / "list.txt").write_text("".join(f"{name}\n" for name in names))


def fetched(office: Office, *words: str) -> dict[str, Any]:
    done = office.run("fetch", "--json", *words)
    assert done.exit_code in (0, 1), done.output
    (found,) = json.loads(done.stdout)["lists"]
    assert isinstance(found, dict)
    return found


def test_a_public_list_is_published_its_change_a_delta_and_what_is_broken_is_not(
    subscribed: Office, web: Web
) -> None:
    office = subscribed
    office.start()
    (base,), stack = layers(office, count(1))
    assert mask(stack, "www.game7.example") == GAMES
    (snapshot,) = stack.snapshots
    assert [row.id for row in snapshot.sources] == ["subscriptions.games"]

    publish(web, [*NAMES[1:], "new.example", "www.moet.gov.vn"])
    told = fetched(office)
    assert (told["changed"], told["added"], told["removed"], told["left_out"]) == (True, 2, 1, 1)
    targets, stack = layers(office, count(2))
    (delta,) = [each for each in targets if each.custom["kind"] == "delta"]
    assert delta.length < base.length / 2
    assert (mask(stack, "new.example"), mask(stack, "game0.example")) == (GAMES, 0)
    assert mask(stack, "www.moet.gov.vn") == 0, "the safety net"
    assert not fetched(office, "games")["changed"]

    (web.root / "list.txt").write_text("<!DOCTYPE html><html><body>Error 503</body></html>")
    assert fetched(office)["reason"] == "html"
    publish(web, NAMES[:100])
    assert fetched(office)["reason"] == "shrink"
    _, stack = layers(office, count(2))
    assert mask(stack, "game999.example") == GAMES
    told = json.loads(office.run("status", "--json").stdout)["subscriptions"][0]
    assert (told["list"], told["too-old"], told["failures"], told["licence"]) == (
        "games",
        False,
        2,
        "CC0-1.0",
    )
    (card,) = json.loads(office.run("cards", "--json").stdout)
    assert (card["list"], card["entries"], card["unique"]) == ("subscriptions.games", 1_000, 1_000)
    assert (card["hits"], card["unblock-requests"]) == (None, None), "not known, and not 0"


def _goes_to_all(target: Target) -> bool:
    return target.custom["kind"] == "delta" and "stage" not in target.custom


def test_what_is_held_waits_until_people_agree(subscribed: Office, web: Web) -> None:
    office = subscribed
    office.more += office.people("an")
    office.start()
    layers(office, count(1))
    publish(web, NAMES[:700])
    told = fetched(office)
    assert told["held"] == ["shrink"]
    wait_until(lambda: "shadow" in office.lists()["subscriptions/games"], "the list in shadow")
    assert "it goes on" in office.agree("an", "subscriptions/games").output
    wait_until(lambda: set(office.lists()["subscriptions/games"]) == {"all"}, "the list with all")
    _, stack = layers(office, lambda targets: any(_goes_to_all(each) for each in targets))
    assert mask(stack, "game999.example") == 0


def test_a_publisher_that_does_not_run_fetches_when_it_starts(subscribed: Office) -> None:
    office = subscribed
    office.configure()
    assert "no publisher runs" in office.run("fetch", "--wait", "1").stderr
    assert "no list with the id gamez is fetched; these are: games" in office.run("fetch", "gamez").stderr
