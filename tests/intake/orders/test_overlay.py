"""The overlay in a real stack: what a name is for each school, by the definition of the scopes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import SEALED
from schoolguard.dns.names import search_key
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.checks import Why
from schoolguard.intake.orders.holding import Held
from schoolguard.intake.orders.order import Order, Target
from schoolguard.intake.orders.overlay import TAKEDOWN, Overlay, overlay_of
from schoolguard.intake.orders.scope import Scope
from schoolguard.lists.stack import Stack
from tests.intake.orders.samples import (
    AT_NOW,
    BUM_TO,
    PA_TAN,
    PROVINCE,
    SCHOOLS,
    accept,
    below,
    checks,
    exact,
    order,
)

IN_PA_TAN = Scope(False, frozenset({PA_TAN.commune}))


def closed(overlay: Overlay, name: str, school: str) -> bool:
    """Judge as a plan would that has the school's bit beside the sealed ones."""
    key = search_key(name)
    mask = Stack([], overlay.below).mask(key) | overlay.exact.get(key, 0)
    return bool(mask & (SEALED | overlay.schools.get(school, 0)))


def test_the_whole_province_needs_no_classes(book: OrderBook) -> None:
    accept(book, order(names=below("bad.example") | exact("www.worse.example")))
    overlay = book.overlay(AT_NOW, SCHOOLS, checks())
    assert overlay == Overlay(
        {search_key("bad.example"): TAKEDOWN}, {search_key("www.worse.example"): TAKEDOWN}, {}, {}
    )
    assert TAKEDOWN & SEALED


def test_a_scope_closes_its_schools_only(book: OrderBook) -> None:
    accept(book, order(), order("b", 1, below("here.example"), scope=IN_PA_TAN))
    overlay = book.overlay(AT_NOW, SCHOOLS, checks())
    for school in SCHOOLS:
        assert closed(overlay, "www.bad.example", school.id)
        assert closed(overlay, "www.here.example", school.id) is (school is PA_TAN)


def test_a_scope_of_all_schools_here_is_as_the_province(book: OrderBook) -> None:
    accept(book, order(scope=IN_PA_TAN))
    assert book.overlay(AT_NOW, (PA_TAN,), checks()).below == {search_key("bad.example"): TAKEDOWN}
    assert book.overlay(AT_NOW, (BUM_TO,), checks()) == Overlay()
    assert book.overlay(AT_NOW, (), checks()) == Overlay()


def test_the_safety_net_of_now_is_asked(book: OrderBook) -> None:
    """A name that enters the net opens at the next overlay, one that leaves it closes."""
    accept(book, order(names=below("bad.example", "moet.gov.vn", "vn")))
    overlay = book.overlay(AT_NOW, SCHOOLS, checks("moet.gov.vn"))
    assert overlay.below == {search_key("bad.example"): TAKEDOWN}
    assert [(each.target.name, each.why) for each in overlay.refused["viettel", "a1"]] == [
        ("moet.gov.vn", Why.PROTECTED),
        ("vn", Why.PUBLIC_SUFFIX),
    ]
    after = book.overlay(AT_NOW, SCHOOLS, checks("bad.example"))
    assert after.below == {search_key("moet.gov.vn"): TAKEDOWN}
    assert after.tells(overlay)
    assert not after.tells(book.overlay(AT_NOW, SCHOOLS, checks("bad.example")))


_schools = st.frozensets(st.sampled_from([school.id for school in SCHOOLS]), min_size=1)
_scopes = st.just(PROVINCE) | _schools.map(lambda ids: Scope(False, frozenset(), ids))
_names = st.sampled_from(["a.example", "b.a.example", "c.b.a.example", "other.test"])
_targets = st.frozensets(st.builds(Target, _names, st.booleans()), min_size=1, max_size=3)


@given(st.lists(st.tuples(_scopes, _targets), max_size=6), _names)
@settings(max_examples=150, deadline=None)
def test_every_school_by_definition(given_orders: list[tuple[Scope, frozenset[Target]]], asked: str) -> None:
    orders: list[Order] = [order(f"o{i}", 1, t, scope=s) for i, (s, t) in enumerate(given_orders)]
    overlay = overlay_of([Held(each, each.targets) for each in orders], SCHOOLS, checks().refusal)
    for school in SCHOOLS:
        should = any(
            asked == target.name or (not target.exact and asked.endswith("." + target.name))
            for each in orders
            if school.id in each.scope.of(SCHOOLS)
            for target in each.targets
        )
        assert closed(overlay, asked, school.id) is should


def test_no_bit_of_another_school(book: OrderBook) -> None:
    accept(book, order(scope=IN_PA_TAN))
    overlay = book.overlay(AT_NOW, SCHOOLS, checks())
    assert overlay.schools.keys() == {PA_TAN.id}
    assert not any(mask & TAKEDOWN for mask in overlay.below.values())
