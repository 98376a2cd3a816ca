"""The table of engines: exact hosts lead to their twin, zones hold all below, escaped names are others."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.names import key_of_wire, search_key, to_wire
from schoolguard.policy.bypass import Bypass
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube

SAFE = {search_key(host): "safe.example" for host in ("www.engine.example", "engine.vn")}
TUBE = search_key("www.tube.example")
ENGINES = Engines(
    SAFE,
    {YouTube.MODERATE: {TUBE: "moderate.tube.example"}, YouTube.STRICT: {TUBE: "strict.tube.example"}},
    {search_key("coccoc.example"): "Cốc Cốc"},
    {search_key("search.yahoo.example"): "Yahoo", search_key("ask.example"): "Ask"},
)
ON = SafeSearch(on=True)


@pytest.mark.parametrize(
    ("name", "safe", "target"),
    [
        ("www.engine.example", ON, "safe.example"),
        ("engine.vn", ON, "safe.example"),
        ("engine.example", ON, None),
        ("x.www.engine.example", ON, None),
        ("www.engine.example", SafeSearch(), None),
        ("www.engine.example", SafeSearch(False, YouTube.STRICT), None),
        ("www.tube.example", ON, None),
        ("www.tube.example", SafeSearch(False, YouTube.MODERATE), "moderate.tube.example"),
        ("www.tube.example", SafeSearch(True, YouTube.STRICT), "strict.tube.example"),
        ("tube.example", SafeSearch(True, YouTube.STRICT), None),
    ],
)
def test_where_a_name_leads(name: str, safe: SafeSearch, target: str | None) -> None:
    assert ENGINES.redirect(search_key(name), safe) == target


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("coccoc.example", "Cốc Cốc"),
        ("update.coccoc.example", None),
        ("search.yahoo.example", "Yahoo"),
        ("vn.images.search.yahoo.example", "Yahoo"),
        ("mail.yahoo.example", None),
        ("xsearch.yahoo.example", None),
        ("ask.example", "Ask"),
        ("www.ask.example", "Ask"),
        ("task.example", None),
        ("example", None),
    ],
)
def test_which_engine_cannot_be_forced(name: str, engine: str | None) -> None:
    assert ENGINES.unforceable(search_key(name)) == engine


def test_a_dot_inside_a_label_makes_another_name() -> None:
    wire = b"\x09ask\x2eothex\x07example\0"
    assert ENGINES.unforceable(key_of_wire(wire)) is None
    assert ENGINES.unforceable(key_of_wire(b"\x05x.ask\x07example\0")) is None
    assert ENGINES.unforceable(key_of_wire(b"\x03a.b" + to_wire("ask.example"))) == "Ask"


def test_an_empty_table_says_nothing() -> None:
    assert Engines().redirect(TUBE, SafeSearch(True, YouTube.STRICT)) is None
    assert Engines().unforceable("") is None


@pytest.mark.parametrize(
    ("safe", "demanded"),
    [(SafeSearch(), False), (ON, True), (SafeSearch(False, YouTube.MODERATE), True)],
)
def test_what_is_demanded(safe: SafeSearch, demanded: bool) -> None:
    assert safe.demanded is demanded


def test_the_table_travels_between_processes() -> None:
    assert pickle.loads(pickle.dumps(ENGINES)) == ENGINES


LABELS = st.lists(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True), min_size=1, max_size=5)


@given(LABELS, st.sets(st.integers(1, 5), max_size=3))
def test_a_zone_holds_exactly_what_ends_in_it(labels: list[str], depths: set[int]) -> None:
    zones = {".".join(labels[-depth:]) for depth in depths if depth <= len(labels)} | {"other.example"}
    table = Engines(zones={search_key(zone): zone for zone in zones})
    name = ".".join(labels)
    expected = any(name == zone or name.endswith("." + zone) for zone in zones)
    assert (table.unforceable(search_key(name)) is not None) is expected


def test_kinds_of_attempts_have_labels_and_keep_their_numbers() -> None:
    assert [int(kind) for kind in Bypass] == list(range(len(Bypass)))
    assert all(kind.label_vi and kind.label_en for kind in Bypass)
    assert len({kind.label_vi for kind in Bypass}) == len({kind.label_en for kind in Bypass}) == len(Bypass)
    assert Bypass.PRIVATE_RELAY.word == "private-relay"
    assert pickle.loads(pickle.dumps(Bypass.DDR)) is Bypass.DDR
