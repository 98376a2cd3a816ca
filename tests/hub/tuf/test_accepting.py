"""What a partner may bring, and that a refusal says every reason with a word for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.metadata import Delegations, Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from schoolguard.hub.tuf.accepting import (
    MAX_LEAP,
    PushRefused,
    accept_partner_metadata,
    judge_partner_metadata,
)
from schoolguard.hub.tuf.delegations import KeyChange, add_partner, change_delegated_keys, remove_partner
from schoolguard.hub.tuf.drafts import waiting
from schoolguard.hub.tuf.repository import RepositoryFailed, serialized
from schoolguard.intake.trust.limits import TARGETS_BYTES
from schoolguard.language import translator
from tests.hub.tuf.yard import DAY, NOW, Yard, founded, pair, secrets, signers

FILE = "lists/viettel/bad.sgl.zst"
ROLE = "partner-viettel"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    yard = founded(tmp_path_factory.mktemp("hub"))
    yard.partner("viettel", "v1", "v2", "v3", threshold=2)
    yard.push("viettel", {FILE: b"first"}, ["v1", "v2"])
    yard.publish()
    return yard


def codes(yard: Yard, content: bytes, role: str = ROLE, now: float = NOW) -> list[str]:
    """Return the words of a refusal."""
    with pytest.raises(PushRefused) as caught:
        judge_partner_metadata(yard.repository, role, content, now)
    receipt = json.dumps([reason.as_dict() for reason in caught.value.reasons])
    return [reason["code"] for reason in json.loads(receipt)]


def made(yard: Yard, change: Callable[[Targets], None], by: tuple[str, ...] = ("v1", "v2")) -> bytes:
    """Return the partner's next metadata with a change."""
    document = Metadata[Targets].from_bytes(yard.role_bytes("viettel", {FILE: b"second"}, []))
    change(document.signed)
    for signer in secrets(*by):
        document.sign(signer, append=True)
    return serialized(document)


def lists(name: str, length: int = 1) -> Callable[[Targets], None]:
    def change(signed: Targets) -> None:
        signed.targets[name] = TargetFile(length, {"sha256": "0" * 64}, name)

    return change


def hashes(found: dict[str, str]) -> Callable[[Targets], None]:
    return lambda signed: setattr(signed.targets[FILE], "hashes", found)


def version(number: int) -> Callable[[Targets], None]:
    return lambda signed: setattr(signed, "version", number)


def expires(seconds: float) -> Callable[[Targets], None]:
    return lambda signed: setattr(signed, "expires", signed.expires + timedelta(seconds=seconds))


def nothing(signed: Targets) -> None:
    pass


def test_what_is_right_is_accepted(yard: Yard) -> None:
    accepted, _ = judge_partner_metadata(yard.repository, ROLE, made(yard, nothing), NOW)
    assert (accepted.version, [target.path for target in accepted.missing]) == (2, [FILE])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (version(1), "version-not-newer"),
        (version(2 + MAX_LEAP), "version-leap"),
        (expires(-31 * DAY), "expired"),
        (expires(70 * DAY), "expires-too-late"),
        (lists("lists/vnpt/bad.sgl.zst"), "outside-paths"),
        (lists("lists/viettel/../vnpt/x"), "bad-name"),
        (lists("lists/viettel/" + "x" * 300), "bad-name"),
        (lists("lists/viettel/x", 1 << 40), "too-large"),
        (hashes({}), "unreadable"),
        (hashes({"sha512": "0" * 128}), "wrong-content"),
        (hashes({"sha256": "G" * 64}), "wrong-content"),
        (lambda signed: setattr(signed, "delegations", Delegations({}, {})), "outside-paths"),
    ],
)
def test_each_fault_has_its_word(yard: Yard, change: Callable[[Targets], None], code: str) -> None:
    assert code in codes(yard, made(yard, change))


@pytest.mark.parametrize("by", [(), ("v1",), ("v1", "v1"), ("v1", "stranger"), ("targets-1", "targets-2")])
def test_signatures_are_counted_by_keys_of_the_role(yard: Yard, by: tuple[str, ...]) -> None:
    assert codes(yard, made(yard, nothing, by)) == ["threshold-not-met"]


def test_every_reason_is_said(yard: Yard) -> None:
    def wrong(signed: Targets) -> None:
        for change in (version(1), expires(90 * DAY), lists("layers/x"), lists("..")):
            change(signed)

    found = codes(yard, made(yard, wrong, ("v1",)))
    assert found == [
        "threshold-not-met",
        "version-not-newer",
        "expires-too-late",
        "bad-name",
        "outside-paths",
    ]


def test_a_reason_reads_as_a_sentence(yard: Yard) -> None:
    with pytest.raises(PushRefused) as caught:
        judge_partner_metadata(yard.repository, ROLE, made(yard, version(1)), NOW)
    [reason] = caught.value.reasons
    assert reason.as_dict(translator("en")) == {
        "code": "version-not-newer",
        "message": "version 1 is not newer than 1",
        "values": {"version": 1, "known": 1},
    }


@pytest.mark.parametrize("role", ["partner-vnpt", "snapshot", "../x", ""])
def test_nobody_else_is_a_partner(yard: Yard, role: str) -> None:
    assert codes(yard, made(yard, nothing), role) == ["unknown-role"]


