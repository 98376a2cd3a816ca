"""Whom an order is for, and the classes that tell the schools of a gateway apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.orders.scope import FIRST_BIT, Scope, classes_of
from tests.intake.orders.samples import BUM_TO, PA_TAN, SCHOOLS, SIN_HO


@pytest.mark.parametrize(
    ("scope", "for_whom"),
    [
        (Scope(True), {BUM_TO.id, PA_TAN.id, SIN_HO.id}),
        (Scope(False, frozenset({"xã pa tần"})), {PA_TAN.id}),
        (Scope(False, frozenset({"Xa\u0303 Pa Ta\u0302\u0300n"})), {PA_TAN.id}),
        (Scope(False, frozenset({"Xã Pa Tần"}), frozenset({SIN_HO.id})), {PA_TAN.id, SIN_HO.id}),
        (Scope(False, frozenset(), frozenset({"elsewhere"})), set()),
    ],
)
def test_schools_of_a_scope(scope: Scope, for_whom: set[str]) -> None:
    assert scope.of(SCHOOLS) == for_whom


def test_schools_under_the_same_orders_are_one_class() -> None:
    sets = [frozenset("abc"), frozenset("bc"), frozenset("d")]
    classes = classes_of(sets)
    assert classes.of_school["b"] == classes.of_school["c"] != classes.of_school["a"]
    assert "e" not in classes.of_school
    assert len(set(classes.of_school.values())) == 3


@given(st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1), max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_bit_of_a_set_is_had_by_its_schools_and_no_others(sets: list[frozenset[str]]) -> None:
    classes = classes_of(sets)
    for each in sets:
        had = {school for school in "abcdefgh" if classes.of_school.get(school, 0) & classes.of_set[each]}
        assert had == each
    assert all(mask >= 1 << FIRST_BIT and mask.bit_count() == 1 for mask in classes.of_school.values())
    signatures = {tuple(school in each for each in sets) for each in sets for school in each}
    assert len(set(classes.of_school.values())) == len(signatures)
    assert classes_of(sets[::-1]) == classes
