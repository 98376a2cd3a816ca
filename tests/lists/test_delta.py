"""A base and its delta layers against a compile of the whole, on random lists that change day by day."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.delta import compact, delta
from schoolguard.lists.delta_chain import Chain
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

LABELS = st.sampled_from(["a", "b", "c"])
NAMES = st.lists(LABELS, min_size=0, max_size=2).map(lambda labels: ".".join([*labels, "xxx"]))
SHAPES = st.sampled_from(
    [
        *["||{}^"] * 4,
        *["|{}^", "||*.{}^", "@@||{}^", "||{}^$important", "@@||{}^$important", "||{}^$dnstype=A"],
        *["@@||{}^$dnstype=~A", "||{}^$denyallow=b.{}", "/^{}$/", "@@/^{}$/"],
    ]
)
LINES = st.lists(st.builds(lambda shape, name: shape.format(name, name), SHAPES, NAMES), max_size=8)
Day = list[tuple[str, list[str], int, Kind, Exceptions]]


@st.composite
def _days(draw: st.DrawFn) -> list[Day]:
    # Few contents, taken again and again, so that lists keep their lines while their settings change.
    contents = st.sampled_from(draw(st.lists(LINES, min_size=1, max_size=3)))
    one = st.tuples(
        st.sampled_from("wxyz"),
        contents,
        st.sampled_from([0, 2, 20]),
        st.sampled_from(list(Kind)),
        st.sampled_from(list(Exceptions)),
    )
    day = st.lists(one, min_size=1, max_size=3, unique_by=lambda found: found[0])
    return draw(st.lists(day, min_size=2, max_size=4))


ASKED = [
    "xxx",
    "a.xxx",
    "b.xxx",
    "c.xxx",
    "a.b.xxx",
    "b.a.xxx",
    "a.a.xxx",
    "c.b.xxx",
    "x.a.xxx",
    "x.b.a.xxx",
    "x.c.b.xxx",
]


@settings(max_examples=30, deadline=None)
@given(_days())
def test_a_base_and_its_deltas_say_what_the_whole_says(days: list[Day]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wholes = [_compiled(folder / str(number), day) for number, day in enumerate(days)]
        layers = [wholes[0]]
        for number, (old, new) in enumerate(pairwise(wholes)):
            layers.append(Snapshot.open(delta(old, new, folder / f"{number}.layer").path))
            assert_same(Chain(layers), new)
        assert_same(Stack(layers), wholes[-1])
        joined = Snapshot.open(compact(layers[1:], folder / "joined").path)
        assert_same(Chain([layers[0], joined]), wholes[-1])
        base = compact(layers, folder / "base")
        assert base.digest == compact([wholes[-1]], folder / "same").digest
        assert base.path.read_bytes() == (folder / "same").read_bytes()
        assert_same(Snapshot.open(base.path), wholes[-1])


def assert_same(found: Snapshot | Chain | Stack, whole: Snapshot) -> None:
    """Compare masks, hits, their order, and the rows of the lists."""
    for asked in ASKED:
        key = search_key(asked)
        for qtype in (0, 1, 28):
            assert found.mask(key, qtype) == whole.mask(key, qtype)
            assert found.hits(key, qtype) == whole.hits(key, qtype)
    if not isinstance(found, Stack):
        assert (found.sources, found.names, found.state) == (whole.sources, whole.names, whole.state)


def _compiled(folder: Path, day: Day) -> Snapshot:
    folder.mkdir()
    sources = []
    for list_id, lines, bit, kind, exceptions in day:
        path = folder / list_id
        path.write_text("".join(line + "\n" for line in lines))
        sources.append(ListSource(list_id, str(path), bit, kind, "adblock", exceptions))
    return Snapshot.open(compile_lists(sources, folder / "compiled").path)
