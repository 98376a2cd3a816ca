"""What entries of every kind do to a name, its parents and its children: the table of ``rules``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schoolguard.dns.names import search_key
from schoolguard.lists.model import Exceptions, Flag, Kind

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop

A, AAAA, HTTPS = 1, 28, 65
OFF, OWN, ALL = Exceptions.OFF, Exceptions.OWN, Exceptions.ALL


@pytest.mark.parametrize(
    ("line", "name", "covered"),
    [
        ("||bet.example^", "bet.example", True),
        ("||bet.example^", "www.bet.example", True),
        ("||bet.example^", "a.b.c.bet.example", True),
        ("||bet.example^", "example", False),
        ("||bet.example^", "alphabet.example", False),
        ("||bet.example^", "bet.example.org", False),
        ("|bet.example^", "bet.example", True),
        ("|bet.example^", "www.bet.example", False),
        ("||*.bet.example^", "www.bet.example", True),
        ("||*.bet.example^", "bet.example", False),
        ("||xn--cc-xlr.example^", "xn--cc-xlr.example", True),
        ("/^bet[0-9]+\\./", "bet88.example", True),
        ("/^bet[0-9]+\\./", "www.bet88.example", False),
        ("/^BET[0-9]+\\./", "bet88.example", True),
    ],
)
def test_which_names_an_entry_covers(workshop: Workshop, line: str, name: str, covered: bool) -> None:
    workshop.write("list", "||other.example^", line)
    snapshot = workshop.snapshot(workshop.source("list", "gambling", format="adblock"))
    assert workshop.ask(snapshot, name) == ({"gambling"} if covered else set())


@pytest.mark.parametrize(
    ("reach", "lines", "blocked"),
    [
        (OFF, ["||x.example^", "@@||x.example^"], {"ads", "gambling"}),
        (OWN, ["||x.example^", "@@||x.example^"], {"gambling"}),
        (ALL, ["||x.example^", "@@||x.example^"], set()),
        (OWN, ["||www.x.example^", "@@||x.example^"], {"gambling"}),
        (OWN, ["||x.example^", "@@||www.x.example^"], {"gambling"}),
        (OWN, ["||x.example^", "@@||a.www.x.example^"], {"ads", "gambling"}),
        (OWN, ["||x.example^$important", "@@||x.example^"], {"ads", "gambling"}),
        (ALL, ["||x.example^$important", "@@||x.example^"], {"ads"}),
        (OWN, ["||x.example^$important", "@@||x.example^$important"], {"gambling"}),
        (OWN, ["||x.example^", "@@/^www\\.x\\./"], {"gambling"}),
        (OFF, ["||x.example^$denyallow=www.x.example"], {"gambling"}),
        (ALL, ["||x.example^$denyallow=www.x.example"], {"gambling"}),
    ],
)
def test_how_far_an_exception_reaches(
    workshop: Workshop, reach: Exceptions, lines: list[str], blocked: set[str]
) -> None:
    workshop.write("ads", *lines)
    workshop.write("bets", "x.example")
    snapshot = workshop.snapshot(
        workshop.source("ads", "ads", format="adblock", exceptions=reach), workshop.source("bets", "gambling")
    )
    assert workshop.ask(snapshot, "www.x.example") == blocked


def test_exceptions_never_lift_sealed_categories_of_another_list_nor_other_kinds(workshop: Workshop) -> None:
    workshop.write("lifts", "||other.example^", "@@||x.example^")
    for list_id in ("orders", "allows", "net"):
        workshop.write(list_id, "x.example")
    snapshot = workshop.snapshot(
        workshop.source("lifts", format="adblock", exceptions=ALL),
        workshop.source("orders", "takedown"),
        workshop.source("allows", kind=Kind.ALLOW),
        workshop.source("net", kind=Kind.NEVER_BLOCK),
    )
    assert workshop.ask(snapshot, "x.example") == {"takedown", "allowed", "never-block"}


def test_masks_of_all_listed_parents_come_together(workshop: Workshop) -> None:
    workshop.write("games", "x.example")
    workshop.write("ads", "ads.x.example")
    workshop.write("net", "x.example")
    snapshot = workshop.snapshot(
        workshop.source("games", "games"),
        workshop.source("ads"),
        workshop.source("net", kind=Kind.NEVER_BLOCK),
    )
    assert workshop.ask(snapshot, "x.example") == {"games", "never-block"}
    assert workshop.ask(snapshot, "a.ads.x.example") == {"games", "ads", "never-block"}
    assert snapshot.names == 2


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("$dnstype=AAAA", {AAAA}),
        ("$dnstype=AAAA|HTTPS", {AAAA, HTTPS}),
        ("$dnstype=~AAAA", {A, HTTPS}),
    ],
)
def test_conditions_on_the_query_type(workshop: Workshop, condition: str, met: set[int]) -> None:
    workshop.write("list", f"||x.example^{condition}", f"/^y[0-9]\\./{condition}")
    snapshot = workshop.snapshot(workshop.source("list", format="adblock"))
    for name in ("www.x.example", "y1.example"):
        found = {qtype for qtype in (0, A, AAAA, HTTPS) if workshop.ask(snapshot, name, qtype)}
        assert found == met


def test_an_exception_for_one_type_lifts_only_that_type(workshop: Workshop) -> None:
    workshop.write("list", "||x.example^", "@@||x.example^$dnstype=A")
    snapshot = workshop.snapshot(workshop.source("list", format="adblock", exceptions=OWN))
    assert workshop.ask(snapshot, "x.example", A) == set()
    assert workshop.ask(snapshot, "x.example", AAAA) == {"ads"}


def test_hits_tell_what_was_lifted_and_by_which_list(workshop: Workshop) -> None:
    workshop.write("ads", "||x.example^", "@@||www.x.example^", "/^www\\.x\\./$important")
    workshop.write("bets", "x.example")
    snapshot = workshop.snapshot(
        workshop.source("ads", format="adblock", exceptions=OWN), workshop.source("bets", "gambling")
    )
    hits = snapshot.hits(search_key("www.x.example"))
    told = {(hit.name, hit.list_id, hit.flags, hit.lifted, hit.pattern) for hit in hits}
    assert told == {
        ("x.example", "ads", Flag.SUBTREE, True, False),
        ("x.example", "bets", Flag.SUBTREE, False, False),
        ("www.x.example", "ads", Flag.EXCEPTION, False, False),
        ("(?i)^www\\.x\\.", "ads", Flag.IMPORTANT, False, True),
    }
    assert {hit.list_id for hit in hits if hit.mask == 1 << 3} == {"bets"}


def test_odd_keys_are_looked_up_like_any_other(workshop: Workshop) -> None:
    workshop.write("list", "x.example")
    snapshot = workshop.snapshot(workshop.source("list"))
    assert snapshot.mask("") == 0
    assert snapshot.mask("example.") == 0
    assert snapshot.mask("example.x.\\001\\.www.") == 1 << 20
    assert snapshot.mask("example.\\255.x.") == 0
