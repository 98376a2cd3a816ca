"""``schoolguard feed`` and ``hub feed``, as a headmaster and a province type them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schoolguard.cli.feed import feed
from schoolguard.cli.hub_feed import feed as hub_feed
from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.sent import Sent, SentLog
from schoolguard.intake.orders.key import gateway_key
from schoolguard.store.bounds import Bounds
from schoolguard.store.store import Store
from tests.hub.feed.school import BEGAN, parcel, receiver, standing, summary
from tests.site import Site

SCHOOL = "thu-nghiem"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "site", 5300, 9153, upstreams=["127.0.0.1@5353"])
    made.folder.mkdir()
    made.write().state.mkdir(mode=0o700, exist_ok=True)
    return made


def run(site: Site, *arguments: str, language: str = "en") -> Result:
    words = [*arguments, "--config", str(site.config), "--language", language]
    return CliRunner().invoke(feed, words)


def hub(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(hub_feed, [*arguments, "--hub", str(folder), "--language", "en"])


def send_to(site: Site, base: str) -> None:
    with (site.config / "schoolguard.yaml").open("a") as file:
        file.write(f"feed: {{to: '{base}'}}\n")


def fill(site: Site) -> None:
    """Let one document be delivered and two wait."""
    key = gateway_key(site.state / "gateway.key")
    SentLog(site.state).put(Sent(SCHOOL, 1, BEGAN, standing(SCHOOL, key)))

    async def put() -> None:
        store = await Store.open(site.state / "store.db", Bounds(), float(BEGAN))
        await store.follow(SCHOOL, 1)
        for _ in range(2):
            await store.post(SCHOOL, BEGAN, BEGAN + 300, lambda sequence: summary(SCHOOL, sequence, key))
        await store.close()

    asyncio.run(put())


def test_a_code_from_the_province_enrols_the_school(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()

    async def work() -> tuple[Result, Result]:
        async with receiver(folder) as made:
            send_to(site, made.base)
            code = (
                await asyncio.to_thread(hub, folder, "code", SCHOOL, "--by", "Phòng GDĐT")
            ).stdout.split()[0]
            typed = code.lower().replace("-", " ")
            wrong = await asyncio.to_thread(run, site, "enrol", code[:-1] + ("0" if code[-1] != "0" else "2"))
            return wrong, await asyncio.to_thread(run, site, "enrol", typed)

    wrong, result = asyncio.run(work())
    assert (wrong.exit_code, "mistyped" in wrong.output) == (1, True)
    assert result.exit_code == 0, result.output
    home = EnrolledFile(site.state).read()
    assert home is not None
    assert set(home.schools) == {SCHOOL}
    status = run(site, "status")
    assert f"{SCHOOL}: enrolled" in status.output
    assert "no gateway runs here" in status.output
    revoked = hub(folder, "revoke", SCHOOL)
    assert (revoked.exit_code, home.gateway in revoked.output) == (0, True)
    assert hub(folder, "revoke", "th-nao").exit_code == 1


def test_without_a_receiver_enrolling_says_so(site: Site) -> None:
    code = "EE57-P107-T0WY-6N38-M68D-N31P-QW5R-ZZ22"
    assert "no publisher is configured" in run(site, "enrol", code).output
    send_to(site, "http://127.0.0.1:1")
    result = run(site, "enrol", code)
    assert (result.exit_code, "127.0.0.1:1" in result.output) == (1, True)
    assert "no school is enrolled" in run(site, "rotate-key").output


def test_before_anything_was_counted(site: Site) -> None:
    assert "there is nothing to show" in run(site, "show").output
    assert run(site, "show", "3").exit_code == 1
    assert "not enrolled" in run(site, "status").output
    assert json.loads(run(site, "status", "--json").output)["running"] is None


def test_show_tells_every_member_in_words_and_that_no_child_is_in_it(site: Site) -> None:
    fill(site)
    result = run(site, "show")
    assert "No child is in it" in result.output
    assert f"{SCHOOL}, document 1: software, policy and lists in force; delivered" in result.output
    assert f"{SCHOOL}, document 3: counts of one period; it waits to be sent" in result.output
    signed = [json.loads(line)["document"] for line in run(site, "show", "--json").output.splitlines()]
    assert [each["format"] for each in signed] == ["schoolguard-summary/1", "schoolguard-standing/1"]
    for document in signed:
        for member in document:
            assert f"({member})" in result.output, "every member that is signed is shown"
    assert "Số thứ tự của tài liệu" in run(site, "show", "2", language="vi").output
    assert "document 3" not in run(site, "show", "2").output


def test_what_is_exported_verifies_and_what_was_changed_does_not(site: Site, tmp_path: Path) -> None:
    fill(site)
    file = tmp_path / "out.jsonl"
    assert run(site, "export", str(file)).exit_code == 0
    content = file.read_bytes()
    assert len(content.splitlines()) == 3
    good = run(site, "verify", str(file))
    assert (good.exit_code, good.output.count("this gateway's")) == (0, 3)
    file.write_bytes(content.replace(b'"missing":0', b'"missing":1', 1))
    bad = run(site, "verify", str(file))
    assert (bad.exit_code, bad.output.count("NOT RIGHT")) == (1, 1)
    foreign = run(site, "verify", str(file), "--key", "0a" * 32)
    assert (foreign.exit_code, foreign.output.count("another key than --key")) == (1, 2)
    file.write_bytes(b"")
    assert run(site, "verify", str(file)).exit_code == 1


def test_other_forms_of_what_is_sent(site: Site, tmp_path: Path) -> None:
    fill(site)
    assert run(site, "export", "--format", "csv").output.startswith("school,sequence,begin")
    assert "schoolguard_feed_sequence" in run(site, "export", "--format", "openmetrics").output
    assert "needs a PLACE" in run(site, "export", "--format", "parcel", str(tmp_path)).output
    signed = summary(SCHOOL, 9, gateway_key(site.state / "gateway.key"))
    carried = tmp_path / "carried.feed"
    carried.write_bytes(parcel([signed]))
    assert run(site, "verify", str(carried)).exit_code == 0
    carried.write_bytes(parcel([signed])[:-9])
    assert run(site, "verify", str(carried)).exit_code == 1


def test_tokens_are_shown_once_and_ended_by_name(tmp_path: Path) -> None:
    made = hub(tmp_path, "token", "so-gddt", "--read", "status")
    assert made.stdout.startswith("sgf_")
    assert hub(tmp_path, "token", "so-gddt", "--read", "status").exit_code == 1
    assert "so-gddt: status, until" in hub(tmp_path, "tokens").output
    assert hub(tmp_path, "tokens", "--remove", "so-gddt").exit_code == 0
    assert hub(tmp_path, "tokens").output == ""
