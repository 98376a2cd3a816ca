"""All lists moved on together: what people ordered once, what jumped back, who is no partner any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from schoolguard.hub.rollout.approvals import Approvals
from schoolguard.hub.rollout.deciding import Decided, Sources, contents, decide, list_path
from schoolguard.hub.rollout.log import TAKEN_BACK, DecisionLog, Logged
from schoolguard.hub.rollout.reasons import said
from schoolguard.hub.rollout.settings import Jumps, Pace, RolloutSettings
from schoolguard.hub.rollout.state import State, StateBroken, read_state, write_state
from schoolguard.hub.rollout.tracks import Step, Stop, Track
from schoolguard.hub.rollout.versions import Version, current, noted
from schoolguard.hub.tuf.delegations import FETCHED
from schoolguard.intake.rollout.report import Effect, Rate
from schoolguard.intake.rollout.stages import Stage
from tests.hub.rollout.people import LIST, agree, back, log_of
from tests.hub.tuf.killed import every_step

PATH = list_path(LIST)
SETTINGS = RolloutSettings(Pace(10.0, 100.0), jumps=Jumps(queries=100, gateways=2, watch=1000.0))
A, B, C = "a" * 64, "b" * 64, "c" * 64


class Publisher:
    """The pure part of a publisher: a version's state is named as the content of its one list."""

    def __init__(self, folder: Path) -> None:
        self.state = State()
        self.log: DecisionLog = log_of(folder, "an", "binh")
        self.pushed: dict[str, str] = {}
        self.effects: dict[str, list[Effect]] = {}
        self.held: set[str] = set()
        self.settings = SETTINGS
        self.partners = frozenset(["viettel"])

    def look(self, now: float) -> Decided:
        logged: Sequence[Logged] = self.log.read()
        sources = Sources(
            self.pushed,
            self.partners,
            self.held.__contains__,
            Approvals(logged, 2),
            lambda state: self.effects.get(state, []),
        )
        decided = decide(self.state, sources, self.settings, now)
        self.state = decided.state
        for own in decided.by_itself:
            self.log.note(own)
        self._note(now)
        return decided

    def _note(self, now: float) -> None:
        found = {stage: contents(self.state, stage) for stage in Stage}
        places: dict[Stage, Version] = {}
        of_all = current(self.state.versions, Stage.ALL)
        for stage in (Stage.ALL, Stage.CANARY, Stage.SHADOW):
            state = found[stage].get(PATH, "none")
            if stage is Stage.ALL or state not in {each.state for each in places.values()}:
                former = of_all.state if of_all and of_all.state != state else ""
                former = former if stage is Stage.ALL else places[Stage.ALL].state
                places[stage] = Version(0, state, 0, stage.value, 0, found[stage], former)
        self.state = replace(self.state, versions=noted(self.state.versions, now, places))

    def enforced(self) -> list[str]:
        return [contents(self.state, stage).get(PATH, "") for stage in (Stage.ALL, Stage.CANARY)]

    def until_all(self, content: str, now: float) -> None:
        self.pushed[PATH] = content
        for time in (now, now + 10, now + 110):
            self.look(time)
        assert self.enforced() == [content, content]


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def jump(state: str, since: float, requests: int = 0) -> Effect:
    blocked = 10 if requests else 500
    return Effect(state, A, int(since), Rate(1000, blocked, requests), Rate(1000, 10, 0))


def test_a_look_says_when_the_next_is_due(publisher: Publisher) -> None:
    publisher.pushed[PATH] = A
    assert publisher.look(1000).due == 1010
    assert publisher.look(1010).due == 1110
    assert publisher.look(1110).due is None


@pytest.mark.parametrize("requests", [0, 9], ids=["blocks", "requests"])
def test_a_jump_among_the_canaries_takes_the_list_back(publisher: Publisher, requests: int) -> None:
    publisher.until_all(A, 1000)
    publisher.pushed[PATH] = B
    publisher.look(1200)
    publisher.look(1210)
    assert publisher.enforced() == [A, B]
    publisher.effects[B] = [jump(B, 1215, requests)]
    assert publisher.look(1220).by_itself == (), "one gateway is no jump where two must show it"
    publisher.effects[B].append(jump(B, 1216, requests))
    own = publisher.look(1221).by_itself
    assert [(each.verb, each.list, each.content) for each in own] == [(TAKEN_BACK, LIST, B)]
    assert "jumped in 2 of 2 gateways" in own[0].reason
    assert publisher.enforced() == [A, A]
    assert publisher.look(9999).by_itself == (), "it is told once"
    assert publisher.enforced() == [A, A], "and it does not come again by itself"
    for person in ("an", "binh"):
        agree(publisher.log, person, B)
    publisher.effects.clear()
    publisher.look(10_010)
    assert publisher.enforced() == [A, B]


