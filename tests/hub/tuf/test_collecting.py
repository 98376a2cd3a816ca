"""What is deleted from a repository, and when; and the layers that the publisher signs itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.hub.tuf.collecting import GRACE, collect
from schoolguard.hub.tuf.compiled import draft_compiled
from schoolguard.hub.tuf.placing import place_target
from schoolguard.hub.tuf.repository import RepositoryFailed
from schoolguard.hub.tuf.rotation import renew_root
from schoolguard.hub.tuf.signing import File
from schoolguard.intake.trust.contents import Target
from tests.hub.tuf.yard import NOW, Yard, founded, secrets

FILE = "lists/viettel/bad.sgl.zst"


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = founded(tmp_path)
    yard.partner("viettel", "v1")
    yard.push("viettel", {FILE: b"first"}, ["v1"])
    yard.publish()
    return yard


def lists(yard: Yard) -> list[bytes]:
    return sorted(path.read_bytes() for path in (yard.served / "targets" / "lists" / "viettel").iterdir())


def test_what_is_in_force_stays_for_ever(yard: Yard) -> None:
    collect(yard.repository, NOW)
    gone = collect(yard.repository, NOW + 100 * GRACE)
    assert lists(yard) == [b"first"]
    assert all(name.startswith("metadata/") for name in gone)
    yard.publish(NOW + 60, renew=True)


def test_what_is_replaced_stays_for_a_week(yard: Yard) -> None:
    yard.push("viettel", {FILE: b"second"}, ["v1"])
    yard.publish()
    assert collect(yard.repository, NOW) == []
    assert collect(yard.repository, NOW + GRACE - 1) == []
    assert lists(yard) == [b"first", b"second"]
    assert "metadata/1.partner-viettel.json" in collect(yard.repository, NOW + GRACE)
    assert lists(yard) == [b"second"]
    yard.publish(NOW, renew=True)


def test_roots_stay_for_ever(yard: Yard) -> None:
    renew_root(yard.repository, NOW)
    yard.sign()
    yard.publish()
    collect(yard.repository, NOW)
    collect(yard.repository, NOW + 100 * GRACE)
    assert yard.repository.roots() == [1, 2]


def test_what_waits_to_be_published_stays(yard: Yard) -> None:
    yard.push("viettel", {FILE: b"second"}, ["v1"])
    collect(yard.repository, NOW)
    collect(yard.repository, NOW + 100 * GRACE)
    assert lists(yard) == [b"first", b"second"]
    yard.publish()


def test_what_a_clock_of_tomorrow_noted_is_not_deleted_at_once(yard: Yard) -> None:
    yard.push("viettel", {FILE: b"second"}, ["v1"])
    yard.publish()
    collect(yard.repository, NOW + 50 * GRACE)
    assert collect(yard.repository, NOW) == []
    assert collect(yard.repository, NOW + GRACE - 1) == []


def test_layers_are_signed_by_the_publishers_own_key(yard: Yard) -> None:
    layers = {f"layers/{n}.layer.zst": File(yard.write(n.encode()), {"kind": "base"}) for n in ("a", "b")}
    draft_compiled(yard.repository, layers, secrets(*yard.online), NOW)
    assert yard.publish().versions == {"compiled": 1}
    newer = {"layers/c.layer.zst": File(yard.write(b"c"))}
    draft_compiled(yard.repository, newer, secrets(*yard.online), NOW, keep=["layers/b.layer.zst"])
    yard.publish()
    published = yard.repository.published("compiled")
    assert published is not None
    assert sorted(published.signed.targets) == ["layers/b.layer.zst", "layers/c.layer.zst"]
    assert published.signed.targets["layers/b.layer.zst"].custom == {"kind": "base"}


@pytest.mark.parametrize("content", [b"firs", b"first ", b"f1rst", b""])
def test_only_the_file_that_was_signed_is_placed(yard: Yard, content: bytes) -> None:
    target = Target(
        FILE, 5, "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e", "partner-viettel"
    )
    wrong = Target("lists/viettel/new", target.length, target.sha256, target.role)
    with pytest.raises(RepositoryFailed, match="another file came"):
        place_target(yard.repository, wrong, yard.write(content))
    assert lists(yard) == [b"first"]
    assert list(yard.repository.incoming.iterdir()) == []
    place_target(yard.repository, wrong, yard.write(b"first"))


def test_a_file_is_placed_nowhere_else(yard: Yard) -> None:
    target = Target("../../x", 5, "0" * 64, "partner-viettel")
    with pytest.raises(RepositoryFailed, match="may not be"):
        place_target(yard.repository, target, yard.write(b"first"))
