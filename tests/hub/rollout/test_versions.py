"""The history of versions: a number for each, an entry for each way back, nothing in force forgotten."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.rollout.versions import (
    PASSED,
    TAKEN_BACK,
    Version,
    before,
    changed,
    current,
    kept,
    noted,
    taken_back,
)
from schoolguard.intake.rollout.stages import Stage


def place(state: str, former: str = "") -> Version:
    return Version(0, state, 0, "", 0, {"lists/v/a.sgl.zst": state}, former)


def test_a_state_on_its_way_stays_one_version() -> None:
    found = noted((), 1.0, {Stage.ALL: place("one")})
    found = noted(found, 2.0, {Stage.ALL: place("one"), Stage.SHADOW: place("two", "one")})
    found = noted(found, 3.0, {Stage.ALL: place("one"), Stage.CANARY: place("two", "one")})
    found = noted(found, 4.0, {Stage.ALL: place("two", "one")})
    assert [(each.number, each.state, each.stage, each.since) for each in found] == [
        (1, "one", PASSED, 4.0),
        (2, "two", "all", 4.0),
    ]
    assert [each.enforced for each in found] == [True, True]
    two = current(found, Stage.ALL)
    assert two is not None
    assert two.time == 2.0
    former = before(found, two)
    assert former is not None
    assert former.number == 1
    assert changed(two.contents, former.contents) == ["lists/v/a.sgl.zst"]


def test_one_person_cannot_bring_what_all_never_had_or_what_was_taken_back() -> None:
    found = noted(
        (), 1.0, {Stage.ALL: place("one"), Stage.CANARY: place("two"), Stage.SHADOW: place("three")}
    )
    found = noted(found, 2.0, {Stage.ALL: place("four")})
    assert {each.state: each.returnable for each in found} == {
        **{"one": True, "two": False, "three": False, "four": True}
    }
    found = taken_back(found, "four", "why", 3.0)
    assert [each.state for each in found if each.returnable] == ["one"]


def test_to_go_back_is_a_new_version_of_old_contents() -> None:
    found = noted((), 1.0, {Stage.ALL: place("one")})
    found = noted(found, 2.0, {Stage.ALL: place("two", "one")})
    found = taken_back(found, "two", "it blocked lessons", 3.0)
    assert (found[1].stage, found[1].reason) == (TAKEN_BACK, "it blocked lessons")
    found = noted(found, 3.0, {Stage.ALL: place("one", "two")})
    assert (found[2].number, found[2].of, found[2].stage) == (3, 1, "all")
    assert found[1].stage == TAKEN_BACK, "what was taken back does not just pass"


STATES = st.sampled_from(["one", "two", "three", "four"])
PLACES = st.dictionaries(st.sampled_from(list(Stage)), STATES, min_size=1)


@settings(max_examples=150, deadline=None)
@given(st.lists(PLACES, max_size=20), st.integers(2, 5))
def test_whatever_goes_where_each_stage_has_its_version(looks: list[dict[Stage, str]], most: int) -> None:
    found: tuple[Version, ...] = ()
    for now, look in enumerate(looks):
        places = {Stage.ALL: "one"} | look
        unique = {stage: state for stage, state in places.items() if list(places.values()).count(state) == 1}
        numbers = {each.number for each in found}
        found = kept(noted(found, float(now), {stage: place(state) for stage, state in unique.items()}), most)
        for stage in Stage:
            here = current(found, stage)
            assert (here.state if here else None) == unique.get(stage)
        assert [each.number for each in found] == sorted({each.number for each in found})
        assert not numbers or max(each.number for each in found) >= max(numbers), "no number comes again"
        assert sum(each.stage not in tuple(Stage) for each in found) <= most