def test_metadata_is_bounded_before_it_is_read(yard: Yard) -> None:
    assert codes(yard, b" " * (TARGETS_BYTES + 1)) == ["too-large"]


def test_other_metadata_is_not_targets(yard: Yard) -> None:
    assert codes(yard, yard.root()) == ["unreadable"]


@settings(max_examples=80, deadline=None)
@given(draw=st.data())
def test_anything_else_is_refused_with_a_reason(yard: Yard, draw: st.DataObject) -> None:
    content = bytearray(yard.repository.published_bytes(ROLE) or b"")
    if draw.draw(st.booleans()):
        for _ in range(draw.draw(st.integers(1, 4))):
            content[draw.draw(st.integers(0, len(content) - 1))] = draw.draw(st.integers(0, 255))
        content = content[: draw.draw(st.integers(0, len(content)))]
    else:
        content = bytearray(draw.draw(st.binary(max_size=200)) + b"[" * draw.draw(st.integers(0, 3000)))
    same = bytes(content) == yard.repository.published_bytes(ROLE)
    if not same and not changed_only_a_signature(yard, bytes(content)):
        assert codes(yard, bytes(content))


def changed_only_a_signature(yard: Yard, content: bytes) -> bool:
    """The same signed part with enough right signatures is the same metadata."""
    published = yard.repository.published(ROLE)
    assert published is not None
    try:
        return Metadata[Targets].from_bytes(content).signed == published.signed
    except DeserializationError:
        return False


def test_the_same_may_come_again_when_the_receipt_was_lost(tmp_path: Path) -> None:
    yard = founded(tmp_path)
    yard.partner("viettel", "v1")
    metadata = yard.role_bytes("viettel", {FILE: b"first"}, ["v1"])
    for _ in range(2):
        assert accept_partner_metadata(yard.repository, ROLE, metadata, NOW).missing
    yard.push("viettel", {FILE: b"first"}, ["v1"])
    yard.publish()
    published = yard.repository.published_bytes(ROLE)
    assert published is not None
    assert accept_partner_metadata(yard.repository, ROLE, published, NOW).missing == ()
    assert waiting(yard.repository) == []


def test_a_newer_push_takes_the_place_of_one_that_waits(tmp_path: Path) -> None:
    yard = founded(tmp_path)
    yard.partner("viettel", "v1")
    old = yard.role_bytes("viettel", {FILE: b"old"}, ["v1"])
    document = Metadata[Targets].from_bytes(yard.role_bytes("viettel", {FILE: b"new"}, []))
    document.signed.version = 2
    document.sign(pair("v1").signer)
    accept_partner_metadata(yard.repository, ROLE, old, NOW)
    accept_partner_metadata(yard.repository, ROLE, serialized(document), NOW)
    assert codes(yard, old) == ["version-not-newer"]


def test_a_partner_is_judged_by_the_delegation_that_comes(tmp_path: Path) -> None:
    yard = founded(tmp_path)
    yard.partner("viettel", "v1")
    change = KeyChange(add=[pair("v2").public], remove=[pair("v1").public.keyid])
    change_delegated_keys(yard.repository, ROLE, change, NOW)
    by_old = yard.role_bytes("viettel", {FILE: b"x"}, ["v1"])
    by_new = yard.role_bytes("viettel", {FILE: b"x"}, ["v2"])
    assert codes(yard, by_new) == ["threshold-not-met"]
    yard.sign()
    assert codes(yard, by_old) == ["threshold-not-met"]
    assert accept_partner_metadata(yard.repository, ROLE, by_new, NOW).version == 1


def test_a_push_of_a_partner_that_was_removed_goes_nowhere(tmp_path: Path) -> None:
    yard = founded(tmp_path)
    yard.partner("viettel", "v1")
    remove_partner(yard.repository, "viettel", NOW)
    yard.push("viettel", {FILE: b"x"}, ["v1"])
    yard.sign()
    assert yard.publish().waits == {ROLE: "signatures"}
    assert codes(yard, yard.role_bytes("viettel", {FILE: b"x"}, ["v1"])) == ["unknown-role"]


@pytest.mark.parametrize("partner", ["", "Viettel", "../x", "a/b", "a*", "-a", "a-", "v" * 33])
def test_a_partner_has_a_plain_name(yard: Yard, partner: str) -> None:
    with pytest.raises(RepositoryFailed, match="no name"):
        add_partner(yard.repository, partner, signers("x"), NOW)


def test_a_partner_is_taken_in_once(yard: Yard) -> None:
    with pytest.raises(RepositoryFailed, match="already"):
        add_partner(yard.repository, "viettel", signers("x"), NOW)


@pytest.mark.parametrize(
    "change",
    [KeyChange(remove=["0" * 64]), KeyChange(threshold=4), KeyChange(threshold=0)],
    ids=["unknown key", "too many", "none"],
)
def test_an_impossible_change_of_keys_is_refused(yard: Yard, change: KeyChange) -> None:
    with pytest.raises(RepositoryFailed):
        change_delegated_keys(yard.repository, ROLE, change, NOW)
    assert waiting(yard.repository) == []
