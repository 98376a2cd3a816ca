"""Compiled lists against a naive reading of the same entries, on random small lists."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Entry, Exceptions, Flag, Kind, ListSource, Report
from schoolguard.lists.patterns import matches
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

LABELS = st.sampled_from(["a", "b", "c", "1"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "vn"]))
SHAPES = st.sampled_from(
    [
        *["||{}^", "||{}^", "|{}^", "||*.{}^", "@@||{}^", "||{}^$important", "@@||{}^$important"],
        *["||{}^$dnstype=A", "||{}^$dnstype=~A", "@@||{}^$dnstype=AAAA", "||{}^$denyallow=b.{}", "/^{}$/"],
    ]
)
LINES = st.lists(st.builds(lambda shape, name: shape.format(name, name), SHAPES, NAMES), max_size=8)
LISTS = st.lists(
    st.tuples(
        LINES, st.sampled_from([0, 1, 2, 3]), st.sampled_from(list(Kind)), st.sampled_from(list(Exceptions))
    ),
    min_size=1,
    max_size=4,
)
ASKED = [
    ".".join(reversed(("vn", *rest))) for rest in [("a",), ("b", "a"), ("a", "a", "b"), ("1", "c"), ("c",)]
]
ASKED += ["a.b.vn", "b.a.vn", "c.b.a.vn", "b.b.a.vn", "x.a.vn", "vn"]
Listed = Sequence[tuple[ListSource, Sequence[Entry]]]


@settings(max_examples=40, deadline=None)
@given(LISTS)
def test_the_snapshot_says_what_a_naive_reading_says(
    lists: list[tuple[list[str], int, Kind, Exceptions]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [_write(folder, number, *one) for number, one in enumerate(lists)]
        listed = [(source, _entries(source)) for source in sources]
        snapshot = Snapshot.open(compile_lists(sources, folder / "together").path)
        layers = [Snapshot.open(compile_lists([s], folder / s.id).path) for s in sources]
        stack = Stack(layers)
        for asked in ASKED:
            for qtype in (0, 1, 28):
                expected = naive(listed, asked, qtype)
                assert snapshot.mask(search_key(asked), qtype) == expected
                assert stack.mask(search_key(asked), qtype) == expected
                hits = snapshot.hits(search_key(asked), qtype)
                assert reduce(or_, (hit.mask for hit in hits if not hit.lifted), 0) == expected


def naive(listed: Listed, name: str, qtype: int) -> int:
    """Return the mask of a name by looking at every entry of every list."""
    live = [(s, e) for s, entries in listed for e in entries if _covers(e, name, qtype) and not _is_off(s, e)]
    mask = 0
    for source, entry in live:
        lifted = any(_lifts(s, e, source, entry) for s, e in live if e.flags & Flag.EXCEPTION)
        if not entry.flags & Flag.EXCEPTION and not lifted:
            mask |= _mask(source)
    return mask


def _covers(entry: Entry, name: str, qtype: int) -> bool:
    if entry.types:
        wanted = [t for t in entry.types if t > 0]
        if qtype == 0 or -qtype in entry.types or (wanted and qtype not in wanted):
            return False
    if entry.pattern:
        return matches(entry.name, name)
    if name == entry.name:
        return not entry.flags & Flag.BELOW
    return name.endswith("." + entry.name) and not entry.flags & Flag.EXACT


def _is_off(source: ListSource, entry: Entry) -> bool:
    exception = entry.flags & Flag.EXCEPTION and not entry.flags & Flag.CARVED
    return bool(exception) and source.exceptions is Exceptions.OFF


def _lifts(by: ListSource, exception: Entry, source: ListSource, entry: Entry) -> bool:
    if entry.flags & Flag.IMPORTANT and not exception.flags & Flag.IMPORTANT:
        return False
    if exception.flags & Flag.CARVED or by.exceptions is Exceptions.OWN:
        return by.id == source.id
    return source.kind is Kind.BLOCK and not _mask(source) & SEALED


def _mask(source: ListSource) -> int:
    return {Kind.BLOCK: 1 << source.bit, Kind.ALLOW: ALLOWED, Kind.NEVER_BLOCK: NEVER_BLOCK}[source.kind]


def _write(
    folder: Path, number: int, lines: list[str], bit: int, kind: Kind, exceptions: Exceptions
) -> ListSource:
    path = folder / f"list-{number}"
    path.write_text("".join(line + "\n" for line in lines))
    return ListSource(f"l{number}", str(path), bit, kind, "adblock", exceptions)


def _entries(source: ListSource) -> list[Entry]:
    try:
        return list(read(source, Report(source.id, source.format)))
    except ListRefused:
        return []
