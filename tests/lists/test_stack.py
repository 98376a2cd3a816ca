"""Layers looked up together, and the overlay above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schoolguard.categories import NEVER_BLOCK, mask_of
from schoolguard.dns.names import search_key
from schoolguard.lists.model import Exceptions, Kind
from schoolguard.lists.stack import Stack

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

TAKEDOWN = mask_of(["takedown"])


def test_masks_of_all_layers_come_together(workshop: Workshop) -> None:
    workshop.write("province", "x.example")
    workshop.write("own", "www.x.example")
    stack = Stack(
        [workshop.snapshot(workshop.source("province")), workshop.snapshot(workshop.source("own", "games"))]
    )
    assert workshop.ask(stack, "x.example") == {"ads"}
    assert workshop.ask(stack, "www.x.example") == {"ads", "games"}
    assert [hit.list_id for hit in stack.hits(search_key("www.x.example"))] == ["province", "own"]
    assert workshop.ask(stack, "y.example") == set()


def test_an_exception_for_all_lists_reaches_the_other_layer(workshop: Workshop) -> None:
    workshop.write("province", "x.example")
    workshop.write("own", "||y.example^", "@@/^x[.]exa/")
    province = workshop.snapshot(workshop.source("province"))
    source = workshop.source("own", "games", format="adblock", exceptions=Exceptions.ALL)
    stack = Stack([province, workshop.snapshot(source)])
    assert workshop.ask(stack, "x.example") == set()
    assert [hit.lifted for hit in stack.hits(search_key("x.example"))] == [True, False]
    assert workshop.ask(stack, "www.x.example") == {"ads"}


def test_the_overlay_covers_what_is_below_and_is_lifted_by_nothing(workshop: Workshop) -> None:
    workshop.write("own", "||y.example^", "@@||x.example^")
    source = workshop.source("own", "games", format="adblock", exceptions=Exceptions.ALL)
    overlay = {search_key("x.example"): TAKEDOWN, search_key("y.example"): NEVER_BLOCK}
    stack = Stack([workshop.snapshot(source)], overlay)
    overlay.clear()
    assert workshop.ask(stack, "x.example") == workshop.ask(stack, "a.b.x.example") == {"takedown"}
    assert workshop.ask(stack, "ax.example") == workshop.ask(stack, "example") == set()
    assert workshop.ask(stack, "y.example") == {"games", "never-block"}
    last = stack.hits(search_key("a.y.example"))[-1]
    assert (last.name, last.list_id, last.kind) == ("y.example", "overlay", Kind.NEVER_BLOCK)


def test_an_empty_stack_knows_no_name() -> None:
    assert Stack([]).mask("example.x.") == 0
    assert Stack([]).hits("example.x.") == ()
