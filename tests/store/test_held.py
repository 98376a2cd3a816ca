"""What waits in memory: no number twice, no query gone that is not counted as lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.store.batch import Batch
from schoolguard.store.held import Held
from schoolguard.store.kept import begin_of
from schoolguard.store.model import Delta
from tests.store.counted import MINUTE, cell

DELTAS = st.lists(
    st.builds(
        Delta,
        st.sampled_from("ab"),
        st.integers(1, 12),
        st.integers(MINUTE, MINUTE + 4_000),
        st.dictionaries(st.integers(0, 5).map(cell), st.integers(1, 99), max_size=5),
        st.sampled_from([(), (1,), (0, 2)]),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(DELTAS, st.integers(1, 40), st.sets(st.integers(1, 12)), st.integers(0, 2))
def test_all_is_held_or_counted_as_lost(
    deltas: list[Delta], bound: int, stored: set[int], refusals: int
) -> None:
    held = Held(lambda worker, number: worker == "a" and number in stored, bound)
    taken: dict[tuple[str, int], Delta] = {}
    for at, delta in enumerate(deltas):
        held.take([delta, delta])
        if not (delta.worker == "a" and delta.number in stored):
            taken.setdefault((delta.worker, delta.number), delta)
        if at < refusals:
            leaving = held.leaving()
            held.take(deltas[: at + 1])
            assert not held, "what is leaving is known"
            assert leaving is not None
            held.refused()
        assert len(held) <= bound
        assert all(held.has(*each) for each in taken)
    total = sum(sum(delta.queries.values()) for delta in taken.values())
    assert held.queries + held.lost == total
    batch = held.leaving()
    assert batch.gauges.lost == held.lost + sum(delta.lost for delta in taken.values())
    assert sum(batch.gauges.latency) == sum(sum(delta.latency) for delta in taken.values())
    _times_are_coarser_only(batch, list(taken.values()))
    held.arrived()
    assert not held


def _times_are_coarser_only(batch: Batch, deltas: list[Delta]) -> None:
    """Each minute that is held is that of a delta, or the begin of its hour or day."""
    minutes = {delta.minute for delta in deltas}
    coarser = {begin_of("hour", minute * 60) // 60 for minute in minutes}
    days = {begin_of("day", minute * 60) // 60 for minute in minutes}
    assert {minute for minute, _ in batch.counts} <= minutes | coarser | days


def test_the_newest_keep_their_minutes() -> None:
    held = Held(lambda *_: False, 40)
    for number in range(1, 61):
        held.take([Delta("a", number, MINUTE + number, {cell(0): 1})])
    batch = held.leaving()
    assert held.lost == 0
    assert sum(batch.counts.values()) == 60
    assert (MINUTE + 60, cell(0)) in batch.counts
    assert len(batch.counts) <= 40
