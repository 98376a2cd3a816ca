"""An order is read whole or refused whole, whatever bytes come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, rfc3339
from schoolguard.intake.orders.order import Lift, Order, Target
from schoolguard.intake.orders.reading import LONGEST, MOST_BYTES, MOST_NAMES, OrderRefused, read_order
from schoolguard.intake.orders.scope import Scope
from tests.intake.orders.samples import DAY, NOW, below, exact, order

PATH = "orders/viettel/a1.json"
GOOD = order().members()
CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("format", {"format": "schoolguard-order/2"}, "not known to this version"),
    ("format", {"format": 1}, "not known to this version"),
    ("malformed", {"more": 1}, "missing or unknown members: more"),
    ("malformed", {"id": "../a1"}, "id"),
    ("malformed", {"id": "a..1"}, "id"),
    ("malformed", {"id": "A1"}, "id"),
    ("malformed", {"id": ""}, "id"),
    ("malformed", {"sequence": 0}, "sequence"),
    ("malformed", {"sequence": True}, "sequence"),
    ("malformed", {"sequence": 1 << 53}, "sequence"),
    ("partner", {"partner": "vnpt"}, "signed by partner"),
    ("malformed", {"partner": "vn/pt"}, "partner"),
    ("malformed", {"authority": ""}, "authority"),
    ("malformed", {"authority": "x" * 301}, "authority"),
    ("malformed", {"legal-basis": "a\nb"}, "legal-basis"),
    ("malformed", {"contact": " a"}, "contact"),
    ("malformed", {"contact": "e\u0302"}, "contact"),
    ("malformed", {"contact": None}, "contact"),
    ("malformed", {"names": ["bad.example"]}, "names"),
    ("malformed", {"names": {}}, "names nothing"),
    ("malformed", {"names": {"all-below": [], "exact": []}}, "names nothing"),
    ("malformed", {"names": {"all-below": [1]}}, "names"),
    ("malformed", {"names": {"all-below": ["x" * 256]}}, "names"),
    ("malformed", {"names": {"all-below": ["a\u202eb"]}}, "names"),
    ("malformed", {"names": {"all-below": ["a.example"] * (MOST_NAMES + 1)}}, "names"),
    ("malformed", {"names": {"below": ["a.example"]}}, "names"),
    ("malformed", {"scope": {}}, "nowhere"),
    ("malformed", {"scope": {"province": False}}, "province"),
    ("malformed", {"scope": {"province": True, "schools": ["a"]}}, "province"),
    ("malformed", {"scope": {"province": 1, "schools": ["a"]}}, "province"),
    ("malformed", {"scope": {"schools": []}}, "nowhere"),
    ("malformed", {"scope": {"schools": "a"}}, "schools"),
    ("malformed", {"scope": {"villages": ["a"]}}, "scope"),
    ("malformed", {"start": "2026-11-24"}, "RFC 3339"),
    ("malformed", {"start": "2026-11-24T10:00:00"}, "RFC 3339"),
    ("malformed", {"start": "2026-13-24T10:00:00Z"}, "month"),
    ("malformed", {"start": 1_795_000_000}, "start"),
    ("malformed", {"expiry": None}, "expiry"),
    ("times", {"expiry": GOOD["start"]}, "before it begins"),
    ("times", {"start": "1999-01-01T00:00:00Z"}, "century"),
    ("times", {"expiry": rfc3339(NOW - DAY + LONGEST + 1)}, "more than 366 days"),
    ("malformed", {"lifts": ["a0"]}, "lifts"),
    ("malformed", {"lifts": [{}]}, "lifts"),
    ("malformed", {"lifts": [{"id": "a0", "names": {}}]}, "names, but none"),
    ("malformed", {"lifts": [{"id": "a0"}, {"id": "a0"}]}, "twice"),
]


@pytest.mark.parametrize(("code", "change", "said"), CHANGES)
def test_what_is_not_exactly_an_order_is_refused_whole(code: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(OrderRefused, match=said) as refused:
        read_order(canonical(GOOD | change), "viettel", PATH)
    assert refused.value.code == code


@pytest.mark.parametrize("member", sorted(GOOD))
def test_every_member_is_required(member: str) -> None:
    with pytest.raises(OrderRefused):
        read_order(
            canonical({name: value for name, value in GOOD.items() if name != member}), "viettel", PATH
        )


@pytest.mark.parametrize(
    "document",
    [
        json.dumps(GOOD).encode(),
        canonical(GOOD) + b"\n",
        canonical(GOOD).replace(b'{"authority"', b'{"authority":"x","authority"'),
        canonical(GOOD).replace(b'"sequence":1', b'"sequence":1.0'),
        canonical(GOOD).replace(b'"sequence":1', b'"sequence":NaN'),
        canonical(GOOD).replace("Sở".encode(), b"S\\u1edf"),
        canonical(GOOD)[:-1],
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b"",
        b"<html>",
        b"[]",
        canonical(GOOD | {"contact": "x" * MOST_BYTES}),
    ],
)
def test_another_form_of_the_same_is_refused(document: bytes) -> None:
    """One document, one string of bytes: its hash is its identity."""
    with pytest.raises(OrderRefused) as refused:
        read_order(document, "viettel", PATH)
    assert refused.value.code == "malformed"


@pytest.mark.parametrize("path", ["orders/viettel/a2.json", "orders/vnpt/a1.json", "a1.json"])
def test_the_path_is_the_orders_own(path: str) -> None:
    with pytest.raises(OrderRefused, match="under the path"):
        read_order(canonical(GOOD), "viettel", path)


def test_a_name_that_is_none_does_not_refuse_the_order() -> None:
    names = below("bad.example", "KHÔNG PHẢI TÊN", "*.example", "vn")
    assert read_order(order(names=names).document(), "viettel", PATH).targets == names


def test_times_may_have_any_offset() -> None:
    assert moment("2026-11-24T10:00:00+07:00") == moment("2026-11-24T03:00:00Z")


_names = st.frozensets(
    st.builds(Target, st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{2,5}){0,2}", fullmatch=True), st.booleans()),
    max_size=5,
)
_texts = st.from_regex(r"[A-Za-z0-9ăâđêôơư]([A-Za-z0-9ăâđêôơư .]{0,20}[a-z])?", fullmatch=True)
_places = st.frozensets(_texts, min_size=1, max_size=3)
_scopes = st.just(Scope(True)) | st.builds(Scope, st.just(False), _places, _places)
_ids = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,3})?", fullmatch=True)
_lifts = st.lists(
    st.builds(Lift, _ids, st.none() | _names.filter(bool)), max_size=3, unique_by=lambda x: x.order
)


@st.composite
def _orders(draw: st.DrawFn) -> Order:
    lifts = tuple(draw(_lifts))
    names = draw(_names if lifts else _names.filter(bool))
    start = draw(st.integers(NOW - 1000 * DAY, NOW + 1000 * DAY))
    texts = draw(st.tuples(_texts, _texts, _texts))
    return Order(
        draw(_ids),
        draw(st.integers(1, 2**53 - 1)),
        "viettel",
        texts[0],
        texts[1],
        names,
        draw(_scopes),
        start,
        start + draw(st.integers(1, LONGEST)),
        texts[2],
        lifts,
    )


@given(_orders())
@settings(max_examples=60, deadline=None)
def test_an_order_is_read_as_it_was_written(written: Order) -> None:
    assert read_order(written.document(), "viettel", written.path) == written


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_an_order_or_refused(document: bytes) -> None:
    with pytest.raises(OrderRefused):
        read_order(document, "viettel", PATH)


@given(st.sampled_from(sorted(GOOD)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
))  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_any_value_of_a_member_is_read_or_refused(member: str, value: Any) -> None:
    try:
        document = canonical(GOOD | {member: value})
    except NotCanonical:
        return
    try:
        read = read_order(document, "viettel", PATH)
    except OrderRefused:
        return
    assert canonical(read.members() | {member: value}) == document


@given(st.integers(0, len(order().document()) - 1), st.binary(max_size=2))
@settings(max_examples=100, deadline=None)
def test_changed_bytes_are_another_order_or_none(at: int, byte: bytes) -> None:
    whole = order(names=below("bad.example") | exact("www.bad.example")).document()
    changed = whole[:at] + byte + whole[at + 1 :]
    try:
        read = read_order(changed, "viettel", PATH)
    except OrderRefused:
        return
    assert (read.document() == whole) is (changed == whole)