def test_what_jumped_is_not_let_through_again_by_who_agreed_before(publisher: Publisher) -> None:
    publisher.settings = replace(SETTINGS, pace=Pace(0.0, 100.0, always=True))
    publisher.pushed[PATH] = B
    for person in ("an", "binh"):
        agree(publisher.log, person, B)
    publisher.look(1000)
    assert publisher.enforced() == ["", B]
    publisher.effects[B] = [jump(B, 1001), jump(B, 1001)]
    for now in (1010, 1011, 1012):
        publisher.look(now)
        assert publisher.enforced() == ["", ""]


def test_a_jump_after_it_came_to_all_takes_it_back_while_it_is_watched(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    publisher.until_all(B, 2000)
    publisher.effects[B] = [jump(B, 2120), jump(B, 2130)]
    late = Publisher(publisher.log.path.parent)
    late.state, late.pushed, late.effects = publisher.state, publisher.pushed, publisher.effects
    assert len(publisher.look(2200).by_itself) == 1
    assert publisher.enforced() == [A, A]
    late.look(2110 + 1001)
    assert late.enforced() == [B, B], "after that it is what people are used to"


def test_what_gateways_said_of_an_earlier_time_is_no_jump(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    publisher.pushed[PATH] = B
    publisher.look(5000)
    publisher.effects[B] = [jump(B, 1100), jump(B, 1100)]
    for now in (5010, 5011, 5012):
        publisher.look(now)
        assert publisher.enforced() == [A, B]


def test_jumps_can_be_switched_off(publisher: Publisher) -> None:
    jumps = replace(SETTINGS.jumps, growth=None, requests=None)
    publisher.settings = replace(SETTINGS, jumps=jumps)
    publisher.until_all(A, 1000)
    publisher.effects[B] = [jump(B, 2010), jump(B, 2010)]
    publisher.until_all(B, 2000)


def test_a_way_back_by_hand_is_carried_out_once(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    publisher.until_all(B, 2000)
    number = next(each.number for each in publisher.state.versions if each.state == A)
    back(publisher.log, "an", number, reason="lessons were blocked")
    publisher.look(3000)
    assert publisher.enforced() == [A, A]
    assert publisher.look(9000).due is None
    assert publisher.enforced() == [A, A], "what is pushed stays behind until people agree"
    track = publisher.state.tracks[PATH]
    assert track.stopped is not None
    assert (track.stopped.content, track.stopped.at) == (B, 3000)
    assert str(said(track.stopped.reason)) == f"an: back to version {number}: lessons were blocked"
    there = said(track.stopped.reason).say(lambda text: text.replace("back to version", "về bản"))
    assert there == f"an: về bản {number}: lessons were blocked", "it can be said in another language"
    for person in ("an", "binh"):
        agree(publisher.log, person, B)
    publisher.look(9100)
    publisher.look(9300)
    assert publisher.enforced() == [B, B], "the old order does not hold them up a second time"


def test_an_approver_who_leaves_undoes_nothing(publisher: Publisher, tmp_path: Path) -> None:
    """The last line carried out is then nobody's; the lines before it must not be carried out again."""
    publisher.until_all(A, 1000)
    publisher.until_all(B, 2000)
    number = next(each.number for each in publisher.state.versions if each.state == A)
    back(publisher.log, "an", number)
    publisher.look(3000)
    for person in ("an", "binh"):
        agree(publisher.log, person, C)
    publisher.until_all(C, 4000)
    publisher.log = log_of(tmp_path, "an")
    publisher.look(5000)
    assert publisher.enforced() == [C, C]
    publisher.log.path.unlink()
    publisher.look(5001)
    assert publisher.enforced() == [C, C], "nor does a log that is lost"
    back(publisher.log, "an", number)
    publisher.look(5002)
    assert publisher.enforced() == [A, A], "and what is ordered afterwards is carried out"


def test_a_log_that_was_cut_repeats_nothing(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    publisher.until_all(B, 2000)
    number = next(each.number for each in publisher.state.versions if each.state == A)
    back(publisher.log, "an", number)
    publisher.look(3000)
    order = publisher.log.path.read_bytes()
    for person in ("an", "binh"):
        agree(publisher.log, person, C)
    publisher.until_all(C, 4000)
    publisher.log.path.write_bytes(order)
    for now in (5000, 5001):
        publisher.look(now)
        assert publisher.enforced() == [C, C]


def test_a_way_back_of_one_list_leaves_the_others(publisher: Publisher) -> None:
    other = list_path("viettel/ads")
    publisher.pushed[other] = A
    publisher.until_all(A, 1000)
    publisher.pushed[other] = B
    publisher.until_all(B, 2000)
    number = next(each.number for each in publisher.state.versions if each.state == A)
    back(publisher.log, "an", number, LIST)
    publisher.look(3000)
    assert contents(publisher.state, Stage.ALL) == {PATH: A, other: B}


def test_one_person_brings_nothing_to_all_that_two_must_agree_to(publisher: Publisher) -> None:
    publisher.settings = replace(SETTINGS, pace=Pace(10.0, 100.0, always=True))
    publisher.pushed[PATH] = B
    publisher.look(1000)
    number = next(each.number for each in publisher.state.versions if each.state == B)
    back(publisher.log, "an", number)
    for now in (1001, 2000, 3000):
        publisher.look(now)
        assert publisher.enforced() == ["", ""]


@pytest.mark.parametrize("name", [LIST, ""])
def test_one_person_brings_back_nothing_that_was_taken_back(publisher: Publisher, name: str) -> None:
    """All had it, and one list's way back marks no version: the content is remembered."""
    other = list_path("viettel/ads")
    publisher.until_all(A, 1000)
    publisher.until_all(B, 2000)
    number = {each.state: each.number for each in publisher.state.versions}
    back(publisher.log, "an", number[A], LIST)
    publisher.look(3000)
    publisher.pushed[other] = A
    publisher.look(3001)
    back(publisher.log, "an", number[B], name)
    for now in (4000, 5000):
        publisher.look(now)
        assert publisher.enforced() == [A, A]


def test_a_partner_alone_does_not_take_away_a_list_that_all_have(publisher: Publisher) -> None:
    """Who has stolen its key would else open all that the list closes; a list that shrinks is held too."""
    publisher.until_all(A, 1000)
    del publisher.pushed[PATH]
    for now in (2000, 2010, 9000):
        publisher.look(now)
        assert publisher.enforced() == [A, A]
    for person in ("an", "binh"):
        agree(publisher.log, person, "")
    publisher.look(9001)
    publisher.look(9200)
    assert publisher.enforced() == ["", ""]


def test_a_subscription_goes_when_the_publisher_ends_it(publisher: Publisher) -> None:
    path = list_path(f"{FETCHED}/games")
    publisher.partners |= {FETCHED}
    publisher.pushed[path] = A
    for now in (1000, 1010, 1110):
        publisher.look(now)
    assert contents(publisher.state, Stage.ALL) == {path: A}
    del publisher.pushed[path]
    for now in (2000, 2010, 2110):
        publisher.look(now)
    assert contents(publisher.state, Stage.ALL) == {}


def test_a_version_that_is_not_kept_moves_nothing(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    back(publisher.log, "an", 77)
    publisher.look(3000)
    assert publisher.enforced() == [A, A]


def test_the_lists_of_a_partner_that_is_taken_out_go(publisher: Publisher) -> None:
    publisher.until_all(A, 1000)
    publisher.partners, publisher.pushed = frozenset(), {}
    publisher.look(2000)
    assert publisher.enforced() == ["", ""]


def test_a_partner_has_its_own_pace(publisher: Publisher) -> None:
    publisher.settings = replace(SETTINGS, partners={"viettel": Pace(0.0, 0.0)})
    publisher.pushed[PATH] = A
    publisher.look(1000)
    assert publisher.enforced() == [A, A]


def test_the_state_is_written_whole_or_not(tmp_path: Path) -> None:
    path, tracks = tmp_path / "rollout.json", {PATH: Track(Step(A, 1.5), stopped=Stop(B, 2.0, "why"))}
    version = Version(3, A, 1.0, "all", 1.5, {PATH: A}, B, found={"names": 7})
    states = State(tracks, (version,), "x"), State({PATH: Track(coming=Step(C, 9.0), refused=(B,))})
    assert read_state(path) is None
    for _ in every_step(lambda: write_state(path, states[1]), lambda: write_state(path, states[0])):
        assert read_state(path) in states
    write_state(path, states[1])
    assert read_state(path) == states[1]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":"other"}', b'{"format":null}'])
def test_a_damaged_state_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rollout.json"
    path.write_bytes(content)
    with pytest.raises(StateBroken, match="is damaged"):
        read_state(path)
