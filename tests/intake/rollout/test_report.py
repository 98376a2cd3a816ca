"""Reports: what is signed comes back as it was; anything else is refused; there is no place for a name."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.canonical import canonical
from schoolguard.intake.rollout.report import (
    Effect,
    ListCount,
    Preview,
    Rate,
    Report,
    sign,
)
from schoolguard.intake.rollout.report_reading import ReportRefused, read_report

KEY = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
STATES = st.sampled_from(["a" * 64, "0123456789abcdef" * 4])
COUNTS = st.integers(0, (1 << 53) - 1)
RATES = st.tuples(COUNTS, COUNTS, COUNTS).map(lambda each: Rate(max(each[:2]), min(each[:2]), each[2]))
LISTS = st.builds(ListCount, st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True), COUNTS, COUNTS)
TIMES = st.integers(0, 4_000_000_000)


@st.composite
def previews(draw: st.DrawFn) -> Preview:
    blocked, opened, more = (draw(st.integers(0, 10**6)) for _ in range(3))
    learning = draw(st.integers(0, blocked))
    former, lists = draw(st.one_of(st.just(""), STATES)), draw(st.lists(LISTS, max_size=5))
    return Preview(draw(STATES), former, blocked + opened + more, blocked, opened, learning, tuple(lists))


EFFECTS = st.builds(Effect, STATES, STATES, TIMES, RATES, RATES)
REPORTS = st.builds(
    Report,
    st.text("abcdef0123456789", min_size=1, max_size=64),
    COUNTS,
    TIMES,
    st.just("schoolguard 1"),
    st.none() | previews(),
    st.none() | EFFECTS,
)


@settings(max_examples=80, deadline=None)
@given(REPORTS)
def test_what_is_signed_comes_back(report: Report) -> None:
    assert read_report(sign(report, KEY)) == (report, KEY.public_key().public_bytes_raw())


@settings(max_examples=80, deadline=None)
@given(REPORTS, st.data())
def test_one_changed_byte_is_refused(report: Report, data: st.DataObject) -> None:
    document = bytearray(sign(report, KEY))
    at = data.draw(st.integers(0, len(document) - 1))
    document[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ReportRefused):
        read_report(bytes(document))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_and_nothing_else_happens(content: bytes) -> None:
    with pytest.raises(ReportRefused):
        read_report(content)


def signed(change: dict[str, object]) -> bytes:
    """Return a document whose signature is good and whose members are not."""
    preview = Preview("a" * 64, "b" * 64, 10, 2, 1, 1, (ListCount("v.ads", 2, 1),))
    effect = Effect("a" * 64, "b" * 64, 5, Rate(9, 3, 1), Rate(9, 3, 1))
    members = json.loads(sign(Report("gw", 1, 2, "x", preview, effect), KEY))["report"]
    for path, value in change.items():
        *parents, last = path.split("/")
        place = members
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        place[last] = value
    public = KEY.public_key().public_bytes_raw().hex()
    signature = KEY.sign(canonical(members)).hex()
    return canonical({"key": public, "report": members, "signature": signature})


def test_the_frame_of_the_next_test_is_read() -> None:
    assert read_report(signed({}))[0].gateway == "gw"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "schoolguard-rollout-report/2"),
        ("gateway", ""),
        ("gateway", "x" * 201),
        ("number", -1),
        ("number", True),
        ("number", 1 << 53),
        ("time", "yesterday"),
        ("client", "192.0.2.1"),
        ("preview/name", "bet.example"),
        ("preview/state", "a" * 63),
        ("preview/state", "A" * 64),
        ("preview/blocked", 11),
        ("preview/learning", 3),
        ("preview/lists", [{"list_id": "v.ads", "blocked": 1, "learning": 0}] * 201),
        ("preview/lists/0/list_id", "../etc"),
        ("preview/lists/0/names", ["bet.example"]),
        ("effect/after", {"queries": 1, "blocked": 2, "requests": 0}),
        ("effect/after", {"queries": 2, "blocked": 1}),
        ("effect/before/requests", -1),
        ("effect/former", None),
        ("preview", []),
    ],
)
def test_a_good_signature_saves_no_bad_member(path: str, value: object) -> None:
    with pytest.raises(ReportRefused):
        read_report(signed({path: value}))
