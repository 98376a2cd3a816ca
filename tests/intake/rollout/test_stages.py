"""Which gateway is a canary, and what metadata may say of stages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.rollout.stages import BadStages, Canaries, Stages, lot, read_stages

STATE, OTHER, ALL = "a" * 64, "b" * 64, "c" * 64
GATEWAYS = [f"{number:064x}" for number in range(2000)]


def test_canaries_are_named_or_drawn() -> None:
    canaries = Canaries(frozenset(["gw-1"]), frozenset(["th-pa-tan"]))
    stages = Stages(STATE, OTHER, canaries)
    assert stages.state_for("gw-1", (), ALL) == STATE
    assert stages.state_for("gw-2", ("thcs-a", "th-pa-tan"), ALL) == STATE
    assert stages.state_for("gw-2", ("thcs-a",), ALL) == ALL
    assert Stages("", OTHER, canaries).state_for("gw-1", (), ALL) == ALL, "nobody enforces what is in shadow"


def test_the_lot_is_fair_and_always_the_same() -> None:
    assert lot("gw-1") == 832
    assert [Canaries(share=share).has("gw-1", ()) for share in (832, 833)] == [False, True]
    for share in (0, 50, 500, 1000):
        drawn = sum(Canaries(share=share).has(gateway, ()) for gateway in GATEWAYS)
        assert abs(drawn - 2 * share) <= 60


WORDS = st.frozensets(st.text(max_size=20), max_size=4)
STATES = st.sampled_from(["", STATE, OTHER])


@settings(max_examples=80, deadline=None)
@given(STATES, STATES, WORDS, WORDS, st.integers(0, 1000))
def test_what_is_said_is_read(
    canary: str, shadow: str, gateways: frozenset[str], schools: frozenset[str], share: int
) -> None:
    canaries = Canaries(gateways, schools, share) if canary else Canaries()
    stages = Stages(canary, shadow, canaries)
    assert read_stages(json.loads(json.dumps(stages.members()))) == stages


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)
PARTS = st.dictionaries(st.sampled_from(["canary", "shadow", "state", "gateways", "schools", "share"]), JSON)


@settings(max_examples=150, deadline=None)
@given(JSON | PARTS | st.fixed_dictionaries({"canary": PARTS, "shadow": PARTS}))
def test_anything_else_is_refused(found: object) -> None:
    try:
        stages = read_stages(found)
    except BadStages:
        return
    assert stages == Stages(), "only nothing is something by chance"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("state", "a" * 63),
        ("gateways", ["x" * 201]),
        ("gateways", ["x"] * 501),
        ("schools", "th-pa-tan"),
        ("share", 1001),
        ("share", -1),
        ("share", True),
        ("more", 1),
    ],
)
def test_each_member_is_checked(member: str, value: object) -> None:
    good: dict[str, Any] = {"state": STATE, "gateways": [], "schools": [], "share": 5}
    assert read_stages({"canary": good}).canaries.share == 5
    with pytest.raises(BadStages):
        read_stages({"canary": good | {member: value}})
