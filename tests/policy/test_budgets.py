"""Which names a budget covers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget, BudgetTable

GAMES = BY_NAME["games"].mask
CHAT = BY_NAME["chat"].mask


@pytest.mark.parametrize(
    ("name", "mask", "covered"),
    [
        ("game.vn", 0, True),
        ("a.b.game.vn", 0, True),
        ("agame.vn", 0, False),
        ("vn", 0, False),
        ("game.vn.example", 0, False),
        ("other.example", GAMES, True),
        ("other.example", GAMES | ALLOWED, False),
        ("game.vn", GAMES | ALLOWED, True),
        ("other.example", CHAT, False),
    ],
)
def test_a_budget_covers_names_with_all_below_and_categories(name: str, mask: int, covered: bool) -> None:
    budget = Budget("b", "B", 60, frozenset({"game.vn", "play.example"}), GAMES)
    assert budget.covers(search_key(name), mask) is covered


def test_nothing_covers_the_root_and_escaped_labels_do_not_match() -> None:
    budget = Budget("b", "B", 60, frozenset({"game.vn"}))
    assert not budget.covers("", 0)
    assert not budget.covers(r"vn\.game.", 0)


LABELS = st.sampled_from(["a", "b", "vn"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
MASKS = st.sampled_from([0, GAMES, CHAT, ALLOWED, GAMES | ALLOWED, GAMES | CHAT])
BUDGETS = st.lists(
    st.builds(
        Budget,
        st.sampled_from("pqrst"),
        st.just("B"),
        st.just(60),
        st.frozensets(NAMES, max_size=3),
        st.sampled_from([0, GAMES, CHAT]),
    ),
    max_size=5,
    unique_by=lambda budget: budget.id,
)


@settings(max_examples=150)
@given(BUDGETS, NAMES, MASKS)
def test_the_table_says_what_each_budget_says(budgets: list[Budget], name: str, mask: int) -> None:
    key = search_key(name)
    expected = {budget.id for budget in budgets if budget.covers(key, mask)}
    assert BudgetTable(budgets).covering(key, mask) == expected
