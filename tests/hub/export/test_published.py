"""What is published is whole at every kill, and the differences lead from any kept serial to the newest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.hub.export.model import BlockAction, ExportZone, Ruling, Verdict
from schoolguard.hub.export.published import ExportFolder, changed
from tests.hub.export.conftest import BLOCKED, ZONE
from tests.intake.transfer.killing import kill_at, some_steps, steps_of

EXPORT = ExportZone(ZONE, "thcs", BLOCKED, journal_share=10.0)
B, P, N = Verdict.BLOCK, Verdict.OPEN, Verdict.NONE


def blocks(*names: str) -> list[Ruling]:
    return sorted((Ruling(f"vn.{name}.", B, B) for name in names), key=lambda r: r.key)


def test_serials_and_journal(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path, EXPORT)
    assert folder.publish(blocks("a"), 1000).serial == 1000
    assert folder.publish(blocks("a"), 1001).serial == 1000, "the same names are no new serial"
    assert folder.publish(blocks("a", "b"), 900).serial == 1001, "a clock that went back"
    last = folder.publish(blocks("b"), 2000)
    assert [(s.before, s.after, s.changes) for s in last.differences] == [(1000, 1001, 1), (1001, 2000, 1)]
    assert [r.key for r in folder.changes(last.differences[1], "-")] == ["vn.a."]
    assert list(folder.rulings(last)) == blocks("b")
    assert folder.current() == last


def test_journal_is_bounded(tmp_path: Path) -> None:
    few = ExportFolder(tmp_path / "few", replace(EXPORT, journal=2))
    small = ExportFolder(tmp_path / "small", replace(EXPORT, journal_share=0.5))
    for number in range(6):
        few_now = few.publish(blocks(*"abcdef"[: number + 1]), 1000 + number)
        small_now = small.publish(blocks(str(number)), 1000 + number)
    assert [step.before for step in few_now.differences] == [1003, 1004]
    assert small_now.differences == (), "all changed: the whole zone is shorter"
    assert len(list((tmp_path / "few" / ZONE).glob("*.changes"))) == 2
    assert len(list((tmp_path / "few" / ZONE).glob("*.rulings"))) == 1


def test_another_action_changes_every_record(tmp_path: Path) -> None:
    ExportFolder(tmp_path, EXPORT).publish(blocks("a"), 1000)
    other = ExportFolder(tmp_path, replace(EXPORT, action=BlockAction.NODATA))
    published = other.publish(blocks("a"), 1001)
    assert (published.serial, published.differences) == (1001, ())


def test_kill_at_every_step(tmp_path: Path) -> None:
    def start(name: str) -> ExportFolder:
        folder = ExportFolder(tmp_path / name, EXPORT)
        folder.publish(blocks("a", "b"), 1000)
        return folder

    counted = start("count")
    steps = steps_of(lambda: counted.publish(blocks("b", "c"), 2000))
    seen = set()
    for step in some_steps(steps, 40):
        folder = start(str(step))
        assert kill_at(step, lambda folder=folder: folder.publish(blocks("b", "c"), 2000))  # type: ignore[misc]
        now = folder.current()
        assert now is not None
        assert list(folder.rulings(now)) == (blocks("a", "b") if now.serial == 1000 else blocks("b", "c"))
        for each in now.differences:
            assert [r.key for r in folder.changes(each, "+")] == ["vn.c."]
        seen.add(now.serial)
        again = folder.publish(blocks("b", "c"), 3000)
        assert list(folder.rulings(again)) == blocks("b", "c")
    assert seen == {1000, 2000}


VERDICTS = st.sampled_from([(B, B), (B, N), (N, B), (P, P), (B, P)])
ZONES = st.dictionaries(st.sampled_from(["vn.", "vn.a.", "vn.a.b.", "com.x.", "vn.ab."]), VERDICTS)


def records(rulings: list[Ruling]) -> set[tuple[str, str, str]]:
    """Return the records that rulings stand for."""
    both = {(r.key, "own", str(r.own)) for r in rulings} | {(r.key, "below", str(r.below)) for r in rulings}
    return {each for each in both if each[2] != "-"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ZONES, ZONES)
def test_changes_lead_from_one_export_to_the_next(
    old: dict[str, tuple[Verdict, Verdict]], new: dict[str, tuple[Verdict, Verdict]]
) -> None:
    before, after = ([Ruling(key, *zone[key]) for key in sorted(zone)] for zone in (old, new))
    lines = list(changed(before, after))
    parts = {sign: records([_ruling(line[1:]) for line in lines if line[0] == sign]) for sign in "+-"}
    assert parts["-"] == records(before) - records(after)
    assert parts["+"] == records(after) - records(before)


def _ruling(line: str) -> Ruling:
    key, verdicts = line.rstrip("\n").split("\t")
    return Ruling(key, Verdict(verdicts[0]), Verdict(verdicts[1]))
