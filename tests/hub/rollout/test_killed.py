"""The publisher dies before each step on the disk while it moves lists: nothing is lost or comes back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.hub.rollout.deciding import contents, list_path
from schoolguard.hub.rollout.log import TAKEN_BACK
from schoolguard.hub.rollout.reports import Reports
from schoolguard.hub.rollout.settings import Jumps, Pace, RolloutSettings
from schoolguard.hub.rollout.state import State
from schoolguard.hub.rollout.versions import Version
from schoolguard.hub.service.rolling import DECISIONS, REPORTS_DB, WHOLES, Rolling
from schoolguard.hub.service.wholes import Wholes
from schoolguard.intake.rollout.report import Effect, Rate, Report, sign
from schoolguard.intake.rollout.stages import Stage
from schoolguard.language import Said
from tests.hub.rollout.people import LIST, agree, back, log_of, public
from tests.hub.tuf.killed import every_step

PATH, A, B = list_path(LIST), "a" * 64, "b" * 64
PARTNERS = frozenset(["viettel"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes([5]) * 32)
JUMPS = Jumps(queries=100, gateways=1)


@dataclass
class Run:
    """A publisher's way of lists in a folder that each run gets anew; ``now`` does not pass by itself."""

    place: Path
    now: float = 1_000.0
    pushed: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.place / "hub"

    @property
    def rolling(self) -> Rolling:
        settings = RolloutSettings(Pace(0.0, 100.0, always=True), jumps=JUMPS)
        approvers = {public(name).keyid: public(name).key for name in ("an", "binh")}
        reports = Reports(self.folder / REPORTS_DB, lambda _id: KEY.public_key().public_bytes_raw())
        wholes = Wholes(self.folder / WHOLES)
        return Rolling(self.folder, settings, approvers, 2, wholes, reports, lambda: self.now)

    def look(self) -> State:
        """Move all on and note it, as the publisher does around its compile."""
        rolling = self.rolling
        state = rolling.decided(self.pushed, PARTNERS, published=True).state
        found = {stage: contents(state, stage) for stage in (Stage.ALL, Stage.CANARY)}
        places = {Stage.ALL: Version(0, found[Stage.ALL].get(PATH, "none"), 0, "", 0, found[Stage.ALL])}
        if found[Stage.CANARY] != found[Stage.ALL]:
            canary = found[Stage.CANARY]
            places[Stage.CANARY] = Version(0, canary[PATH], 0, "", 0, canary, places[Stage.ALL].state)
        return rolling.note(state, places)

    def enforced(self) -> list[str]:
        state = self.rolling.state()
        return [contents(state, stage).get(PATH, "") for stage in (Stage.ALL, Stage.CANARY)]

    def agree(self, content: str) -> None:
        for person in ("an", "binh"):
            agree(log_of(self.folder, "an", "binh"), person, content)

    def master(self) -> None:
        """Keep the folder as it is for the runs."""
        shutil.rmtree(self.place / "master", ignore_errors=True)
        shutil.copytree(self.folder, self.place / "master")

    def anew(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.place / "master", self.folder)


def begun(folder: Path) -> Run:
    """Return a publisher whose schools all enforce A, and its canaries B."""
    run = Run(folder)
    run.folder.mkdir()
    run.pushed[PATH] = A
    run.look()
    run.pushed[PATH] = B
    run.agree(B)
    run.look()
    assert run.enforced() == [A, B]
    return run


def test_a_way_back_by_itself(tmp_path: Path) -> None:
    run = begun(tmp_path)
    effect = Effect(B, A, 1_000, Rate(1000, 900), Rate(1000, 10))
    run.rolling.reports.put(sign(Report("gw-1", 1, 5, "x", effect=effect), KEY), 1.0)
    run.master()
    steps = 0
    for step in every_step(run.look, run.anew):
        assert run.enforced() in ([A, B], [A, A])
        for _ in range(2):
            run.look()
            assert run.enforced() == [A, A], f"after a death at step {step}"
        noted = [each for each in run.rolling.log.read() if each.verb == TAKEN_BACK]
        assert 1 <= len(noted) <= 2, "it may be told twice, and is told"
        steps = step
    assert steps > 4


def test_a_way_back_by_hand(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.now = 1_200.0
    run.look()
    assert run.enforced() == [B, B]
    number = next(each.number for each in run.rolling.state().versions if each.state == A)
    back(log_of(run.folder, "an", "binh"), "an", number)
    run.master()
    for step in every_step(run.look, run.anew):
        assert run.enforced() in ([B, B], [A, A])
        for _ in range(2):
            run.look()
            assert run.enforced() == [A, A], f"after a death at step {step}"
        run.agree(B)
        run.look()
        assert run.enforced() == [A, B], "the order is carried out once"


def test_what_the_lists_together_may_not_do(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.master()

    def refused() -> None:
        state = run.rolling.state()
        version = Version(0, B, 0, "canary", 0, contents(state, Stage.CANARY))
        if version.contents != contents(state, Stage.ALL):
            run.rolling.refuse(state, version, Said("it would close the safety net"))

    for _ in every_step(refused, run.anew):
        assert run.enforced() in ([A, B], [A, A])
        refused()
        for _ in range(2):
            run.look()
            assert run.enforced() == [A, A]


def test_a_step_to_all_schools(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.now = 1_101.0
    run.master()
    for _ in every_step(run.look, run.anew):
        assert run.enforced() in ([A, B], [B, B])
        run.look()
        assert run.enforced() == [B, B]
        versions = run.rolling.state().versions
        assert [each.stage for each in versions] == ["passed", "all"], "nothing is there twice"
    assert (run.folder / DECISIONS).is_file()
