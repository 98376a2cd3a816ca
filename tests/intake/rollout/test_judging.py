"""What new lists would do to names asked, counted as one would count by hand; and what of it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.intake.guardrails.closed import EVERY, closed
from schoolguard.intake.guardrails.learning import Learning
from schoolguard.intake.rollout.judging import SHOWN, judged
from schoolguard.intake.rollout.report import ListCount, Preview
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

LEARNING = Learning(["hocmai.example"])
GAMBLING = BY_NAME["gambling"].mask


def stack(folder: Path, net: Sequence[str] = (), **lists: Sequence[str]) -> Stack:
    """Compile block lists (``category=names``) and a safety net."""
    sources = []
    for list_id, names in (("net", net), *lists.items()):
        path, kind = folder / list_id, Kind.NEVER_BLOCK if list_id == "net" else Kind.BLOCK
        path.write_text("".join(f"||{name}^\n" for name in names))
        bit = BY_NAME.get(list_id, BY_NAME["ads"]).bit
        source = ListSource(list_id, str(path), bit, kind, "adblock", Exceptions.OWN)
        sources.append(replace(source, max_shrink=None, max_growth=None))
    return Stack([Snapshot.open(compile_lists(sources, folder / "compiled").path)])


def test_counts_and_examples(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old = stack(tmp_path, ads=["ads.example", "old.example"])
    new = stack(
        tmp_path / "new",
        ["safe.example"],
        ads=["ads.example", "hocmai.example"],
        gambling=["hocmai.example", "bet.example", "safe.example"],
    )
    asked = [
        "hocmai.example",
        "www.bet.example",
        "old.example",
        "ads.example",
        "safe.example",
        "other.example",
    ]
    found = judged(old, new, asked, LEARNING)
    assert found.preview("a", "b") == Preview(
        "a", "b", 6, 2, 1, 1, (ListCount("gambling", 2, 1), ListCount("ads", 1, 1))
    )
    assert [(each.name, each.lists) for each in found.names] == [
        ("hocmai.example", ("ads", "gambling")),
        ("www.bet.example", ("gambling",)),
    ], "learning sites first"
    assert judged(old, new, asked, LEARNING, blocked=GAMBLING).preview("a", "b").blocked == 2
    assert judged(old, old, asked, LEARNING).preview("a", "a") == Preview("a", "a", 6, 0, 0, 0)


def test_only_some_names_are_kept_and_learning_sites_before_others(tmp_path: Path) -> None:
    names = [*(f"n{number}.example" for number in range(1000)), "zz-hoctap.example"]
    found = judged(Stack([]), stack(tmp_path, ads=names), names, LEARNING)
    assert (found.blocked, found.learning, len(found.names)) == (1001, 1, SHOWN)
    assert found.names[0].name == "zz-hoctap.example"


def test_no_member_of_a_preview_is_a_name() -> None:
    assert {field.name for field in fields(Preview)} == {
        *("state", "former", "asked", "blocked", "opened", "learning", "lists")
    }
    assert {field.name for field in fields(ListCount)} == {"list_id", "blocked", "learning"}


NAMES = st.lists(
    st.sampled_from(["a.example", "b.example", "www.a.example", "hoctap.example", "example", "c.test"]),
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, NAMES, NAMES, NAMES, st.sampled_from([EVERY, GAMBLING]))
def test_it_is_what_each_name_alone_comes_to(
    tmp_path: Path, old: list[str], ads: list[str], gambling: list[str], asked: list[str], blocked: int
) -> None:
    before = stack(tmp_path, ads=old)
    after = stack(tmp_path, ads=ads, gambling=gambling)
    found = judged(before, after, asked, LEARNING, blocked)
    verdicts = [
        (bool(closed(before.mask(key), blocked)), bool(closed(after.mask(key), blocked)))
        for key in map(search_key, asked)
    ]
    assert found.asked == len(asked)
    assert found.blocked == verdicts.count((False, True))
    assert found.opened == verdicts.count((True, False))
    assert found.learning <= found.blocked
    assert all(count <= found.blocked for count in found.by_list.values())
    assert sum(found.by_list.values()) >= found.blocked, "each is some list's"
