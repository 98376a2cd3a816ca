"""Every list and line that names a name, with the line as it is written."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING

from schoolguard.lists.archive import Archive
from schoolguard.lists.find import Covers, Line, find_lines, in_force
from schoolguard.lists.model import ListSource

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop


def _found(sources: list[ListSource], name: str) -> tuple[list[Line], list[tuple[str, str]]]:
    refused: list[tuple[str, str]] = []
    lines = list(find_lines(sources, name, lambda source, error: refused.append((source.id, error.reason))))
    return lines, refused


def test_exact_parent_pattern_and_below(workshop: Workshop) -> None:
    workshop.write("hosts", "# note", "0.0.0.0 a.example www.x.example  # both", "0.0.0.0 x.example")
    workshop.write(
        "rules",
        "||x.example^",
        "@@||x.example^$important",
        "|x.example^",
        "||*.www.x.example^",
        "/^www\\.x\\./",
    )
    sources = [workshop.source("hosts"), workshop.source("rules", format="adblock")]
    lines, refused = _found(sources, "www.x.example")
    assert refused == []
    assert [(line.list_id, line.line, line.covers) for line in lines] == [
        ("hosts", 2, Covers.EXACT),
        ("hosts", 3, Covers.PARENT),
        ("rules", 1, Covers.PARENT),
        ("rules", 2, Covers.PARENT),
        ("rules", 4, Covers.BELOW),
        ("rules", 5, Covers.PATTERN),
    ]
    assert lines[0].text == "0.0.0.0 a.example www.x.example  # both"
    assert lines[0].path == str(workshop.lists / "hosts")
    assert _found(sources, "axx.example") == ([], [])


def test_a_refused_list_is_told_and_the_others_are_read(workshop: Workshop) -> None:
    workshop.write("page", "<html>", "x.example")
    workshop.write("good", "x.example")
    lines, refused = _found(
        [workshop.source("gone"), workshop.source("page"), workshop.source("good")], "x.example"
    )
    assert [line.list_id for line in lines] == ["good"]
    assert refused == [("gone", "unreadable"), ("page", "html")]


def test_the_last_good_copy_is_searched_while_the_list_is_refused(workshop: Workshop) -> None:
    workshop.write("a", "x.example")
    source = workshop.source("a")
    workshop.compile(source)
    assert in_force([source], Archive(workshop.archive)) == [source]
    workshop.write("a")
    workshop.compile(source, now=3)
    sources = in_force([source], Archive(workshop.archive))
    lines, refused = _found(sources, "www.x.example")
    assert [(line.covers, line.text) for line in lines] == [(Covers.PARENT, "x.example")]
    assert refused == []


def test_lines_are_printable_whatever_the_list_holds(workshop: Workshop) -> None:
    path = workshop.lists / "odd.xz"
    path.write_bytes(lzma.compress(b"\xef\xbb\xbfa.example\r\nx.example # \x1b[31m th\xc3\xb4\r\n"))
    lines, _ = _found([workshop.source("odd.xz")], "x.example")
    assert [(line.line, line.text) for line in lines] == [(2, "x.example # \ufffd[31m thô")]
