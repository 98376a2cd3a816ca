"""What somebody on the line, at a mirror or with some of the keys can do to a gateway: each attack one test.

Every test ends with what matters: the gateway says why, and has the last good state as it was.
"""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from tuf.api.metadata import DelegatedRole, MetaFile, Root, Snapshot, TargetFile, Targets

from schoolguard.hub.tuf.delegations import KeyChange, change_delegated_keys, remove_partner, renew_targets
from schoolguard.hub.tuf.repository import RepositoryFailed
from schoolguard.hub.tuf.rotation import change_role_keys, revoke_key
from schoolguard.intake.trust.client import News
from schoolguard.intake.trust.errors import Absent, Fault, Untrusted
from schoolguard.intake.trust.names import SNAPSHOT, TARGETS, TIMESTAMP
from tests.hub.tuf.yard import DAY, NOW, Yard, pair
from tests.intake.trust.conftest import FILE, OTHER, VIETTEL, VNPT, Scene
from tests.intake.trust.gate import Gate
from tests.intake.trust.thief import (
    forge_role,
    forge_root,
    forge_snapshot,
    forge_targets,
    forge_timestamp,
    unchanged,
)


def refused(scene: Scene, now: float, fault: Fault, role: str) -> None:
    """A refresh is refused as a whole, and nothing changes."""
    before = scene.gate.targets()
    with pytest.raises(Untrusted) as caught:
        scene.gate.refresh(now)
    assert (caught.value.fault, caught.value.role) == (fault, role)
    assert scene.gate.targets() == before


def role_refused(scene: Scene, now: float, fault: Fault, role: str) -> News:
    """One role is refused; it keeps what it had, and the others go on."""
    before = scene.gate.targets()
    news = scene.gate.refresh(now)
    assert [(error.fault, error.role) for error in news.refused] == [(fault, role)]
    kept = {path: target for path, target in before.items() if target.role == role}
    assert {path: t for path, t in scene.gate.targets().items() if t.role == role} == kept
    return news


