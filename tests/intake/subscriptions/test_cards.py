"""Report cards: the counts are those of the sets, whatever the lists hold; what cannot be read is said."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.subscriptions.cards import cards
from schoolguard.lists.model import ListSource

NAMES = st.frozensets(st.sampled_from([f"n{number}.example" for number in range(30)]), min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_cards_count_what_sets_do(lists: list[frozenset[str]]) -> None:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = []
        for number, names in enumerate(lists):
            path = folder / f"{number}.txt"
            path.write_text("".join(f"{name}\n" for name in sorted(names)) * 2 + "@@||lifted.example^\n")
            sources.append(ListSource(str(number), str(path), 0, format="adblock"))
        found = cards(sources, folder)
    for number, (card, names) in enumerate(zip(found, lists, strict=True)):
        others = [each for other, each in enumerate(lists) if other != number]
        assert card.entries == len(names)
        assert card.unique == len(names.difference(*others))
        assert [count for _, count in card.overlaps] == sorted(
            (len(names & each) for each in others if names & each), reverse=True
        )[:3]


def test_a_list_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "good").write_text("a.example\n")
    (tmp_path / "page").write_text("<!DOCTYPE html><html></html>\n")
    good, page = cards([ListSource(each, str(tmp_path / each), 0) for each in ("good", "page")], tmp_path)
    assert (good.entries, good.unique, good.refused) == (1, 1, "")
    assert (page.entries, page.share_unique) == (0, 0.0)
    assert "HTML" in page.refused
