"""One list through the stages: nothing is enforced that had not its time, or that people had to agree to."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.rollout.settings import Pace
from schoolguard.hub.rollout.tracks import Step, Track, Way, advanced, due, taken_back
from schoolguard.intake.rollout.stages import Stage

PACE = Pace(shadow=10.0, canary=100.0)
NOBODY = frozenset[str]()


def way(pace: Pace = PACE, held: frozenset[str] = NOBODY, agreed: frozenset[str] = NOBODY) -> Way:
    return Way(pace, held.__contains__, agreed.__contains__)


def test_a_list_waits_in_each_stage() -> None:
    track = advanced(Track(), "a", way(), 0.0)
    assert [track.content(stage) for stage in Stage] == ["a", "", ""]
    assert due(track, way()) == 10.0
    assert advanced(track, "a", way(), 9.9) == track
    track = advanced(track, "a", way(), 10.0)
    assert [track.content(stage) for stage in Stage] == ["a", "a", ""]
    track = advanced(track, "a", way(), 110.0)
    assert track == Track(all=Step("a", 110.0))
    assert due(track, way()) is None


def test_no_stage_costs_no_time() -> None:
    assert advanced(Track(), "a", way(Pace(0, 0)), 5.0) == Track(all=Step("a", 5.0))


def test_what_comes_meanwhile_neither_hurries_nor_starves() -> None:
    track = Track()
    for hour in range(30):
        track = advanced(track, f"push-{hour}", way(), float(hour))
    assert track.canary == Step("push-0", 10.0), "the first one was not put off by those after it"
    assert track.shadow == Step("push-10", 10.0), "there is one place in a stage"
    assert track.coming == Step("push-29", 29.0), "of those that wait the newest stays"
    track = advanced(track, "push-29", way(), 110.0)
    assert [track.content(stage) for stage in Stage] == ["push-29", "push-10", "push-0"]


def test_a_list_that_goes_is_a_content_that_people_agree_to() -> None:
    agreed = way(agreed=frozenset([""]))
    track = advanced(Track(all=Step("a", 0.0)), "", way(), 5.0)
    assert track.content(Stage.ALL) == "a"
    assert advanced(advanced(track, "", way(), 15.0), "", way(), 115.0).content(Stage.ALL) == "a"
    assert advanced(advanced(track, "", agreed, 15.0), "", agreed, 115.0).content(Stage.ALL) == ""


def test_what_the_guardrails_hold_stays_until_people_agree() -> None:
    held = frozenset(["bad"])
    track = advanced(Track(all=Step("a", 0.0)), "bad", way(held=held), 1.0)
    assert due(track, way(held=held)) is None
    assert advanced(track, "bad", way(held=held), 1e9).content(Stage.CANARY) == "a"
    moved = advanced(track, "bad", way(held=held, agreed=held), 11.0)
    assert (moved.content(Stage.CANARY), moved.content(Stage.ALL)) == ("bad", "a")


def test_a_correction_takes_the_place_of_what_is_held() -> None:
    held = frozenset(["bad"])
    track = advanced(Track(all=Step("a", 0.0)), "bad", way(held=held), 1.0)
    track = advanced(track, "good", way(held=held), 2.0)
    assert track.shadow == Step("good", 2.0)
    assert "bad" not in track.contents


def test_what_was_taken_back_needs_people_whatever_it_is() -> None:
    track = taken_back(Track(all=Step("a", 0.0), canary=Step("b", 1.0)), "a", "why", 2.0)
    assert [track.content(stage) for stage in Stage] == ["a"] * 3
    assert track.stopped is not None
    assert track.stopped.content == "b"
    again = advanced(track, "b", way(), 3.0)
    assert advanced(again, "b", way(), 1e9).content(Stage.CANARY) == "a"
    agreed = advanced(again, "b", way(agreed=frozenset(["b"])), 13.0)
    assert agreed.content(Stage.CANARY) == "b"
    assert agreed.stopped is None


def test_what_was_taken_back_does_not_come_in_behind_another_content() -> None:
    track = taken_back(Track(all=Step("a", 0.0), canary=Step("bad", 1.0)), "a", "why", 2.0)
    people = way(agreed=frozenset(["good"]))
    for content, now in (("good", 3.0), ("good", 13.0), ("good", 113.0)):
        track = advanced(track, content, people, now)
    assert track.content(Stage.ALL) == "good"
    track = advanced(track, "bad", people, 200.0)
    assert advanced(track, "bad", people, 1e9).content(Stage.CANARY) == "good"


def test_all_places_go_back_though_the_partner_took_it_back_itself() -> None:
    track = Track(all=Step("a", 0.0), canary=Step("bad", 1.0), coming=Step("a", 2.0))
    back = taken_back(track, "a", "why", 3.0)
    assert [back.content(stage) for stage in Stage] == ["a"] * 3
    assert back.refused == ("bad",)


def test_to_take_back_what_is_not_there_changes_nothing() -> None:
    track = Track(all=Step("a", 0.0))
    assert taken_back(track, "a", "why", 5.0) == track


@dataclass
class Watched:
    """What a run of events showed: since when each content is in which stage, and what people said."""

    held: frozenset[str]
    always: bool
    track: Track = field(default_factory=Track)
    pushed: str = ""
    now: float = 0.0
    agreed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    @property
    def way(self) -> Way:
        return way(Pace(10.0, 100.0, self.always), self.held, frozenset(self.agreed))

    def look(self) -> None:
        before, self.track = self.track, advanced(self.track, self.pushed, self.way, self.now)
        after = self.track
        assert after.newest == self.pushed
        assert advanced(after, self.pushed, self.way, self.now) == after, "a second look moves nothing"
        if after.all != before.all:
            assert before.canary is not None
            assert after.all is not None
            assert after.all.content == before.canary.content
            assert self.now - before.canary.since >= 100.0
        if after.canary is not None and after.canary != before.canary:
            content = after.canary.content
            assert before.shadow is not None
            assert content == before.shadow.content
            assert self.now - before.shadow.since >= 10.0
            if content in self.held or content in self.refused or self.always:
                assert content in self.agreed
        time = due(after, self.way)
        assert time is None or time > self.now
        if time is not None:
            assert advanced(after, self.pushed, self.way, time) != after, "what is due comes"

    def take_back(self) -> None:
        to = self.track.content(Stage.ALL)
        self.agreed.clear()
        self.refused |= {step.content for step in self.track.steps} - {to}
        self.refused.discard(to)
        self.track = taken_back(self.track, to, "why", self.now)
        assert {self.track.content(stage) for stage in Stage} == {to}


CONTENTS = st.sampled_from(["a", "b", "c", ""])
EVENTS = st.one_of(
    st.tuples(st.just("push"), CONTENTS),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 10.0, 60.0, 100.0])),
    st.tuples(st.just("agree"), CONTENTS),
    st.tuples(st.just("back"), st.none()),
)


@settings(max_examples=200, deadline=None)
@given(st.frozensets(CONTENTS), st.booleans(), st.lists(EVENTS, max_size=30))
def test_whatever_happens_nothing_is_enforced_before_its_time(
    held: frozenset[str], always: bool, events: list[tuple[str, object]]
) -> None:
    run = Watched(held, always)
    for kind, value in events:
        if kind == "push":
            run.pushed = str(value)
        elif kind == "wait":
            assert isinstance(value, float)
            run.now += value
        elif kind == "agree":
            run.agreed.add(str(value))
        else:
            run.take_back()
        run.look()
