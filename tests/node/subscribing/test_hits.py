"""Which lists catch the names that were asked, over a gateway's own snapshot and the publisher's."""

from __future__ import annotations

from pathlib import Path

from schoolguard.categories import BY_NAME
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.subscribed_hits import hits_of

GAMES = BY_NAME["games"].bit


def stack(folder: Path, **lists: list[str]) -> Stack:
    folder.mkdir()
    sources = []
    for list_id, lines in lists.items():
        path = folder / list_id
        path.write_text("".join(f"{line}\n" for line in lines))
        kind, exceptions = (Kind.ALLOW if list_id == "open" else Kind.BLOCK), Exceptions.OWN
        sources.append(ListSource(list_id, str(path), GAMES, kind, "adblock", exceptions))
    return Stack([Snapshot.open(compile_lists(tuple(sources), folder / "compiled", None, now=0).path)])


def test_a_name_counts_for_each_list_and_alone_for_one_that_nobody_else_has(tmp_path: Path) -> None:
    own = stack(
        tmp_path / "own",
        a=["||one.example^", "||both.example^", "||lifted.example^", "@@||lifted.example^"],
        b=["||both.example^"],
        open=["||one.example^"],
    )
    province = stack(
        tmp_path / "province", a=["||everywhere.example^", "||both.example^"], c=["||x.example^"]
    )
    asked = ("www.one.example", "both.example", "lifted.example", "everywhere.example", "free.example")
    found = hits_of(own, province, asked)
    assert found.names == 5
    assert found.own.caught == {"a": 2, "b": 1, "open": 1}
    assert {key for key, count in found.own.alone.items() if count} == {"a", "open"}, "of its kind"
    assert found.own.alone["a"] == 1
    assert found.province.caught == {"a": 2}, "another list than the own one of that name"
    assert found.province.alone["a"] == 1
