"""Numbers of outcomes in words, while categories change."""

from __future__ import annotations

from schoolguard.categories import Category
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.meaning import joined, meaning


def category(name: str, bit: int) -> Category:
    return Category(name, bit, "", "")


def test_what_was_counted_under_a_former_category_keeps_its_name() -> None:
    former = {each.bit: each for each in (category("gone", 40), category("moved", 41), category("stays", 42))}
    found = joined(former, [category("stays", 42), category("moved", 43), category("new", 41)])
    assert {bit: each.name for bit, each in found.items()} == {
        40: "gone",
        41: "new",
        42: "stays",
        43: "moved",
    }
    assert meaning(Outcome.BLOCKED + 40, found).blocked == "gone"
    assert meaning(Outcome.BLOCKED + 44, found).blocked == "former"
