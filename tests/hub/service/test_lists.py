"""Pushed lists: judged, compiled, published as layers that a gateway can lay together; and refused ones."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.hub.push.bundle import Base, BundleEntry, Sign
from schoolguard.hub.push.sending import SendFailed
from schoolguard.hub.service.plan import published_of
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.contents import Target
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from tests.hub.service.office import Office
from tests.servers import wait_until

GAMBLING = BY_NAME["gambling"].mask
NAMES = [BundleEntry(f"bet{number}.example", provenance=0) for number in range(500)]


def codes(receipt: dict) -> set[str]:  # type: ignore[type-arg]
    return {reason["code"] for reason in receipt["reasons"]}


def layers(office: Office, until: Callable[[list[Target]], bool]) -> tuple[list[Target], Stack]:
    """Return the compiled layers once they are as wanted, and what a new gateway makes of them."""

    async def work(client: Client) -> list[Path]:
        end = time.monotonic() + 120
        while True:
            await client.refresh(time.time())
            targets[:] = [each for each in client.targets().values() if each.path.startswith("layers/")]
            if until(targets):
                break
            assert time.monotonic() < end, (office.folder / "log").read_text()
        published = published_of(targets)
        assert published.base is not None
        chain = [published.base, *published.since_base]
        return [await client.fetch(next(t for t in targets if t.path == layer.path)) for layer in chain]

    targets: list[Target] = []
    paths = office.with_client(work)
    opened = []
    for path in paths:
        unpacked = office.folder / f"{path.name}.unpacked"
        with path.open("rb") as reader, unpacked.open("wb") as writer:
            zstandard.ZstdDecompressor().copy_stream(reader, writer)
        opened.append(Snapshot.open(unpacked))
    return targets, Stack(opened)


def count(most: int) -> Callable[[list[Target]], bool]:
    return lambda targets: len(targets) == most


def mask(stack: Stack, name: str) -> int:
    return stack.mask(search_key(name))


def test_a_list_becomes_a_base_and_its_change_a_delta(office: Office) -> None:
    office.start()
    whole, digest = office.bundle(NAMES)
    receipt = office.list(whole)
    assert receipt["status"] == "accepted", receipt
    (base,), stack = layers(office, count(1))
    assert base.custom["kind"] == "base"
    assert base.custom["follows"] == ""
    assert base.path == f"layers/{base.custom['state']}.layer.zst"
    assert mask(stack, "www.bet7.example") == GAMBLING

    changes = [BundleEntry("bet7.example", sign=Sign.REMOVE), BundleEntry("new.example", provenance=0)]
    delta, _ = office.bundle(changes, 2, base=Base(1, digest))
    receipt = office.list(delta)
    assert receipt["status"] == "accepted", receipt
    told = receipt["notes"]["files"]["lists/viettel/gambling.sgl.zst"]
    assert (told["added"], told["removed"]) == (1, 1)
    targets, stack = layers(office, count(2))
    (above,) = [each for each in targets if each.custom["kind"] == "delta"]
    assert above.custom["follows"] == base.custom["state"]
    assert above.custom["state"] != base.custom["state"]
    assert above.length < base.length
    assert (mask(stack, "bet7.example"), mask(stack, "new.example")) == (0, GAMBLING)
    assert mask(stack, "bet8.example") == GAMBLING


def test_a_new_base_comes_when_deltas_are_many_and_old_gateways_still_take_deltas(office: Office) -> None:
    office.more = "layers: {deltas: 1, kept: 2}\n"
    office.start()
    for sequence in range(1, 4):
        added = [BundleEntry(f"x{number}.example", provenance=0) for number in range(sequence)]
        assert office.list(office.bundle([*NAMES, *added], sequence)[0])["status"] == "accepted"
        targets, stack = layers(office, count(sequence))
        assert mask(stack, f"x{sequence - 1}.example") == GAMBLING
    published = published_of(targets)
    assert published.base is not None
    assert len(published.deltas) == 2
    assert published.deltas[-1].state == published.newest
    assert published.base.state in {published.newest, published.deltas[-1].follows}


def test_a_list_that_returns_to_what_it_was_is_a_new_base(office: Office) -> None:
    office.start()
    for sequence, more in enumerate([[], [BundleEntry("y.example", provenance=0)], []], 1):
        assert office.list(office.bundle([*NAMES, *more], sequence)[0])["status"] == "accepted"
        targets, stack = layers(office, count(2 if more else 1))
    assert targets[0].custom["kind"] == "base"
    assert mask(stack, "y.example") == 0


def test_names_of_the_safety_net_are_left_out_and_told(office: Office) -> None:
    office.start()
    receipt = office.list(office.bundle([*NAMES, BundleEntry("www.moet.gov.vn", provenance=0)])[0])
    told = receipt["notes"]["files"]["lists/viettel/gambling.sgl.zst"]
    assert [(each["code"], each["names"]) for each in told["reasons"]] == [("protected", ["www.moet.gov.vn"])]
    _, stack = layers(office, count(1))
    assert (mask(stack, "moet.gov.vn"), mask(stack, "www.moet.gov.vn")) == (0, 0)
    assert mask(stack, "bet1.example") == GAMBLING


def test_a_held_list_passes_when_enough_people_agree_to_its_very_bytes(office: Office) -> None:
    office.more = "agreements: 2\nlimits: {few: 10, held-shrink: 10%}\n" + office.people("an", "binh")
    office.start()
    assert office.list(office.bundle(NAMES)[0])["status"] == "accepted"
    layers(office, count(1))
    receipt = office.list(office.bundle(NAMES[:400], 2)[0])
    assert (receipt["status"], codes(receipt)) == ("accepted", {"shrink"})
    wait_until(lambda: "shadow" in office.lists()["viettel/gambling"], "the list in shadow")
    assert "1 more must" in office.agree("an").output
    assert "1 more must" in office.agree("an").output, "the same person twice is one"
    before = office.lists()["viettel/gambling"]["shadow"]
    receipt = office.list(office.bundle(NAMES[:390], 3)[0])
    assert codes(receipt) == {"shrink"}
    wait_until(lambda: office.lists()["viettel/gambling"].get("shadow") != before, "the newer content")
    assert "1 more must" in office.agree("binh").output, "what An agreed to were other bytes"
    assert "it goes on" in office.agree("an").output
    wait_until(lambda: set(office.lists()["viettel/gambling"]) == {"all"}, "the list with all")
    _, stack = layers(office, lambda each: len(each) == 2 and not any("stage" in t.custom for t in each))
    assert mask(stack, "bet395.example") == 0
    assert office.agree("an").exit_code == 1, "nothing waits"


def test_a_delta_cannot_bring_in_what_is_held(office: Office) -> None:
    office.more = "limits: {few: 10, held-growth: 10%}\n" + office.people("an")
    office.start()
    assert office.list(office.bundle(NAMES)[0])["status"] == "accepted"
    layers(office, count(1))
    more = [BundleEntry(f"more{number}.example", provenance=0) for number in range(100)]
    whole, digest = office.bundle([*NAMES, *more], 2)
    assert codes(office.list(whole)) == {"growth"}
    delta, _ = office.bundle([BundleEntry("one.example", provenance=0)], 3, base=Base(2, digest))
    assert codes(office.list(delta)) == {"growth"}, "judged as all that it brings in"
    _, stack = layers(office, lambda targets: len(targets) > 1)
    assert (mask(stack, "more1.example"), mask(stack, "one.example")) == (0, 0)


def test_lists_that_are_refused_say_every_reason(office: Office) -> None:
    office.more = "push-size: 64 KiB\n"
    office.start()
    bad = [*NAMES, BundleEntry("com", provenance=0), BundleEntry("edu.vn", provenance=0)]
    receipt = office.list(office.bundle(bad)[0])
    assert codes(receipt) == {"top-level", "public-suffix"}
    sealed = office.bundle([*NAMES, BundleEntry("moet.gov.vn", provenance=0)], category="illegal")[0]
    assert codes(office.list(sealed)) == {"protected"}
    assert codes(office.list(office.bundle(NAMES, category="nonsense")[0])) == {"unknown-category"}

    assert office.list(office.bundle(NAMES, 5)[0])["status"] == "accepted"
    layers(office, count(1))
    assert codes(office.list(office.bundle(NAMES, 4)[0])) == {"sequence-not-newer"}
    assert codes(office.list(office.bundle(NAMES[:100], 6)[0])) == {"shrink", "churn"}
    delta, _ = office.bundle([BundleEntry("z.example", provenance=0)], 7, base=Base(5, "0" * 64))
    assert codes(office.list(delta)) == {"wrong-base"}
    noise = [BundleEntry(f"{hashlib.sha256(bytes([n % 256, n // 256])).hexdigest()[:60]}.example")
             for n in range(4_000)]  # fmt: skip
    large = office.bundle(noise, 8)[0]
    with pytest.raises(SendFailed) as refused:
        office.list(large)
    assert refused.value.values["code"] == "too-large"
