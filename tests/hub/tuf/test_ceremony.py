"""The offline ceremony as people do it: with the commands, keys in files, and two sticks."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from schoolguard.cli.hub_keys import keys
from schoolguard.cli.hub_signing import init, partner, publish, renew, sign
from schoolguard.hub.tuf.ceremony import FOLDER, bring_back, carry_out
from schoolguard.hub.tuf.drafts import draft, is_complete
from schoolguard.hub.tuf.keys import public_document, read_signers
from schoolguard.hub.tuf.publishing import publish as publish_now
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.hub.tuf.rotation import renew_root
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.first import fingerprint
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.store import Store
from tests.hub.tuf.yard import NOW, Yard, founded, pair


@click.group(commands=[keys, init, sign, partner, publish, renew])
def hub() -> None:
    """The commands as the integrated program has them."""


@pytest.fixture(scope="module")
def drawers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with two persons' drawers, their keys in them, an empty stick, and a partner's keys."""
    table = tmp_path_factory.mktemp("table")
    for name in ("an", "binh", "viettel", "stick"):
        (table / name).mkdir()
    for who, names in {
        "an": ("root-an", "targets-an", "root-chi"),
        "binh": ("root-binh", "targets-binh"),
    }.items():
        for name in names:
            say("keys", "new", name, "--into", table / who, *SECRET, *ENGLISH)
    for name in ("v1", "v2", "v3"):
        (table / "viettel" / f"{name}.pub.json").write_bytes(public_document(pair(name).public))
    begin(table)
    return table


