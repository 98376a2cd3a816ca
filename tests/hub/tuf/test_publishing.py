"""Publishing: what is signed anew and when, and that nobody ever sees half of it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from schoolguard.hub.tuf.accepting import accept_partner_metadata
from schoolguard.hub.tuf.delegations import KeyChange, add_partner
from schoolguard.hub.tuf.drafts import waiting
from schoolguard.hub.tuf.founding import found
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.hub.tuf.rotation import change_role_keys
from schoolguard.intake.trust.client import Client, News
from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.store import Store
from tests.hub.tuf.killed import every_step
from tests.hub.tuf.yard import DAY, FOUNDERS, NOW, Yard, founded, pair, secrets, signers

FILE = "lists/viettel/bad.sgl.zst"


def refresh(store: Path, yard: Yard, now: float) -> News:
    client = Client(Store(store), FolderSource(yard.served, carried=False), yard.root())
    news = asyncio.run(client.refresh(now))
    for target in client.targets().values():
        asyncio.run(client.fetch(target))
    return news


def with_viettel(folder: Path) -> Yard:
    yard = founded(folder)
    yard.partner("viettel", "v1", "v2", "v3", threshold=2)
    yard.push("viettel", {FILE: b"first"}, ["v1", "v2"])
    yard.publish()
    return yard


def versions(yard: Yard) -> tuple[int, int]:
    timestamp = yard.repository.timestamp()
    assert timestamp is not None
    return timestamp.signed.version, timestamp.signed.snapshot_meta.version


def test_a_founding_waits_for_enough_signatures(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    found(yard.repository, FOUNDERS, NOW)
    for names in ([], ["root-1", "targets-1", "targets-2"], ["targets-1", "root-2"]):
        if names == ["targets-1", "root-2"]:
            yard.sign(*names)
            break
        with pytest.raises(RepositoryFailed, match="signatures"):
            yard.publish()
        yard.sign(*names or ["stranger"])
    yard.publish()
    assert yard.repository.roots() == [1]
    assert waiting(yard.repository) == []
    assert refresh(tmp_path / "store", yard, NOW).root == 1


def test_a_founding_happens_once(tmp_path: Path) -> None:
    yard = founded(tmp_path)
    with pytest.raises(RepositoryFailed, match="founded before"):
        found(yard.repository, FOUNDERS, NOW)


def test_an_offline_key_must_not_be_an_online_one(tmp_path: Path) -> None:
    roles = {**FOUNDERS, "timestamp": signers("root-1")}
    with pytest.raises(RepositoryFailed, match="root-1"):
        found(Repository(tmp_path), roles, NOW)


@pytest.mark.parametrize(("names", "threshold"), [(["a"], 2), (["a", "a"], 2), (["a"], 0), ([], 1)])
def test_a_threshold_must_be_possible(tmp_path: Path, names: list[str], threshold: int) -> None:
    roles = {**FOUNDERS, "root": signers(*names, threshold=threshold)}
    with pytest.raises(RepositoryFailed, match="cannot sign"):
        found(Repository(tmp_path), roles, NOW)


def test_nothing_is_signed_without_need(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path)
    before = versions(yard)
    yard.publish(NOW + DAY / 2 - 60)
    assert versions(yard) == before
    yard.publish(NOW + DAY / 2 + 60)
    assert versions(yard) == (before[0] + 1, before[1])
    yard.publish(NOW + 4 * DAY)
    assert versions(yard) == (before[0] + 2, before[1] + 1)
    yard.publish(NOW + 4 * DAY, renew=True)
    assert versions(yard) == (before[0] + 3, before[1] + 2)


def test_a_push_waits_for_its_files(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path)
    metadata = yard.role_bytes("viettel", {FILE: b"second"}, ["v1", "v2"])
    [missing] = accept_partner_metadata(yard.repository, "partner-viettel", metadata, NOW).missing
    assert missing.path == FILE
    assert yard.publish().waits == {"partner-viettel": "files"}
    assert not refresh(tmp_path / "store", yard, NOW).changed
    yard.push("viettel", {FILE: b"second"}, ["v1", "v2"])
    assert yard.publish().versions == {"partner-viettel": 2}


def test_without_the_online_keys_nothing_is_published(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path)
    before = versions(yard)
    yard.push("viettel", {FILE: b"second"}, ["v1", "v2"])
    yard.online = ["timestamp"]
    with pytest.raises(Untrusted) as caught:
        yard.publish()
    assert (caught.value.fault, caught.value.role) == (Fault.SIGNATURES, "snapshot")
    assert versions(yard) == before


def test_a_partner_that_signs_no_more_stops_nobody(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path)
    yard.partner("vnpt", "n1", now=NOW + 20 * DAY)
    yard.push("vnpt", {"lists/vnpt/x": b"x"}, ["n1"], NOW + 40 * DAY)
    published = yard.publish(NOW + 40 * DAY)
    assert [(error.role, error.fault) for error in published.behind] == [("partner-viettel", Fault.EXPIRED)]
    assert published.versions == {"partner-vnpt": 1}


def test_two_publishings_do_not_run_at_once(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path)
    with yard.repository.locked(), pytest.raises(RepositoryFailed, match="another publishing"):
        yard.publish()


def change_much(yard: Yard) -> None:
    """Everything at once: a new root with new online keys, a new partner, a new list."""
    for role in ("snapshot", "timestamp"):
        change = KeyChange(add=[pair(role + "-2").public], remove=[pair(role).public.keyid])
        change_role_keys(yard.repository, role, change, NOW)
    add_partner(yard.repository, "vnpt", signers("n1"), NOW)
    yard.sign()
    yard.push("viettel", {FILE: b"second"}, ["v1", "v2"])
    yard.push("vnpt", {"lists/vnpt/x": b"x"}, ["n1"])


def test_a_kill_at_any_step_of_publishing_shows_nobody_half_of_it(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path / "hub")
    refresh(tmp_path / "knows", yard, NOW)
    change_much(yard)
    online = secrets("snapshot", "timestamp", "snapshot-2", "timestamp-2")
    trial = Yard(tmp_path / "trial")

    def before() -> None:
        shutil.rmtree(trial.folder, ignore_errors=True)
        shutil.copytree(yard.folder, trial.folder)

    seen = set()
    for step in every_step(lambda: publish(trial.repository, online, NOW), before):
        store = tmp_path / f"store-{step}"
        shutil.copytree(tmp_path / "knows", store)
        news = refresh(store, trial, NOW)
        assert news.refused == ()
        seen.add((news.root, news.added, news.changed))
        publish(trial.repository, online, NOW)
        assert waiting(trial.repository) == []
        assert refresh(store, trial, NOW).root == 2
    whole = ("lists/vnpt/x",), (FILE,)
    assert seen == {(1, (), ()), (1, *whole), (2, *whole)}


def test_a_kill_at_any_step_of_the_founding_can_be_gone_on_from(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "hub")
    found(yard.repository, FOUNDERS, NOW)
    yard.sign()
    trial = Yard(tmp_path / "trial")

    def before() -> None:
        shutil.rmtree(trial.folder, ignore_errors=True)
        shutil.copytree(yard.folder, trial.folder)

    steps = 0
    for step in every_step(trial.publish, before):
        steps = step
        trial.publish()
        assert refresh(tmp_path / f"fresh-{step}", trial, NOW).root == 1
    assert steps > 10


def test_lost_online_keys_leave_a_moment_in_which_gateways_keep_what_they_have(tmp_path: Path) -> None:
    yard = with_viettel(tmp_path / "hub")
    change_much(yard)
    yard.online = ["snapshot-2", "timestamp-2", "compiled"]
    assert yard.publish().gap
    assert refresh(tmp_path / "fresh", yard, NOW).root == 2