def up_to_date(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    assert scene.content() == b"viettel 1"
    assert scene.content(OTHER) == b"vnpt 1"


def test_an_old_timestamp_is_not_taken(scene: Scene) -> None:
    old = scene.save()
    scene.push(b"viettel 2", NOW + 60)
    up_to_date_at_two(scene)
    shutil.copy(old / "metadata" / "timestamp.json", scene.yard.served / "metadata")
    refused(scene, NOW + 120, Fault.OLDER, TIMESTAMP)


def up_to_date_at_two(scene: Scene) -> None:
    scene.gate.refresh(NOW + 60)
    assert scene.content() == b"viettel 2"


def test_the_whole_repository_of_yesterday_is_not_taken(scene: Scene) -> None:
    old = scene.save()
    scene.push(b"viettel 2", NOW + 60)
    up_to_date_at_two(scene)
    scene.gate.place = old
    refused(scene, NOW + 120, Fault.OLDER, TIMESTAMP)


def test_an_old_snapshot_is_not_taken_although_the_timestamp_key_is_stolen(scene: Scene) -> None:
    old = scene.yard.repository.timestamp()
    assert old is not None
    file = old.signed.snapshot_meta
    scene.push(b"viettel 2", NOW + 60)
    up_to_date_at_two(scene)
    forge_timestamp(scene.yard, lambda timestamp: setattr(timestamp, "snapshot_meta", file))
    refused(scene, NOW + 120, Fault.OLDER, TIMESTAMP)


@pytest.mark.parametrize("role", [TARGETS, VIETTEL])
def test_old_targets_are_not_taken_although_the_online_keys_are_stolen(scene: Scene, role: str) -> None:
    snapshot = scene.yard.repository.snapshot()
    assert snapshot is not None
    old = snapshot.signed.meta[f"{role}.json"]
    scene.push(b"viettel 2", NOW + 60)
    scene.yard.partner("fpt", "f1", now=NOW + 60)
    up_to_date_at_two(scene)

    def back(snapshot: Snapshot) -> None:
        snapshot.meta[f"{role}.json"] = old

    forge_snapshot(scene.yard, back)
    refused(scene, NOW + 120, Fault.OLDER, SNAPSHOT)


def test_a_role_cannot_be_dropped_from_the_snapshot(scene: Scene) -> None:
    up_to_date(scene)

    def drop(snapshot: Snapshot) -> None:
        del snapshot.meta[f"{VIETTEL}.json"]

    forge_snapshot(scene.yard, drop)
    refused(scene, NOW + 60, Fault.REFUSED, SNAPSHOT)


def test_a_frozen_timestamp_is_noticed_after_a_day(scene: Scene) -> None:
    up_to_date(scene)
    assert not scene.gate.refresh(NOW + DAY - 60).anything
    refused(scene, NOW + DAY + 60, Fault.EXPIRED, TIMESTAMP)
    assert scene.content() == b"viettel 1", "the last good state serves on"


def test_a_frozen_snapshot_is_noticed_after_a_week(scene: Scene) -> None:
    up_to_date(scene)
    later = NOW + 8 * DAY
    expires = scene.yard.repository.timestamp()
    assert expires is not None
    forge_timestamp(scene.yard, lambda t: setattr(t, "expires", t.expires + timedelta(days=30)))
    refused(scene, later, Fault.EXPIRED, SNAPSHOT)


def test_the_snapshot_of_another_day_does_not_pass_as_todays(scene: Scene) -> None:
    up_to_date(scene)
    old = scene.yard.repository.snapshot_bytes()
    scene.push(b"viettel 2", NOW + 60)
    timestamp = scene.yard.repository.timestamp()
    assert old is not None
    assert timestamp is not None
    version = timestamp.signed.snapshot_meta.version
    (scene.yard.served / "metadata" / f"{version}.snapshot.json").write_bytes(old)
    refused(scene, NOW + 120, Fault.MIXED, SNAPSHOT)


def test_a_partners_metadata_of_another_day_does_not_pass_as_todays(scene: Scene) -> None:
    up_to_date(scene)
    metadata = scene.yard.served / "metadata"
    scene.push(b"viettel 2", NOW + 60)
    shutil.copy(metadata / f"1.{VIETTEL}.json", metadata / f"2.{VIETTEL}.json")
    role_refused(scene, NOW + 120, Fault.MIXED, VIETTEL)


def test_the_metadata_of_another_partner_does_not_pass(scene: Scene) -> None:
    up_to_date(scene)
    metadata = scene.yard.served / "metadata"
    scene.push(b"viettel 2", NOW + 60)
    shutil.copy(metadata / f"1.{VNPT}.json", metadata / f"2.{VIETTEL}.json")
    role_refused(scene, NOW + 120, Fault.MIXED, VIETTEL)


def test_a_key_that_nobody_named_signs_nothing(scene: Scene) -> None:
    up_to_date(scene)
    forge_role(scene.yard, VNPT, unchanged, ["stranger"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VNPT)


def test_one_partners_key_signs_nothing_for_another(scene: Scene) -> None:
    up_to_date(scene)
    forge_role(scene.yard, VNPT, unchanged, ["v1", "v2", "v3"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VNPT)


def test_one_stolen_key_of_two_of_three_signs_nothing(scene: Scene) -> None:
    up_to_date(scene)
    forge_role(scene.yard, VIETTEL, lambda signed: signed.targets.clear(), ["v1"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VIETTEL)


def test_one_key_does_not_count_twice(scene: Scene) -> None:
    up_to_date(scene)
    forge_role(scene.yard, VIETTEL, unchanged, ["v1", "v1"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VIETTEL)


def test_a_revoked_key_signs_nothing(scene: Scene) -> None:
    up_to_date(scene)
    yard = scene.yard
    change = KeyChange(add=[pair("n2").public], remove=[pair("n1").public.keyid])
    change_delegated_keys(yard.repository, VNPT, change, NOW + 10)
    yard.sign()
    with pytest.raises(RepositoryFailed):
        yard.publish(NOW + 10)  # gateways would refuse what the old key signed
    yard.push("vnpt", {OTHER: b"vnpt 2"}, ["n2"], NOW + 10)
    yard.publish(NOW + 10)
    scene.gate.refresh(NOW + 60)
    assert scene.content(OTHER) == b"vnpt 2"
    forge_role(yard, VNPT, lambda signed: signed.targets.clear(), ["n1"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VNPT)


def test_a_stolen_key_can_be_revoked_before_the_partner_has_signed_again(scene: Scene) -> None:
    up_to_date(scene)
    change = KeyChange(add=[pair("n2").public], remove=[pair("n1").public.keyid])
    change_delegated_keys(scene.yard.repository, VNPT, change, NOW + 10)
    scene.yard.sign()
    published = scene.yard.publish(NOW + 10, leave_behind=True)
    assert [error.role for error in published.behind] == [VNPT]
    forge_role(scene.yard, VNPT, lambda signed: signed.targets.clear(), ["n1"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VNPT)
    assert scene.content(OTHER) == b"vnpt 1"


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json"])
def test_changed_bytes_of_top_level_metadata_are_not_taken(scene: Scene, name: str) -> None:
    up_to_date(scene)
    scene.yard.partner("fpt", "f1", now=NOW + 60)
    path = max((scene.yard.served / "metadata").glob(f"*{name}"), key=lambda p: (len(p.name), p.name))
    changed = bytearray(path.read_bytes())
    changed[changed.index(b'"version":') + 10] ^= 1
    path.write_bytes(changed)
    before = scene.gate.targets()
    with pytest.raises(Untrusted):
        scene.gate.refresh(NOW + 60)
    assert scene.gate.targets() == before


def test_changed_bytes_of_a_partners_metadata_are_not_taken(scene: Scene) -> None:
    up_to_date(scene)
    scene.push(b"viettel 2", NOW + 60)
    path = scene.yard.served / "metadata" / f"2.{VIETTEL}.json"
    path.write_bytes(path.read_bytes().replace(b'"length":9', b'"length":8'))
    role_refused(scene, NOW + 60, Fault.MIXED, VIETTEL)


def test_changed_bytes_of_a_list_are_not_taken(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    [path] = (scene.yard.served / "targets" / "lists" / "viettel").iterdir()
    path.write_bytes(b"viettel 9")
    with pytest.raises(Untrusted) as caught:
        scene.content()
    assert caught.value.fault is Fault.CONTENT
    assert list((scene.gate.folder / "targets").iterdir()) == []
    assert list((scene.gate.folder / "partial").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "lists/viettel/../../../etc/passwd",
        "/etc/passwd",
        "lists/viettel/a\\b",
        "lists/viettel/.ssh",
        "lists/viettel/%2e",
    ],
)
def test_names_that_lead_elsewhere_are_not_taken(scene: Scene, name: str) -> None:
    up_to_date(scene)

    def add(signed: Targets) -> None:
        signed.targets[name] = TargetFile.from_data(name, b"x", ["sha256"])

    forge_role(scene.yard, VIETTEL, add, ["v1", "v2"])
    role_refused(scene, NOW + 60, Fault.BAD_NAME, VIETTEL)


@pytest.mark.parametrize("name", [OTHER, "layers/x", "lists/viettel/deep/x", "orders/vnpt/1.json"])
def test_a_partner_speaks_for_its_own_paths_only(scene: Scene, name: str) -> None:
    up_to_date(scene)

    def add(signed: Targets) -> None:
        signed.targets[name] = TargetFile.from_data(name, b"x", ["sha256"])

    forge_role(scene.yard, VIETTEL, add, ["v1", "v2"])
    role_refused(scene, NOW + 60, Fault.OUTSIDE, VIETTEL)
    assert scene.content(OTHER) == b"vnpt 1"


def test_a_partner_cannot_delegate_to_others(scene: Scene) -> None:
    up_to_date(scene)
    top = scene.yard.repository.published(TARGETS)
    assert top is not None
    forge_role(scene.yard, VIETTEL, lambda s: setattr(s, "delegations", top.signed.delegations), ["v1", "v2"])
    role_refused(scene, NOW + 60, Fault.OUTSIDE, VIETTEL)


def test_stolen_online_keys_cannot_change_a_list(scene: Scene) -> None:
    up_to_date(scene)
    forge_role(scene.yard, VIETTEL, lambda signed: signed.targets.clear(), ["snapshot", "timestamp"])
    role_refused(scene, NOW + 60, Fault.SIGNATURES, VIETTEL)


def test_stolen_online_keys_cannot_delegate(scene: Scene) -> None:
    up_to_date(scene)

    def delegate(signed: Targets) -> None:
        assert signed.delegations is not None
        roles = signed.delegations.roles
        assert roles is not None
        roles["partner-thief"] = DelegatedRole("partner-thief", [], 1, True, paths=["lists/*/*"])
        signed.add_key(pair("timestamp").public.key, "partner-thief")

    forge_targets(scene.yard, delegate, ["snapshot", "timestamp", "compiled"])
    refused(scene, NOW + 60, Fault.SIGNATURES, TARGETS)


def test_stolen_online_keys_cannot_make_a_root(scene: Scene) -> None:
    up_to_date(scene)
    forge_root(scene.yard, unchanged, ["snapshot", "timestamp", "compiled"])
    refused(scene, NOW + 60, Fault.SIGNATURES, "root")


def test_one_root_key_of_two_cannot_make_a_root(scene: Scene) -> None:
    up_to_date(scene)

    def alone(root: Root) -> None:
        root.roles["root"].threshold = 1

    forge_root(scene.yard, alone, ["root-1"])
    refused(scene, NOW + 60, Fault.SIGNATURES, "root")


def test_the_compiled_role_speaks_for_layers_only(scene: Scene) -> None:
    up_to_date(scene)
    yard = scene.yard
    forged = yard.repository.published(VIETTEL)
    assert forged is not None

    def list_it(snapshot: Snapshot) -> None:
        snapshot.meta["compiled.json"] = MetaFile.from_data(1, content, ["sha256"])

    forged.signatures.clear()
    forged.sign(pair("compiled").signer)
    content = forged.to_bytes()
    (yard.served / "metadata" / "1.compiled.json").write_bytes(content)
    forge_snapshot(yard, list_it)
    news = scene.gate.refresh(NOW + 60)
    assert [(error.fault, error.role) for error in news.refused] == [(Fault.OUTSIDE, "compiled")]


def test_a_role_with_a_strange_name_is_not_asked_for(scene: Scene) -> None:
    up_to_date(scene)

    def delegate(signed: Targets) -> None:
        assert signed.delegations is not None
        roles = signed.delegations.roles
        assert roles is not None
        roles["../../secret"] = DelegatedRole("../../secret", [], 1, True, paths=["x/*"])
        signed.add_key(pair("n1").public.key, "../../secret")

    forge_targets(scene.yard, delegate, ["targets-1", "targets-2"])

    def list_it(snapshot: Snapshot) -> None:
        snapshot.meta["../../secret.json"] = MetaFile(1)

    forge_snapshot(scene.yard, list_it)
    news = scene.gate.refresh(NOW + 60)
    assert [error.fault for error in news.refused] == [Fault.BAD_NAME]


def test_a_gateway_that_slept_through_two_rotations_of_the_root_arrives(scene: Scene) -> None:
    up_to_date(scene)
    yard = scene.yard
    for new, old, at in (("root-4", "root-3", NOW + DAY), ("root-5", "root-4", NOW + 2 * DAY)):
        change = KeyChange(add=[pair(new).public], remove=[pair(old).public.keyid])
        change_role_keys(yard.repository, "root", change, at)
        yard.sign("root-1", "root-2", new)
        yard.publish(at)
    scene.push(b"viettel 2", NOW + 2 * DAY)
    news = scene.gate.refresh(NOW + 2 * DAY)
    assert news.root == 3
    assert scene.content() == b"viettel 2"
    fresh = Gate(scene.yard.folder.parent / "fresh", scene.gate.place, scene.gate.root)
    assert fresh.refresh(NOW + 2 * DAY).root == 3, "a new gateway with the first root too"


def test_all_keys_of_the_root_can_be_exchanged(scene: Scene) -> None:
    up_to_date(scene)
    yard = scene.yard
    new, old = ["root-7", "root-8", "root-9"], ["root-1", "root-2", "root-3"]
    change = KeyChange([pair(n).public for n in new], [pair(n).public.keyid for n in old])
    change_role_keys(yard.repository, "root", change, NOW + DAY)
    yard.sign("root-7", "root-8")
    assert "root" in yard.publish(NOW + DAY).waits, "the old keys have not agreed yet"
    yard.sign("root-1", "root-3")
    yard.publish(NOW + DAY)
    assert scene.gate.refresh(NOW + DAY).root == 2
    forge_root(yard, unchanged, old)
    refused(scene, NOW + DAY, Fault.SIGNATURES, "root")


@pytest.mark.parametrize("leap", [1_000_000_000])
def test_stolen_online_keys_that_used_up_the_versions_are_recovered_from(scene: Scene, leap: int) -> None:
    up_to_date(scene)
    yard, honest = scene.yard, scene.save()
    forge_snapshot(yard, unchanged, leap=leap)
    scene.gate.refresh(NOW + 60)
    shutil.rmtree(yard.served)
    shutil.copytree(honest, yard.served)
    refused(scene, NOW + 60, Fault.OLDER, TIMESTAMP)
    rotate_online(yard, NOW + 120)
    scene.push(b"viettel 2", NOW + 180)
    assert scene.gate.refresh(NOW + 180).root == 2
    assert scene.content() == b"viettel 2"


def rotate_online(yard: Yard, now: float) -> None:
    for role in (SNAPSHOT, TIMESTAMP):
        change = KeyChange(add=[pair(role + "-2").public], remove=[pair(role).public.keyid])
        change_role_keys(yard.repository, role, change, now)
    yard.sign()
    yard.online = [*yard.online, "snapshot-2", "timestamp-2"]
    assert not yard.publish(now).gap
    yard.online = ["snapshot-2", "timestamp-2", "compiled"]


def test_revoked_online_keys_sign_nothing(scene: Scene) -> None:
    up_to_date(scene)
    rotate_online(scene.yard, NOW + 60)
    scene.gate.refresh(NOW + 60)
    forge_snapshot(scene.yard, unchanged)
    refused(scene, NOW + 120, Fault.SIGNATURES, TIMESTAMP)


def test_an_expired_root_ends_all_news_and_no_protection(scene: Scene) -> None:
    up_to_date(scene)
    renew_targets(scene.yard.repository, NOW + 364 * DAY)
    scene.yard.sign()
    scene.yard.publish(NOW + 364 * DAY)
    scene.gate.refresh(NOW + 364 * DAY)
    scene.yard.publish(NOW + 365 * DAY - 60)
    refused(scene, NOW + 366 * DAY, Fault.EXPIRED, "root")
    assert scene.content() == b"viettel 1"


def test_a_partner_that_stopped_signing_does_not_stop_the_others(scene: Scene) -> None:
    up_to_date(scene)
    later = NOW + 40 * DAY
    scene.yard.push("vnpt", {OTHER: b"vnpt 2"}, ["n1"], later)
    scene.yard.publish(later)
    news = role_refused(scene, later, Fault.EXPIRED, VIETTEL)
    assert news.changed == (OTHER,)
    assert scene.content() == b"viettel 1"


def test_a_removed_partner_is_gone(scene: Scene) -> None:
    up_to_date(scene)
    remove_partner(scene.yard.repository, "vnpt", NOW + 60)
    scene.yard.sign()
    scene.yard.publish(NOW + 60)
    news = scene.gate.refresh(NOW + 60)
    assert news.removed == (OTHER,)
    assert news.refused == ()


def test_a_key_is_taken_out_of_every_role_that_has_it(scene: Scene) -> None:
    yard = scene.yard
    change = KeyChange(add=[pair("v1").public, pair("n3").public], threshold=2)
    change_delegated_keys(yard.repository, VNPT, change, NOW)
    yard.sign()
    yard.push("vnpt", {OTHER: b"vnpt 2"}, ["n1", "n3"], NOW)
    yard.publish(NOW)
    assert revoke_key(yard.repository, pair("v1").public.keyid, NOW) == [VIETTEL, VNPT]
    yard.sign()
    yard.push("viettel", {FILE: b"viettel 2"}, ["v2", "v3"], NOW)
    yard.publish(NOW)
    news = scene.gate.refresh(NOW)
    assert news.refused == ()
    assert scene.content() == b"viettel 2"


def test_no_repository_is_no_repository(scene: Scene) -> None:
    scene.gate.place = str(scene.gate.place) + "nowhere/"
    with pytest.raises(Absent):
        scene.gate.refresh(NOW)
