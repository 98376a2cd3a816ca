"""Two people for one content: who counts, what counts, and what a damaged log is worth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.hub.rollout.approvals import Approvals, NoApprovers, read_approvers
from schoolguard.hub.rollout.log import NOBODYS, TAKEN_BACK, CannotDecide, Decision, DecisionLog
from tests.hub.rollout.people import CONTENT, LIST, OTHER, agree, back, log_of, public, write_public
from tests.hub.tuf.killed import every_step


def approvals(log: DecisionLog, needed: int = 2) -> Approvals:
    return Approvals(log.read(), needed)


def test_two_people_agree_to_one_content(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an", "binh")
    agree(log, "an")
    assert not approvals(log).agreed(LIST, CONTENT)
    agree(log, "binh")
    assert approvals(log).agreed(LIST, CONTENT)
    assert approvals(log).people(LIST, CONTENT) == ("an", "binh")
    assert not approvals(log).agreed(LIST, OTHER), "another content was not agreed to"
    assert not approvals(log).agreed("viettel/ads", CONTENT), "nor the same for another list"


def test_one_person_twice_is_one_person(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an", "binh")
    agree(log, "an")
    agree(log, "an")
    assert approvals(log).people(LIST, CONTENT) == ("an",)
    assert not approvals(log).agreed(LIST, CONTENT)


def test_a_stranger_is_told_so_and_writes_nothing(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an")
    with pytest.raises(CannotDecide, match="none of the approvers"):
        agree(log, "cuong")
    assert not log.path.exists()
    with pytest.raises(CannotDecide, match="names no approvers"):
        agree(log_of(tmp_path), "an")


def test_who_is_no_approver_any_more_does_not_count(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an", "binh")
    agree(log, "an")
    agree(log, "binh")
    assert approvals(log_of(tmp_path, "binh")).people(LIST, CONTENT) == ("binh",)


@pytest.mark.parametrize("own", [True, False], ids=["the hub's own", "by hand"])
def test_what_was_agreed_to_before_a_way_back_counts_no_more(tmp_path: Path, own: bool) -> None:
    log = log_of(tmp_path, "an", "binh")
    agree(log, "an")
    agree(log, "binh")
    if own:
        log.note(Decision(TAKEN_BACK, LIST, 1_700_000_000, content=CONTENT, reason="blocking jumped"))
    else:
        back(log, "an", 1)
    assert approvals(log).people(LIST, CONTENT) == ()
    agree(log, "binh")
    assert approvals(log).people(LIST, CONTENT) == ("binh",)


def test_a_name_or_a_key_in_two_files_is_refused(tmp_path: Path) -> None:
    an, binh = write_public(tmp_path, "an"), write_public(tmp_path, "binh")
    assert set(read_approvers([an, binh], 2)) == {public("an").keyid, public("binh").keyid}
    with pytest.raises(NoApprovers, match="'an' is named twice"):
        read_approvers([an, an], 2)
    with pytest.raises(NoApprovers, match="named twice"):
        read_approvers([an, write_public(tmp_path, "an", "an-2")], 2)
    (tmp_path / "other").mkdir()
    second = write_public(tmp_path / "other", "cuong", "an")
    with pytest.raises(NoApprovers, match="named twice"):
        read_approvers([an, second], 2)
    with pytest.raises(NoApprovers, match="2 people must agree"):
        read_approvers([an], 2)
    with pytest.raises(NoApprovers, match="an approver's key"):
        read_approvers([tmp_path / "none"], 1)


def _lines(log: DecisionLog) -> list[bytes]:
    return log.path.read_bytes().splitlines(keepends=True)


def _forged(lines: list[bytes]) -> list[bytes]:
    changed = json.loads(lines[0])
    changed["decision"]["content"] = OTHER
    return [json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n", *lines[1:]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        _forged,
        lambda lines: [lines[0], b"{}\n", *lines[1:]],
        lambda lines: [*lines, lines[2]],
    ],
    ids=["first gone", "middle gone", "swapped", "changed", "put in", "repeated"],
)
def test_a_changed_log_agrees_to_nothing(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    log = log_of(tmp_path, "an", "binh")
    for person, content in (("an", CONTENT), ("binh", CONTENT), ("an", OTHER)):
        agree(log, person, content)
    log.path.write_bytes(b"".join(damage(_lines(log))))
    with pytest.raises(CannotDecide, match="nobody counts as having agreed"):
        log.read()


def test_a_signature_that_does_not_fit_is_nobodys(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an")
    agree(log, "an")
    found = json.loads(_lines(log)[0])
    found["decision"]["content"] = OTHER
    log.path.write_bytes(json.dumps(found, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert [each.verb for each in log.read()] == [NOBODYS]


def test_half_a_line_was_never_said(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an", "binh")
    agree(log, "an")
    whole = log.path.read_bytes()
    agree(log, "binh")
    for cut in range(len(whole), len(log.path.read_bytes()), 97):
        torn = tmp_path / "torn"
        torn.mkdir(exist_ok=True)
        other = log_of(torn, "an", "binh")
        other.path.write_bytes(log.path.read_bytes()[:cut])
        assert approvals(other).people(LIST, CONTENT) == ("an",)
        agree(other, "binh")
        assert approvals(other).agreed(LIST, CONTENT)


def test_a_kill_at_any_step_leaves_the_decision_written_or_not(tmp_path: Path) -> None:
    log = log_of(tmp_path, "an", "binh")

    def anew() -> None:
        log.path.unlink(missing_ok=True)
        agree(log, "an")

    for _ in every_step(lambda: agree(log, "binh"), anew):
        assert approvals(log).people(LIST, CONTENT) in (("an",), ("an", "binh"))
        agree(log, "binh")
        assert approvals(log).agreed(LIST, CONTENT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_a_log_or_refused(tmp_path: Path, content: bytes) -> None:
    log = log_of(tmp_path, "an")
    log.path.write_bytes(content)
    try:
        assert log.read() == []
    except CannotDecide:
        assert b"\n" in content
