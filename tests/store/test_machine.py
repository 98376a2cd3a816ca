"""Any order of what callers do, with ends that nobody announced: the store is what plain sums are."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schoolguard.store.bounds import Bounds
from schoolguard.store.held import Held
from schoolguard.store.kept import OpenPeriod
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Given, Span, cell, check, words

SCHOOLS = ("thcs-a", "thcs-b")
_MEMORY = Path("/dev/shm")


class Uses(RuleBasedStateMachine):
    """One store and its sums; ``held`` is a second way in, beside ``add``."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.given = Given()
        self.now = MINUTE * 60
        self.lives = 0
        self.path = self.folder / "0.db"
        self.store = self.loop.run_until_complete(Store.open(self.path, Bounds(), 0))
        self.held = Held(lambda *each: self.store.has(*each))  # noqa: PLW0108 - the store changes

    def run(self, work: Callable[[], Awaitable[object]]) -> None:
        async def awaited() -> object:
            return await work()

        self.loop.run_until_complete(awaited())

    def teardown(self) -> None:
        self.run(self.store.close)
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(
        worker=st.sampled_from("ab"),
        numbers=st.lists(st.integers(1, 12), min_size=1, max_size=4),
        school=st.sampled_from(SCHOOLS),
        ahead=st.sampled_from([0, 1, 70, 1_500, -525_600]),
        waits=st.booleans(),
    )
    def add(self, worker: str, numbers: list[int], school: str, ahead: int, waits: bool) -> None:
        deltas = [
            Delta(
                worker,
                number,
                MINUTE + ahead + number,
                {cell(number % 3, school): number, cell(1, SCHOOLS[0]): 2},
                (1,),
                number % 2,
            )
            for number in numbers
        ]
        for delta in deltas:
            self.given.add(delta)
        if waits:
            self.held.take(deltas)
            self.run(lambda: self.store.add_held(self.held, 0))
        else:
            self.run(lambda: self.store.add(deltas, 0))

    @precondition(lambda self: self.given.sequences)
    @rule(school=st.sampled_from(SCHOOLS))
    def close(self, school: str) -> None:
        made: list[bytes] = []

        def document(period: OpenPeriod[Span]) -> bytes:
            made.append(words(period))
            return made[-1]

        self.run(lambda: self.store.close_period(school, Span, document))
        self.given.close(school, made[-1])

    @precondition(lambda self: self.given.documents)
    @rule(which=st.integers(0, 3))
    def acknowledge(self, which: int) -> None:
        school, sequence = list(self.given.documents)[which % len(self.given.documents)]
        self.run(lambda: self.store.acknowledged(school, sequence, 0))
        del self.given.documents[school, sequence]

    @rule(ahead=st.sampled_from([0, 3_600, 86_400, -365 * 86_400, 365 * 86_400]), believed=st.booleans())
    def retain(self, ahead: int, believed: bool) -> None:
        """Roll up; minutes in the tests are younger than every bound, or the clock is behind."""
        bounds = Bounds(*[4_000 * 86_400] * 4)
        self.store.bounds = bounds
        self.run(lambda: self.store.retain(self.now + ahead, believed=believed))

    @rule()
    def end_and_begin(self) -> None:
        self.run(self.store.close)
        self.store = self.loop.run_until_complete(Store.open(self.path, Bounds(), 0))

    @rule()
    def lose_power(self) -> None:
        """Go on with what the disk has at this moment; what the process thought is gone."""
        self.lives += 1
        path = self.folder / f"{self.lives}.db"
        for end in ("", "-wal"):
            if Path(f"{self.path}{end}").exists():
                shutil.copyfile(f"{self.path}{end}", f"{path}{end}")
        self.run(self.store.close)
        self.path = path
        self.store = self.loop.run_until_complete(Store.open(path, Bounds(), 0))

    @invariant()
    def is_as_the_sums(self) -> None:
        self.run(lambda: check(self.store, self.given))
        assert not self.store.restored
        assert not self.held


TestUses = Uses.TestCase
TestUses.settings = settings(
    max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