@pytest.fixture(scope="module")
def in_force(drawers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after the founding."""
    table = tmp_path_factory.mktemp("founded") / "table"
    shutil.copytree(drawers, table)
    sign_all(table, "an", "binh")
    publish_all(table)
    return table


@pytest.fixture
def desk(drawers: Path, tmp_path: Path) -> Path:
    shutil.copytree(drawers, tmp_path / "desk")
    return tmp_path / "desk"


@pytest.fixture
def founded_desk(in_force: Path, tmp_path: Path) -> Path:
    shutil.copytree(in_force, tmp_path / "desk")
    return tmp_path / "desk"


def say(*words: object, typed: str = "", code: int = 0) -> str:
    """Run a command; passphrases come from the environment, answers from ``typed``."""
    arguments = [str(word) for word in words]
    done = CliRunner(env={"SECRET": SECRET_BYTES.decode()}).invoke(hub, arguments, input=typed)
    assert done.exit_code == code, done.output
    return done.output


SECRET_BYTES = "chưa ai biết cả".encode()
SECRET = ("--passphrase", "env:SECRET")
ENGLISH = ("--language", "en")


def publics(desk: Path, role: str) -> list[object]:
    return [
        word for who in ("an", "binh") for word in (f"--{role}-key", desk / who / f"{role}-{who}.pub.json")
    ]


def begin(desk: Path) -> None:
    thresholds = ("--root-threshold", 2, "--targets-threshold", 1)
    say(
        "init",
        *publics(desk, "root"),
        *publics(desk, "targets"),
        *thresholds,
        "--hub",
        desk / "hub",
        *SECRET,
        *ENGLISH,
    )


def sign_all(desk: Path, *who: str) -> str:
    place, stick = ("--hub", desk / "hub"), desk / "stick"
    say("sign", "carry-out", stick, *place, *ENGLISH)
    for person in who:
        for role in ("root", "targets"):
            if (stick / FOLDER / f"{role}.json").is_file():
                key = desk / person / f"{role}-{person}.key"
                say("sign", "add", stick, "--key", key, "--role", role, *SECRET, *ENGLISH, typed="y\n")
    return say("sign", "bring-back", stick, *place, *ENGLISH)


def publish_all(desk: Path) -> str:
    return say("publish", "--hub", desk / "hub", *SECRET, *ENGLISH)


def believed(desk: Path, version: int) -> int:
    """Return the root at which a gateway arrives that was given root 1."""
    repository = Repository(desk / "hub")
    source = FolderSource(repository.served, carried=False)
    client = Client(Store(desk / f"gateway-{version}"), source, repository.root_bytes(1))
    return asyncio.run(client.refresh(time.time())).root


def test_a_founding_by_one_person_is_none(desk: Path) -> None:
    assert "0 of 2 signatures" in say("sign", "status", "--hub", desk / "hub", *ENGLISH)
    assert "1 of 2 signatures that root 1 asks for; not yet: root-binh" in sign_all(desk, "an")
    assert "no root with enough signatures" in say(
        "publish", "--hub", desk / "hub", *SECRET, *ENGLISH, code=1
    )
    assert "2 of 2 signatures" in sign_all(desk, "binh"), "on another stick, another day"
    assert "timestamp 1 is in force" in publish_all(desk)
    assert believed(desk, 1) == 1


def test_a_founding_that_cannot_be_makes_no_keys(desk: Path) -> None:
    words = [
        *publics(desk, "root"),
        *publics(desk, "targets"),
        "--root-threshold",
        3,
        "--targets-threshold",
        1,
    ]
    refused = say("init", *words, "--hub", desk / "another", *SECRET, *ENGLISH, code=1)
    assert "root: 3 of 2 different keys cannot sign" in refused
    assert not (desk / "another").exists()


def test_what_was_founded_is_shown(founded_desk: Path) -> None:
    place = ("--hub", founded_desk / "hub")
    shown = say("keys", "show", *place, *ENGLISH)
    assert fingerprint(Repository(founded_desk / "hub").root_bytes(1)) in shown
    assert re.search(
        r"root: 2 of 2 keys must sign: root-an \([0-9a-f]{8}\), root-binh \([0-9a-f]{8}\)", shown
    )
    assert "means 0 keys" in say("keys", "revoke", "nobody", *place, *ENGLISH, code=1)


def test_what_is_signed_is_shown_with_what_changes(founded_desk: Path) -> None:
    desk = founded_desk
    rotation = ("--add", desk / "an" / "root-chi.pub.json", "--remove", "root-an")
    say("keys", "rotate", "root", *rotation, "--hub", desk / "hub", *ENGLISH)
    say("sign", "carry-out", desk / "stick", "--hub", desk / "hub", *ENGLISH)
    shown = say("sign", "show", desk / "stick", *ENGLISH)
    assert re.search(r"^\+ root: 2 of 2 keys must sign: root-binh \(\w+\), root-chi \(\w+\)$", shown, re.M)
    assert re.search(r"^- root: 2 of 2 keys must sign: root-an \(\w+\), root-binh \(\w+\)$", shown, re.M)
    assert re.search(r"^  timestamp: 1 of 1 keys must sign: timestamp \(\w+\)$", shown, re.M)
    assert re.search(r"digest to compare aloud: (\w{4}-){7}\w{4}$", shown, re.M)


def test_without_a_yes_nothing_is_signed(desk: Path) -> None:
    say("sign", "carry-out", desk / "stick", "--hub", desk / "hub", *ENGLISH)
    before = (desk / "stick" / FOLDER / "root.json").read_bytes()
    key = desk / "an" / "root-an.key"
    say("sign", "add", desk / "stick", "--key", key, *SECRET, *ENGLISH, typed="n\n", code=1)
    assert (desk / "stick" / FOLDER / "root.json").read_bytes() == before


def test_root_and_targets_are_renewed_and_online_keys_exchanged(founded_desk: Path) -> None:
    desk = founded_desk
    say("renew", "--hub", desk / "hub", *ENGLISH)
    say("keys", "rotate", "timestamp", "--hub", desk / "hub", *SECRET, *ENGLISH)
    sign_all(desk, "an", "binh")
    told = publish_all(desk)
    assert "published: root, version 2" in told
    assert "published: targets, version 2" in told
    assert believed(desk, 1) == 2
    shown = say("keys", "show", "--hub", desk / "hub", *ENGLISH)
    assert "timestamp: 1 of 1 keys must sign: timestamp-2" in shown


def test_a_partner_comes_loses_a_key_and_goes(founded_desk: Path) -> None:
    desk, place = founded_desk, ("--hub", founded_desk / "hub", *ENGLISH)
    signers = read_signers(desk / "hub" / "keys", SECRET_BYTES)

    def in_force(*who: str) -> str:
        sign_all(desk, *who)
        publish_now(Repository(desk / "hub"), signers, time.time())
        return say("keys", "show", *place)

    given = [word for name in ("v1", "v2", "v3") for word in ("--key", desk / "viettel" / f"{name}.pub.json")]
    say("partner", "add", "viettel", *given, "--threshold", 2, *place)
    assert "partner-viettel: 2 of 3" in in_force("an")
    assert "taken out of: partner-viettel" in say("keys", "revoke", "v2", *place)
    assert "cannot sign" in say("keys", "revoke", "v1", *place, code=1)
    assert "partner-viettel: 2 of 2" in in_force("an")
    say("partner", "remove", "viettel", *place)
    assert "viettel" not in in_force("binh")


def rooted(folder: Path) -> Yard:
    yard = founded(folder / "hub")
    renew_root(yard.repository, NOW)
    carry_out(yard.repository, folder)
    return yard


def test_a_stick_that_was_changed_on_its_way_brings_nothing(tmp_path: Path) -> None:
    yard = rooted(tmp_path)
    path = tmp_path / FOLDER / "root.json"
    path.write_bytes(path.read_bytes().replace(b'"version":2', b'"version":3'))
    with pytest.raises(RepositoryFailed, match="not what was asked"):
        bring_back(yard.repository, tmp_path)
    assert not is_complete(yard.repository, "root")


def test_strange_signatures_are_left_on_the_stick(tmp_path: Path) -> None:
    yard = rooted(tmp_path)
    path = tmp_path / FOLDER / "root.json"
    signature = b'{"keyid":"%s","sig":"00"}' % (b"0" * 64)
    path.write_bytes(path.read_bytes().replace(b'"signatures":[]', b'"signatures":[%s]' % signature))
    assert not any(need.signed for need in bring_back(yard.repository, tmp_path)["root"])
    document = draft(yard.repository, "root")
    assert document is not None
    assert document.signatures == {}


def test_an_edit_drops_the_signatures_that_were_there(tmp_path: Path) -> None:
    yard = rooted(tmp_path)
    yard.sign("root-1", "root-2")
    assert is_complete(yard.repository, "root")
    renew_root(yard.repository, NOW + 1)
    assert not is_complete(yard.repository, "root")
