"""Small cells: no part and no difference of parts is of fewer than k devices, none tells of one pupil."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schoolguard.feed.merging import ALL, Part, partition, queries
from schoolguard.feed.model import Cell, Number

K = 5
WORDS = [("allowed", ""), ("failed", ""), ("blocked", "ads"), ("blocked", "games"), ("blocked", "drugs")]
ALL_CELLS = [Cell(tier, *word) for tier in ("guest", "staff", "thcs") for word in WORDS]
CELLS = st.dictionaries(st.sampled_from(ALL_CELLS), st.integers(0, 12), max_size=15)


@st.composite
def schools(draw: st.DrawFn) -> tuple[dict[Cell, int], dict[str, int], int]:
    """Draw devices of cells, of tiers and of the school, as can be: a union is at least its largest part."""
    cells = draw(CELLS)
    by_tier = {}
    for tier in {cell.tier for cell in cells}:
        own = [number for cell, number in cells.items() if cell.tier == tier]
        by_tier[tier] = draw(st.integers(max(own), sum(own)))
    most = sum(by_tier.values())
    return cells, by_tier, draw(st.integers(max(by_tier.values(), default=0), most))


def cap(own: int, devices: int) -> int:
    return own // devices


@settings(max_examples=60)
@given(schools())
def test_the_parts_are_disjoint_and_each_is_of_k_devices(
    school: tuple[dict[Cell, int], dict[str, int], int],
) -> None:
    cells, by_tier, devices = school
    parts = partition(cells, by_tier, devices, K)
    told = [cell for part in parts for cell in (*part.of, *part.small)]
    assert len(told) == len(set(told))
    assert len({part.cell for part in parts}) == len(parts)
    for part in parts:
        union = by_tier.get(part.cell.tier.removesuffix("+other"), devices)
        assert part.devices >= K
        assert part.devices <= (
            union if part.cell.outcome.startswith(ALL) else max(cells[c] for c in part.of)
        )


@settings(max_examples=60)
@given(schools())
def test_whatever_was_asked_is_in_a_part_or_the_school_is_too_small(
    school: tuple[dict[Cell, int], dict[str, int], int],
) -> None:
    cells, by_tier, devices = school
    parts = partition(cells, by_tier, devices, K)
    told = {cell for part in parts for cell in (*part.of, *part.small)}
    assert told == set(cells) if parts else devices < K or not cells


@settings(max_examples=60)
@given(schools(), st.sampled_from(ALL_CELLS), st.integers(1, K - 1), st.integers(1, 10**6))
def test_a_rare_thing_changes_no_name_and_a_number_by_one_devices_share(
    school: tuple[dict[Cell, int], dict[str, int], int], rare: Cell, few: int, times: int
) -> None:
    cells, by_tier, devices = school
    assume(rare not in cells and by_tier.get(rare.tier, 0) >= few)
    outside = told(cells, by_tier, devices, {})
    inside = told({**cells, rare: few}, by_tier, devices, {rare: times})
    assert inside.keys() == outside.keys()
    changed = [cell for cell in outside if inside[cell] != outside[cell]]
    assert len(changed) <= 1
    for cell in changed:
        if not cell.outcome.startswith(ALL):  # all of a tier of k devices: nothing small beside it
            assert inside[cell] - outside[cell] <= 20


def told(
    cells: Mapping[Cell, int], by_tier: Mapping[str, int], devices: int, times: Mapping[Cell, int]
) -> dict[Cell, int]:
    """Return the published numbers when each device asks 20 queries of each kind."""
    numbers = {cell: Number(times.get(cell, 20 * number), number) for cell, number in cells.items()}
    return queries(partition(cells, by_tier, devices, K), numbers, cap)


def test_small_cells_go_with_the_largest_of_their_sort() -> None:
    cells = {
        Cell("thcs", "allowed"): 40,
        Cell("thcs", "failed"): 2,
        Cell("thcs", "blocked", "ads"): 30,
        Cell("thcs", "blocked", "games"): 9,
        Cell("thcs", "blocked", "drugs"): 1,
    }
    numbers = {cell: Number(100 * devices, devices) for cell, devices in cells.items()}
    found = queries(partition(cells, {"thcs": 40}, 40, K), numbers, cap)
    assert found == {
        Cell("thcs+other", "allowed+other"): 4_100,
        Cell("thcs", "blocked", "ads+other"): 3_100,
        Cell("thcs", "blocked", "games"): 900,
    }


def test_a_tier_that_is_too_small_goes_with_the_largest_part() -> None:
    cells = {Cell("thcs", "allowed"): 40, Cell("guest", "allowed"): 4, Cell("guest", "blocked", "ads"): 2}
    parts = partition(cells, {"thcs": 40, "guest": 4}, 44, K)
    assert [part.cell for part in parts] == [Cell("thcs+other", "allowed+other")]
    assert set(parts[0].small) == {Cell("guest", "allowed"), Cell("guest", "blocked", "ads")}


def test_tiers_that_are_too_small_are_one_when_the_school_is_not() -> None:
    cells = {Cell("thcs", "allowed"): 4, Cell("guest", "allowed"): 4}
    every = tuple(sorted(cells))
    assert partition(cells, {"thcs": 4, "guest": 4}, 8, K) == [Part(Cell(ALL, ALL), every, 8)]
    assert partition(cells, {"thcs": 4, "guest": 4}, 4, K) == []


def test_a_tier_of_many_devices_that_share_nothing_is_told_as_one() -> None:
    cells = {Cell("thcs", "blocked", word): 2 for word in ("ads", "games", "drugs")}
    parts = partition(cells, {"thcs": 6}, 6, K)
    assert [part.cell for part in parts] == [Cell("thcs+other", ALL)]


@pytest.mark.parametrize("devices", range(K))
def test_below_k_nothing_is_told(devices: int) -> None:
    cells = {Cell("thcs", "allowed"): devices, Cell("thcs", "blocked", "ads"): devices}
    assert partition(cells, {"thcs": devices}, devices, K) == []
