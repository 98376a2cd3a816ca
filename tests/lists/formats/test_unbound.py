"""unbound zones: which types block, which let through, which are neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolguard.lists.model import Entry, Flag, Report

Take = Callable[..., tuple[list[Entry], Report]]

BLOCKS = """
always_null always_nxdomain always_nodata always_refuse always_deny refuse static deny redirect inform_deny
inform_redirect
"""


@pytest.mark.parametrize("kind", BLOCKS.split())
@pytest.mark.parametrize("spelled", ['"x.example."', '"x.example"', "x.example.", "'X.Example'"])
def test_a_zone_blocks(take: Take, kind: str, spelled: str) -> None:
    entries, report = take(f"server:\n  local-zone: {spelled} {kind} # note\n", "unbound")
    assert entries == [Entry("x.example", Flag.SUBTREE, 2)]
    assert not report.refused


@pytest.mark.parametrize("kind", ["transparent", "typetransparent", "always_transparent"])
def test_a_zone_lets_through(take: Take, kind: str) -> None:
    entries, _ = take(f'local-zone: "x.example." {kind}\n', "unbound")
    assert entries == [Entry("x.example", Flag.EXCEPTION, 1)]


def test_block_a_blocks_one_type(take: Take) -> None:
    entries, _ = take('local-zone: "x.example." block_a\n', "unbound")
    assert entries == [Entry("x.example", Flag.SUBTREE, 1, (1,))]


REFUSED = [
    ('local-zone: "x.example." nodefault', "zone-type"),
    ('local-zone: "x.example." inform', "zone-type"),
    ('local-data: "x.example. A 127.0.0.1"', "local-data"),
    ('local-data-ptr: "1.2.3.4 x.example"', "local-data"),
    ("do-ip6: no", "option"),
    ('local-zone: "org." always_null', "top-level"),
    ('local-zone: "." always_null', "empty"),
    ("local-zone: x.example", "option"),
    ("prose", "unknown-line"),
]


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_a_line_is_refused(take: Take, line: str, reason: str) -> None:
    entries, report = take(f'local-zone: "y.example" static\n{line}\n', "unbound")
    assert [e.name for e in entries] == ["y.example"]
    assert report.refused == {reason: 1}


def test_zones_of_a_view_hold_for_some_clients_only(take: Take) -> None:
    text = 'view:\n name: "x"\nlocal-zone: "x.example" static\nserver:\n local-zone: "y.example" static\n'
    entries, report = take(text, "unbound")
    assert [e.name for e in entries] == ["y.example"]
    assert report.refused == {"clause": 2}


def test_answers_from_local_data_are_counted(take: Take) -> None:
    _, report = take('local-zone: "x.example" redirect\nlocal-zone: "y.example" static\n', "unbound")
    assert report.approximated == {"local-data": 1}
