"""Receipts: what a gateway owes for what, signed, kept until acknowledged; its key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.canonical import canonical
from schoolguard.intake.orders.checks import Checks, Refused, Why
from schoolguard.intake.orders.confirming import Gateway, owed
from schoolguard.intake.orders.fate import Arrived
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.key import KeyUnusable, gateway_key
from schoolguard.intake.orders.order import Lift, Target, digest_of
from schoolguard.intake.orders.receipt import Receipt, ReceiptRefused, State, read_receipt, sign
from schoolguard.intake.orders.scope import Scope
from tests.intake.orders.samples import (
    AT_NOW,
    DAY,
    NOW,
    SCHOOLS,
    accept,
    below,
    checks,
    exact,
    lifting,
    order,
)

GATEWAY = Gateway("gw-sin-ho", SCHOOLS, "schoolguard 0.1.0")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
NET = checks()


def speak(book: OrderBook, clock: Clock = AT_NOW, net: Checks = NET, at: float = NOW + 0.25) -> list[Receipt]:
    receipts = owed(book, GATEWAY, book.overlay(clock, GATEWAY.schools, net), clock, at)
    book.outbox.put([(each, sign(each, KEY)) for each in receipts], at)
    return receipts


def states(receipts: list[Receipt]) -> dict[str, State]:
    return {each.order: each.state for each in receipts}


def test_what_is_owed_for_each_order(book: OrderBook) -> None:
    elsewhere = Scope(False, frozenset(), frozenset({"another-school"}))
    accept(
        book,
        order("whole"),
        order("partly", 1, below("bad.example", "moet.gov.vn")),
        order("nothing", 1, below("moet.gov.vn")),
        order("later", 1, start=NOW + 1),
        order("late", 1, expiry=NOW),
        order("elsewhere", 1, below("moet.gov.vn"), scope=elsewhere),
        order("lifted", 1),
        lifting("lift", 2, Lift("lifted")),
        lifting("soon", 2, Lift("whole"), start=NOW + 1),
    )
    book.accept([Arrived(b"<html>", "viettel", "orders/viettel/rubbish.json", 1)], NOW, AT_NOW)
    receipts = {each.order: each for each in speak(book)}
    assert states(list(receipts.values())) == {
        "whole": State.ENFORCED,
        "partly": State.ENFORCED,
        "nothing": State.REFUSED,
        "later": State.WAITING,
        "late": State.ENDED,
        "elsewhere": State.ELSEWHERE,
        "lifted": State.ENDED,
        "lift": State.ENFORCED,
        "soon": State.WAITING,
        "rubbish": State.REFUSED,
    }
    assert {id for id, each in receipts.items() if each.enforced} == {"whole", "partly", "lift"}
    assert receipts["whole"].enforced == NOW + 0.25
    assert receipts["whole"].refused == ()
    assert receipts["partly"].refused == (Refused(Target("moet.gov.vn"), Why.PROTECTED),)
    assert receipts["elsewhere"].refused == ()
    assert receipts["rubbish"].reason.startswith("malformed: ")
    assert receipts["whole"].digest == digest_of(order("whole").document())
    assert speak(book, at=NOW + 9.0) == []


def test_it_speaks_again_when_something_changed(book: OrderBook) -> None:
    accept(book, order(names=below("bad.example", "good.example"), start=NOW + 1))
    assert states(speak(book)) == {"a1": State.WAITING}
    (enforced,) = speak(book, Clock(NOW + 1.0), at=NOW + 1.5)
    assert (enforced.number, enforced.state, enforced.enforced) == (2, State.ENFORCED, NOW + 1.5)
    (fewer,) = speak(book, Clock(NOW + 2.0), checks("good.example"), at=NOW + 2.5)
    assert (fewer.number, fewer.enforced) == (3, NOW + 1.5)
    assert [each.why for each in fewer.refused] == [Why.PROTECTED]
    assert speak(book, Clock(NOW + 2.0 * DAY), checks("good.example")) == []  # its expiry is known
    assert len(book.outbox) == 1


def test_a_lift_of_names_that_the_order_does_not_have_is_told(book: OrderBook) -> None:
    accept(book, order(), lifting("l", 2, Lift("a1", exact("bad.example")), Lift("gone", below("x.example"))))
    receipts = {each.order: each for each in speak(book)}
    assert receipts["l"].refused == (Refused(Target("bad.example", True), Why.NOT_NAMED),)
    assert receipts["a1"].state is State.ENFORCED


def test_the_outbox_comes_back_after_a_start(journal: Journal) -> None:
    book = OrderBook(journal)
    accept(book, order(), order("b"))
    speak(book)
    first, second = book.outbox.waiting()
    book.outbox.acknowledge(first.digest, NOW)
    book.outbox.acknowledge(first.digest, NOW)
    journal.close()
    again = OrderBook(Journal(journal.path))
    assert again.outbox.waiting() == [second]
    assert speak(again, at=NOW + 50.0) == []
    assert read_receipt(second.document)[0].order == "b"


def test_only_the_last_word_is_sent(book: OrderBook) -> None:
    accept(book, order(start=NOW + 1))
    speak(book)
    (former,) = book.outbox.waiting()
    speak(book, Clock(NOW + 1.0))
    (latter,) = book.outbox.waiting()
    book.outbox.acknowledge(former.digest, NOW)
    assert book.outbox.waiting() == [latter]


def a_receipt() -> Receipt:
    refused = (
        Refused(Target("vn"), Why.PUBLIC_SUFFIX),
        Refused(Target("a.vn", True), Why.PROTECTED_BELOW, "b.a.vn"),
    )
    return Receipt(
        "gw",
        1,
        "viettel",
        "a1",
        4,
        "ab" * 32,
        NOW,
        NOW + 0.123,
        State.ENFORCED,
        "",
        refused,
        2,
        ("th-pa-tan",),
        "s 1",
    )


@pytest.mark.parametrize(
    "receipt",
    [
        a_receipt(),
        replace(
            a_receipt(),
            enforced=None,
            state=State.REFUSED,
            reason="malformed: no order",
            refused=(),
            refused_count=0,
        ),
        replace(a_receipt(), schools=(), sequence=0, enforced=NOW + 0.999),
    ],
)
def test_a_receipt_is_read_as_it_was_signed(receipt: Receipt) -> None:
    assert read_receipt(sign(receipt, KEY)) == (receipt, PUBLIC)


@given(st.integers(0, 5_000), st.binary(max_size=2))
@settings(max_examples=120, deadline=None)
def test_changed_bytes_are_refused(at: int, byte: bytes) -> None:
    whole = sign(a_receipt(), KEY)
    at %= len(whole)
    changed = whole[:at] + byte + whole[at + 1 :]
    if changed != whole:
        with pytest.raises(ReceiptRefused):
            read_receipt(changed)


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_refused(document: bytes) -> None:
    with pytest.raises(ReceiptRefused):
        read_receipt(document)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "schoolguard-receipt/2"},
        {"number": 0},
        {"sequence": -1},
        {"sequence": True},
        {"order-sha256": "AB" * 32},
        {"order-sha256": "zz" * 32},
        {"enforced": "2026-11-24T10:00:00+07:00"},
        {"enforced": "2026-11-24T10:00:00.1x3+07:00"},
        {"received": None},
        {"state": "happy"},
        {"state": ["enforced"]},
        {"refused": [{"name": "a"}]},
        {"refused": [{"name": "a", "exact": 1, "why": "protected", "below": ""}]},
        {"refused": [{"name": "a", "exact": True, "why": "odd", "below": ""}]},
        {"schools": ["a\x1b"]},
        {"refused-count": 1},
        {"software": ""},
        {"more": 1},
    ],
)
def test_a_well_signed_document_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    members = a_receipt().members() | change
    document = {"key": PUBLIC.hex(), "receipt": members, "signature": KEY.sign(canonical(members)).hex()}
    with pytest.raises(ReceiptRefused):
        read_receipt(canonical(document))


def test_a_receipt_with_every_name_refused_fits(book: OrderBook) -> None:
    """The worst: the longest names, each with a long protected name below it."""
    tail = ".".join(["y" * 60] * 3)
    names = [f"{i:04}.{tail}.vn" for i in range(1_250)]
    accept(book, order(names=below(*names)))
    net = checks(*(f"{'z' * 50}.{name}" for name in names))
    (receipt,) = speak(book, net=net)
    assert (len(receipt.refused), receipt.refused_count, receipt.state) == (1_000, 1_250, State.REFUSED)
    (waiting,) = book.outbox.waiting()
    assert read_receipt(waiting.document)[0] == receipt


def test_the_key_is_made_once_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    made = gateway_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert gateway_key(path).private_bytes_raw() == made.private_bytes_raw()
    assert [each.name for each in tmp_path.iterdir()] == ["gateway.key"]


@pytest.mark.parametrize("content", [b"", b"00", b"zz" * 32, b"00" * 33, "é".encode() * 20])
def test_what_is_no_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gateway.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="no key"):
        gateway_key(path)
    assert path.read_bytes() == content


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    gateway_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        gateway_key(path)


def test_half_a_key_is_left_of_no_start(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    path.with_suffix(".partial").write_bytes(b"00")
    assert gateway_key(path).private_bytes_raw() == gateway_key(path).private_bytes_raw()
    with pytest.raises(KeyUnusable, match="No such file"):
        gateway_key(tmp_path / "none" / "gateway.key")
