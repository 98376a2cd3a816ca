"""Delta layers among other layers: the school's own lists, orders in the overlay, and layers opened once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schoolguard.categories import mask_of
from schoolguard.dns.names import search_key
from schoolguard.lists.delta import delta
from schoolguard.lists.delta_listed import Listed
from schoolguard.lists.model import Entry, Exceptions, Flag
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

TAKEDOWN = mask_of(["takedown"])


@pytest.fixture
def layers(workshop: Workshop, tmp_path: Path) -> tuple[Snapshot, Snapshot, Snapshot]:
    """The province's base, a delta that takes x.example away and adds z.example, the school's own list."""
    workshop.write("province", "||x.example^", "||y.example^", "/^tracker[0-9]/")
    workshop.write("own", "||x.example^", "@@||y.example^")
    source = workshop.source("province", format="adblock")
    base = workshop.snapshot(source)
    workshop.write("province", "||y.example^", "||z.example^$important", "/^spy[0-9]/")
    layer = delta(base, workshop.snapshot(source), tmp_path / "layer")
    own = workshop.source("own", "games", format="adblock", exceptions=Exceptions.ALL)
    return base, Snapshot.open(layer.path), workshop.snapshot(own)


def test_a_tombstone_takes_nothing_from_another_layer(
    workshop: Workshop, layers: tuple[Snapshot, Snapshot, Snapshot]
) -> None:
    base, layer, own = layers
    assert workshop.ask(Stack([base, own]), "x.example") == {"ads", "games"}
    for stack in (Stack([base, layer, own]), Stack([own, base, layer])):
        assert workshop.ask(stack, "x.example") == {"games"}
        assert workshop.ask(stack, "y.example") == set()
        assert workshop.ask(stack, "www.z.example") == {"ads"}
        assert workshop.ask(stack, "spy1.example") == {"ads"}
        assert workshop.ask(stack, "tracker1.example") == set()


def test_an_order_is_lifted_by_no_tombstone_and_no_exception(
    workshop: Workshop, layers: tuple[Snapshot, Snapshot, Snapshot]
) -> None:
    base, layer, own = layers
    orders = {search_key("x.example"): TAKEDOWN, search_key("www.y.example"): TAKEDOWN}
    stack = Stack([base, layer], orders)
    assert workshop.ask(stack, "a.x.example") == {"takedown"}
    assert workshop.ask(Stack([base, layer, own], orders), "www.y.example") == {"takedown"}
    assert [hit.list_id for hit in stack.hits(search_key("x.example"))] == ["overlay"]


def test_the_overlay_changes_without_a_layer_being_opened(
    workshop: Workshop, layers: tuple[Snapshot, Snapshot, Snapshot]
) -> None:
    before = Stack(layers)
    for snapshot in layers:
        snapshot.path.unlink()
    after = before.with_overlay({search_key("bad.example"): TAKEDOWN})
    assert after.layers is before.layers
    assert workshop.ask(after, "bad.example") == {"takedown"}
    assert workshop.ask(before, "bad.example") == set()
    assert workshop.ask(after.with_overlay({}), "bad.example") == set()
    assert workshop.ask(after, "www.z.example") == workshop.ask(before, "www.z.example") == {"ads"}


def test_an_order_on_one_label_covers_everything_below(workshop: Workshop) -> None:
    stack = Stack([], {"example.": TAKEDOWN, search_key("x.y.test"): TAKEDOWN})
    assert [workshop.ask(stack, name) for name in ("a.b.example", "x.y.test")] == [{"takedown"}] * 2
    assert [workshop.ask(stack, name) for name in ("y.test", "test", "x.test")] == [set()] * 3


def test_what_a_former_stack_has_open_is_not_opened_again(
    workshop: Workshop, layers: tuple[Snapshot, Snapshot, Snapshot]
) -> None:
    base, layer, own = layers
    former = Stack.open([base.path, own.path]).with_overlay({"example.bad.": TAKEDOWN})
    base.path.unlink()
    stack = Stack.open([base.path, layer.path, own.path], former)
    assert stack.snapshots[0] is former.snapshots[0]
    assert stack.snapshots[2] is former.snapshots[1]
    assert workshop.ask(stack, "x.example") == {"games"}
    assert workshop.ask(stack, "bad.example") == {"takedown"}


def test_the_lists_of_a_chain_are_those_of_its_newest_layer(
    layers: tuple[Snapshot, Snapshot, Snapshot],
) -> None:
    base, layer, _ = layers
    (chain,) = Stack([base, layer]).layers
    assert [row.entries for row in chain.sources] == [3]
    assert (chain.names, chain.digest, chain.path) == (2, layer.digest, layer.path)
    assert chain.state != base.state


def test_which_entries_one_list_has(layers: tuple[Snapshot, Snapshot, Snapshot]) -> None:
    listed = Listed(Stack(layers), "province")
    assert [search_key(f"{name}.example") in listed for name in "xyzw"] == [False, True, True, False]
    assert listed.has(Entry("z.example", Flag.IMPORTANT, 1))
    assert not listed.has(Entry("z.example", Flag.SUBTREE, 1))
    assert listed.has(Entry("(?i)^spy[0-9]", Flag.SUBTREE, 1, pattern=True))
    assert not listed.has(Entry("(?i)^tracker[0-9]", Flag.SUBTREE, 1, pattern=True))
    assert listed.row is not None
    assert Listed(Stack(layers), "nobody").row is None
    assert search_key("x.example") in Listed(Stack(layers), "own")
