"""Delta layers as files: what they hold, where they are refused, and that a whole snapshot is as before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.delta import ChainBroken, DeltaTooLarge, compact, delta
from schoolguard.lists.delta_build import Heading, write_layer
from schoolguard.lists.delta_row import DeltaRow
from schoolguard.lists.layout import DELTA, VERSION, SnapshotBroken, open_mapped
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

ADS = BY_NAME["ads"].mask


def day(workshop: Workshop, **lists: list[str]) -> Snapshot:
    """Compile lists of this content; the category of each is ads."""
    for list_id, lines in lists.items():
        workshop.write(list_id, *lines)
    return workshop.snapshot(*(workshop.source(list_id) for list_id in lists))


def test_only_what_changed_is_in_it_each_name_with_all_its_entries(
    workshop: Workshop, tmp_path: Path
) -> None:
    same = [f"site{number}.example" for number in range(50)]
    old = day(workshop, a=[*same, "both.example", "gone.example"], b=["both.example", "b.example"])
    new = day(workshop, a=[*same, "new.example"], b=["both.example", "b.example"])
    written = delta(old, new, tmp_path / "layer")
    layer = Snapshot.open(written.path)
    listed = {key: len(layer.combination(number)) for key, number in layer.items()}
    assert listed == {"example.both.": 1, "example.gone.": 0, "example.new.": 1}
    assert (written.listed, written.tombstones, written.digest) == (3, 1, layer.digest)
    stack = Stack([old, layer])
    assert [hit.list_id for hit in stack.hits("example.both.")] == ["b"]
    assert [stack.mask(search_key(name)) for name in ("www.gone.example", "a.new.example")] == [0, ADS]


def test_the_same_snapshots_give_the_same_bytes(workshop: Workshop, tmp_path: Path) -> None:
    old, new = day(workshop, a=["x.example", "y.example"]), day(workshop, a=["y.example", "z.example"])
    one, two = delta(old, new, tmp_path / "one"), delta(old, new, tmp_path / "two")
    assert one.digest == two.digest
    assert one.path.read_bytes() == two.path.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("one*")) == ["one"]


def test_an_empty_delta_and_a_list_that_moves_cost_no_entry(workshop: Workshop, tmp_path: Path) -> None:
    workshop.write("a", "x.example", "/^ads[.]/")
    workshop.write("b", "x.example", "y.example")
    a = workshop.source("a", format="adblock")
    old = workshop.snapshot(a, workshop.source("b"))
    moved = workshop.snapshot(a, workshop.source("b", "games"))
    alone = workshop.snapshot(a)
    for number, (new, names) in enumerate([(old, {"ads"}), (moved, {"games"}), (alone, set())]):
        written = delta(old, new, tmp_path / str(number))
        stack = Stack([old, Snapshot.open(written.path)])
        assert (written.listed, workshop.ask(stack, "y.example")) == (0, names)
        assert workshop.ask(stack, "ads.example") == {"ads"}
        assert open_mapped(written.path).main["patterns"] is None


def test_a_list_that_goes_and_comes_back_has_only_its_new_entries(workshop: Workshop, tmp_path: Path) -> None:
    first = day(workshop, a=["a.example"], b=["old.example", "kept.example"])
    second = day(workshop, a=["a.example"])
    third = day(workshop, a=["a.example"], b=["kept.example"])
    layers = [first]
    for number, (old, new) in enumerate([(first, second), (second, third)]):
        layers.append(Snapshot.open(delta(old, new, tmp_path / str(number)).path))
    joined = Snapshot.open(compact(layers[1:], tmp_path / "joined").path)
    for stack in (Stack(layers), Stack([first, joined])):
        assert workshop.ask(stack, "old.example") == set()
        assert workshop.ask(stack, "kept.example") == {"ads"}
    assert joined.delta == DeltaRow(first.state, ("b",))


def test_a_compacted_base_is_followed_like_the_snapshot_that_it_stands_for(
    workshop: Workshop, tmp_path: Path
) -> None:
    first, second = day(workshop, a=["a.example"]), day(workshop, a=["b.example"])
    third = day(workshop, a=["b.example", "c.example"])
    layer = Snapshot.open(delta(first, second, tmp_path / "layer").path)
    base = Snapshot.open(compact([first, layer], tmp_path / "base").path)
    assert (base.state, base.names, base.delta) == (second.digest, 1, None)
    stack = Stack([base, Snapshot.open(delta(second, third, tmp_path / "next").path)])
    assert [workshop.ask(stack, f"{name}.example") for name in "abc"] == [set(), {"ads"}, {"ads"}]
    assert delta(base, third, tmp_path / "same").digest == delta(second, third, tmp_path / "next").digest


def test_layers_out_of_place_are_refused(workshop: Workshop, tmp_path: Path) -> None:
    first, second, third = (day(workshop, a=[f"{name}.example"]) for name in "abc")
    one = Snapshot.open(delta(first, second, tmp_path / "one").path)
    two = Snapshot.open(delta(second, third, tmp_path / "two").path)
    for layers in ([one], [first, two], [first, two, one], [second, one], [first, one, one]):
        with pytest.raises(ChainBroken, match=r"delta layer|does not follow"):
            Stack(layers)
    with pytest.raises(ChainBroken):
        delta(first, one, tmp_path / "never")
    with pytest.raises(ChainBroken):
        compact([second, one], tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_layers_that_do_not_add_up_are_not_laid_together(workshop: Workshop, tmp_path: Path) -> None:
    first, second = day(workshop, a=["a.example", "b.example"]), day(workshop, a=["c.example"])
    heading = Heading(second, None, DeltaRow(first.state))
    short = write_layer([("example.c.", (0,))], heading, tmp_path / "short")
    with pytest.raises(ChainBroken, match="hold 3 names together and not 1"):
        compact([first, Snapshot.open(short.path)], tmp_path / "never")
    assert [path.name for path in tmp_path.glob("never*")] == []


def test_too_many_changes_are_refused(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schoolguard.lists.delta_build.MAX_CHANGES", 2)
    old, new = day(workshop, a=["a.example"]), day(workshop, a=["b.example", "c.example"])
    with pytest.raises(DeltaTooLarge):
        delta(old, new, tmp_path / "layer")
    assert not list(tmp_path.glob("layer*"))


def test_a_delta_is_another_version_and_is_never_taken_over_as_a_whole(
    workshop: Workshop, tmp_path: Path
) -> None:
    old, new = day(workshop, a=["a.example"]), day(workshop, a=["b.example"])
    layer = delta(old, new, tmp_path / "layer").path
    assert [open_mapped(path).version for path in (old.path, layer)] == [VERSION, DELTA]
    assert old.path.read_bytes()[15] == 1
    outcome = compile_lists([workshop.source("a")], workshop.target, layer)
    assert (outcome.digest, outcome.changed) == (new.digest, True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_byte_in_a_delta_is_noticed_or_has_no_meaning(
    workshop: Workshop, tmp_path: Path, data: st.DataObject
) -> None:
    if not (tmp_path / "layer").exists():
        old, new = day(workshop, a=["a.example"]), day(workshop, a=["b.example"])
        delta(old, new, tmp_path / "layer")
    content = bytearray((tmp_path / "layer").read_bytes())
    # Most of the file is the filter: half of the draws go to what follows it.
    at = data.draw(st.integers(0, len(content) - 1) | st.integers(len(content) - 2_000, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "flipped").write_bytes(content)
    if (tmp_path / "layer").read_bytes()[at] == 0 and _opens(tmp_path / "flipped"):
        return  # the padding between sections is not covered by a checksum
    with pytest.raises(SnapshotBroken, match="flipped"):
        Snapshot.open(tmp_path / "flipped")


def _opens(path: Path) -> bool:
    try:
        Snapshot.open(path)
    except SnapshotBroken:
        return False
    return True


def test_a_name_of_one_label_in_a_delta_reaches_everything_below(workshop: Workshop, tmp_path: Path) -> None:
    workshop.write("a", "||a.xxx^")
    workshop.write("b", "||xxx^")
    a, b = (workshop.source(list_id, format="adblock") for list_id in "ab")
    narrow, wide = workshop.snapshot(a), workshop.snapshot(a, b)
    assert workshop.ask(wide, "x.xxx") == {"ads"}
    there, back = delta(narrow, wide, tmp_path / "there"), delta(wide, narrow, tmp_path / "back")
    assert workshop.ask(Stack([narrow, Snapshot.open(there.path)]), "x.y.xxx") == {"ads"}
    stack = Stack([narrow, Snapshot.open(there.path), Snapshot.open(back.path)])
    assert [workshop.ask(stack, f"{name}.xxx") for name in "xa"] == [set(), {"ads"}]
