"""A publisher and three gateways: a list from its push to every school, and a bad one back by itself.

Some 80 s, with nothing replaced: asked for with SCHOOLGUARD_LONG=1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schoolguard.hub.push.bundle import BundleEntry
from schoolguard.intake.orders.key import gateway_key
from schoolguard.intake.trust.first import fingerprint
from tests.hub.service.office import Office, founded
from tests.servers import Gateway, run_command, serving, wait_until
from tests.site import STAFF, Site

pytestmark = pytest.mark.skipif("SCHOOLGUARD_LONG" not in os.environ, reason="set SCHOOLGUARD_LONG=1")

LIST = "viettel/gambling"
PASS = ("--group", "Khách", "--for", "45m", "--by", "Cô Lan", "--reason", "Bài giảng")
ROLLOUT = """
agreements: 2
rollout:
  shadow: 1
  canary: 6
  approve: always
  canary-gateways: [{canary}]
  canary-share: 0%
  threshold: 2
  jump-queries: 20
  jump-gateways: 1
"""


@dataclass
class Scene:
    """The first gateway is the canary."""

    office: Office
    gateways: list[Gateway]

    def blocked(self, name: str) -> list[bool]:
        """Return whether each gateway blocks a name."""
        replies = [gateway.asker(STAFF).ask(name) for gateway in self.gateways]
        return [reply.ede is not None and reply.ede[0] in (15, 16, 17) for reply in replies]

    def agreed(self) -> None:
        for person in ("an", "binh"):
            told = self.office.agree(person)
            assert told.exit_code == 0, told.output

    def stage(self) -> dict[str, str]:
        return self.office.lists().get(LIST, {})


@pytest.fixture
def scene(new_site: Callable[..., Site], tmp_path: Path) -> Iterator[Scene]:
    office = founded(tmp_path / "office")
    sites = [new_site(tmp_path) for _ in range(3)]
    ids = []
    for site in sites:
        site.state.mkdir()
        ids.append(gateway_key(site.state / "gateway.key").public_key().public_bytes_raw().hex())
        asked = site.state / "asked"
        asked.mkdir()
        (asked / datetime.now(UTC).date().isoformat()).write_text("one.example\nwww.bai-giang.example\n")
        root = fingerprint(office.repository.root_bytes(1))
        followed = {"root-fingerprint": root, "url": office.base, "every": 5, "jitter": 0, "report-every": 5}
        text = site.config / "schoolguard.yaml"
        text.write_text(text.read_text() + f"publisher: {json.dumps(followed)}\n")
    office.more = ROLLOUT.format(canary=ids[0]) + office.people("an", "binh")
    office.gateways = "".join(f"{id} {id}\n" for id in ids)
    with ExitStack() as stack:
        office.start()
        stack.callback(office.kill)
        yield Scene(office, [stack.enter_context(serving(site)) for site in sites])


def test_a_list_goes_to_all_and_a_bad_one_goes_back(scene: Scene) -> None:
    office = scene.office
    first = office.bundle([BundleEntry(f"bet{number}.example", provenance=0) for number in range(50)])[0]
    assert office.list(first)["status"] == "accepted"
    wait_until(lambda: "shadow" in scene.stage(), "shadow")
    assert scene.blocked("bet1.example") == [False] * 3
    scene.agreed()
    wait_until(lambda: scene.blocked("bet1.example") == [True, False, False], "only the canary")
    wait_until(lambda: scene.blocked("bet1.example") == [True] * 3, "all gateways")

    for _ in range(60):
        scene.blocked("one.example")  # what blocking is measured against
    names = [f"bet{number}.example" for number in range(50)] + ["one.example", "www.bai-giang.example"]
    bad = office.bundle([BundleEntry(name, provenance=0) for name in names], 2)[0]
    assert office.list(bad)["status"] == "accepted"
    asked = wait_until(lambda: previewed(office), "what gateways say of it")
    assert (asked["answered"], asked["asked-in"], asked["names-at-least"]) == (3, 3, 2)
    told = office.run("preview", LIST).output
    assert "would newly block 2 names" in told, told
    assert "at least 2 and at most 6 names" in told, told
    mine = json.loads(command(scene.gateways[1], "province", "preview", "--json"))
    assert {each["name"] for each in mine[0]["names"]} == {"one.example", "www.bai-giang.example"}
    assert scene.blocked("one.example") == [False] * 3
    scene.agreed()
    wait_until(lambda: scene.blocked("one.example") == [True, False, False], "only the canary again")

    def taken_back() -> bool:
        scene.blocked("one.example")
        return bool(office.versions()[0]["stage"] == "taken-back")

    wait_until(taken_back, "the jump is seen")
    wait_until(lambda: scene.blocked("one.example") == [False] * 3, "the canary as before")
    assert scene.blocked("bet1.example") == [True] * 3
    assert "blocking jumped in 1 of" in office.run("preview").output


def test_a_gateway_goes_back_alone_and_stays_there(scene: Scene) -> None:
    office, gateway = scene.office, scene.gateways[0]
    for sequence, name in ((1, "first.example"), (2, "second.example")):
        assert (
            office.list(office.bundle([BundleEntry(name, provenance=0)], sequence)[0])["status"] == "accepted"
        )
        wait_until(lambda: "shadow" in scene.stage(), "shadow")
        scene.agreed()
        wait_until(lambda name=name: scene.blocked(name)[0], "the canary")  # type: ignore[misc]
        wait_until(lambda: set(scene.stage()) == {"all"}, "with all")
    command(gateway, "lists", "rollback")
    assert scene.blocked("first.example")[0]
    assert not scene.blocked("second.example")[0]
    assert "pinned" in status(gateway)
    assert "PINNED" in command(gateway, "lists", "rollback", "--kept")
    version = next(
        each for each in office.versions() if each["lists"] == [LIST] and each["stage"] == "passed"
    )
    assert office.run("rollback", str(version["version"]), person="an").exit_code == 0
    wait_until(lambda: scene.blocked("second.example")[2] is False, "the hub's way back")
    command(gateway, "lists", "rollback", "--release")
    wait_until(lambda: "pinned" not in status(gateway), "released")
    assert scene.blocked("first.example") == [True] * 3


def test_passes_that_teachers_grant_take_a_list_back_through_kills(scene: Scene) -> None:
    """Nothing but the passes shows that this list is bad; the publisher dies at every stage."""
    office, gateway = scene.office, scene.gateways[0]
    one, other = "  jump-gateways: 1\n", "  jump: off\n  jump-requests: 2\n"
    office.more = office.more.replace(one, one + other)
    office.kill()
    office.start()
    for _ in range(30):
        scene.blocked("one.example")
    bundle = office.bundle([BundleEntry("lesson.example", provenance=0)])[0]
    assert office.list(bundle)["status"] == "accepted"
    office.kill()
    office.start()
    wait_until(lambda: "shadow" in scene.stage(), "shadow")
    wait_until(lambda: state(gateway), "the lists before, which the canary compares with")
    scene.agreed()
    office.kill()
    office.start()
    wait_until(lambda: scene.blocked("lesson.example") == [True, False, False], "only the canary")
    for _ in range(30):
        scene.blocked("one.example")
    for name in ("lesson.example", "www.lesson.example", "vn.lesson.example"):
        command(gateway, "pass", "grant", "--allow", name, *PASS)
    office.kill()
    office.start()
    wait_until(lambda: office.versions()[0]["stage"] == "taken-back", "the jump is seen")
    told = office.run("preview").output
    assert "requests to open names jumped in 1 of" in told, told
    assert office.run("status").exit_code == 0


def previewed(office: Office) -> dict[str, Any] | None:
    told = json.loads(office.run("preview", LIST, "--json").stdout)["previews"]
    asked: dict[str, Any] | None = told[0]["asked"] if told else None
    return asked if asked and asked["answered"] == 3 else None


def status(gateway: Gateway) -> str:
    """Return the problems that the gateway tells of."""
    return run_command("province", "status", "--config", str(gateway.site.config), "--language", "en").stderr


def state(gateway: Gateway) -> str:
    """Return the publisher's state that the gateway enforces, nothing before the first."""
    return str(json.loads(command(gateway, "province", "status", "--json"))["state"])


def command(gateway: Gateway, *words: str) -> str:
    done = run_command(*words, "--config", str(gateway.site.config), "--language", "en")
    assert done.returncode == 0, done.stderr
    return done.stdout
