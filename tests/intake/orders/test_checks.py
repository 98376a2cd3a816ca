"""What no order may close, name by name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.names import search_key
from schoolguard.intake.orders.checks import WORDS, ProtectedNames, Why
from schoolguard.intake.orders.order import Target
from tests.intake.orders.samples import below, checks


@pytest.mark.parametrize(
    ("name", "exact", "why"),
    [
        ("bad.example", False, None),
        ("www.bad.example", True, None),
        ("", False, Why.BAD_NAME),
        ("*", False, Why.BAD_NAME),
        ("*.example.com", False, Why.BAD_NAME),
        ("Bad.example", False, Why.BAD_NAME),
        ("bad.example.", False, Why.BAD_NAME),
        ("ví-dụ.vn", False, Why.BAD_NAME),
        ("10.0.0.1", False, Why.BAD_NAME),
        ("http://bad.example", False, Why.BAD_NAME),
        ("com", False, Why.PUBLIC_SUFFIX),
        ("vn", True, Why.PUBLIC_SUFFIX),
        ("xyz", True, Why.PUBLIC_SUFFIX),
        ("edu.vn", False, Why.PUBLIC_SUFFIX),
        ("blogspot.com", True, Why.PUBLIC_SUFFIX),
        ("bad.blogspot.com", False, None),
        ("moet.gov.vn", False, Why.PROTECTED),
        ("moet.gov.vn", True, Why.PROTECTED),
        ("www.moet.gov.vn", True, Why.PROTECTED),
        ("notmoet.gov.vn", False, None),
        ("host.vn", False, Why.PROTECTED_BELOW),
        ("host.vn", True, None),
        ("ost.vn", False, None),
    ],
)
def test_single_names(name: str, exact: bool, why: Why | None) -> None:
    net = checks("moet.gov.vn", "truong.host.vn")
    refused = net.refusal(Target(name, exact))
    assert (None if refused is None else refused.why) is why
    if refused is not None:
        assert (name or ":") in str(refused.said())
        assert refused.below == ("truong.host.vn" if why is Why.PROTECTED_BELOW else "")


def test_every_reason_has_words() -> None:
    assert WORDS.keys() == set(Why)


def test_refusals_are_in_the_order_of_names() -> None:
    refused = checks().refusals(below("vn", "bad.example", "com"))
    assert [each.target.name for each in refused] == ["com", "vn"]


_names = st.lists(st.sampled_from(["a", "b", "ab", "a-b"]), min_size=1, max_size=4).map(".".join)


@given(st.sets(_names, max_size=6), _names)
@settings(max_examples=100, deadline=None)
def test_protected_names_by_definition(names: set[str], asked: str) -> None:
    net, key = ProtectedNames(names), search_key(asked)
    assert net.protected(key) is any(asked == each or asked.endswith("." + each) for each in names)
    within = {each for each in names if each == asked or each.endswith("." + asked)}
    found = net.below(key)
    assert found in within if within else found is None
