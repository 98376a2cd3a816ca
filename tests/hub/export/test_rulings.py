"""A tier's rulings mean to every reader of policy zones what the tier decides, for any lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import from_key, search_key
from schoolguard.hub.export.files import Head, adblock_lines, hosts_lines, zone_lines
from schoolguard.hub.export.model import ExportZone, Left, Ruling, Verdict
from schoolguard.hub.export.rulings import Judge, rulings_of
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Exceptions, ListSource
from schoolguard.lists.snapshot import Snapshot
from tests.hub.export.conftest import BLOCKED, ZONE, Tier

HEAD = Head("thcs", "2026-09-05T07:00:00+07:00", "0" * 64)
_LABEL = st.sampled_from("ab")
NAMES = st.lists(_LABEL, min_size=0, max_size=3).map(lambda labels: ".".join([*labels, "x", "vn"]))
RULE = st.builds(
    "{0}{1}{2}^".format, st.sampled_from(["", "", "@@"]), st.sampled_from(["||", "|", "||*."]), NAMES
)
RULES = st.lists(RULE, max_size=6)


def told(rulings: dict[str, Ruling], name: str) -> Verdict:
    """Return what a policy zone says of a name: RFC 4592, with the rulings as its records."""
    key = search_key(name)
    exists = {each.key for each in rulings.values()}
    exists |= {key[: at + 1] for key in tuple(exists) for at, sign in enumerate(key) if sign == "."}
    if key in exists:
        return rulings[key].own if key in rulings else Verdict.NONE
    while key:
        key = key[: key.rfind(".", 0, -1) + 1]
        if key in exists:
            return rulings[key].below if key in rulings else Verdict.NONE
    return Verdict.NONE


def probes(names: set[str]) -> set[str]:
    """Return names and what is round them."""
    higher = {name.split(".", at)[-1] for name in names for at in range(name.count("."))}
    every = names | higher
    return every | {f"{label}.{name}" for name in every for label in ("a", "new", "far.new")}


class Lists:
    """Compiles three lists as a category, an exception to all, and the safety net."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compile(self, name: str, rules: list[str], category: str, reach: Exceptions) -> ListSource:
        path = self._folder / name
        path.write_text("".join(rule + "\n" for rule in [*rules, "||other.example^"]))
        return ListSource(
            name,
            str(path),
            BY_NAME[category].bit,
            format="adblock",
            exceptions=reach,
            max_shrink=None,
            max_growth=None,
        )

    def snapshot(self, *sources: ListSource) -> Path:
        return compile_lists(sources, self._folder / "snapshots").path


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Lists:
    """A folder for lists."""
    return Lists(tmp_path_factory.mktemp("lists"))


def decided(judge: Judge, name: str, snapshot: Snapshot) -> bool:
    """Return whether the tier blocks a name."""
    return judge._verdict(snapshot.mask(search_key(name))) is Verdict.BLOCK


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RULES, RULES, RULES)
def test_rulings_mean_what_the_tier_decides(
    lists: Lists, gambling: list[str], games: list[str], illegal: list[str]
) -> None:
    path = lists.snapshot(
        lists.compile("gambling", gambling, "gambling", Exceptions.OWN),
        lists.compile("games", games, "games", Exceptions.ALL),
        lists.compile("illegal", illegal, "illegal", Exceptions.OWN),
    )
    snapshot, left = Snapshot.open(path), Left()
    rulings = list(rulings_of([path], BLOCKED, {}, path.parent, left))
    by_key = {each.key: each for each in rulings}
    assert len(by_key) == len(rulings)
    assert [each.key for each in rulings] == sorted(by_key)
    judge = Judge([snapshot], {}, BLOCKED, left)
    for name in probes({from_key(key) for key in by_key} | {"x.vn", "a.b.a.x.vn"}):
        assert (told(by_key, name) is Verdict.BLOCK) == decided(judge, name, snapshot), name


def test_names_between_a_block_and_an_exception_are_ruled(tier: Tier) -> None:
    snapshot = tier.compile(gambling="||x.vn^", never_block="c.b.a.x.vn")
    rulings = {from_key(r.key): r.own + r.below for r in tier.rulings(snapshot)}
    assert rulings == {"x.vn": "bb", "a.x.vn": "bb", "b.a.x.vn": "bb", "c.b.a.x.vn": "pp"}


def test_what_a_parent_says_is_not_said_again(tier: Tier) -> None:
    snapshot = tier.compile(gambling="||x.vn^ ||a.x.vn^ ||y.x.vn^", games="||g.vn^")
    assert [from_key(r.key) for r in tier.rulings(snapshot)] == ["x.vn"]


def test_an_order_in_force_is_exported(tier: Tier) -> None:
    snapshot = tier.compile(gambling="||x.vn^", never_block="school.edu.vn")
    rulings = {r.key: r for r in tier.rulings(snapshot, {"vn.bad.": BY_NAME["takedown"].mask})}
    assert rulings["vn.bad."] == Ruling("vn.bad.", Verdict.BLOCK, Verdict.BLOCK)


def test_what_no_export_can_say_is_counted(lists: Lists) -> None:
    rules = ["/^ads[0-9]+\\./", "||typed.vn^$dnstype=AAAA", "||x.vn^"]
    path = lists.snapshot(lists.compile("gambling", rules, "gambling", Exceptions.OFF))
    left = Left()
    list(rulings_of([path], BLOCKED, {}, path.parent, left))
    assert (left.patterns, left.typed) == (1, 1)


@pytest.mark.parametrize("form", ["rpz", "adblock", "hosts"])
def test_our_own_reader_understands_every_format(form: str, tier: Tier, tmp_path: Path) -> None:
    snapshot = tier.compile(
        gambling="||x.vn^ |exact.vn^ ||*.under.vn^", never_block="c.b.x.vn", illegal="||bad.c.b.x.vn^"
    )
    rulings = list(tier.rulings(snapshot))
    export = ExportZone(ZONE, "thcs", BLOCKED)
    lines = {
        "rpz": lambda: zone_lines(rulings, export, 1, HEAD, Left()),
        "adblock": lambda: adblock_lines(rulings, HEAD, Left()),
        "hosts": lambda: hosts_lines(rulings, HEAD),
    }[form]()
    path = tmp_path / "export"
    path.write_text("".join(line + "\n" for line in lines))
    again = ListSource("again", str(path), BY_NAME["gambling"].bit, exceptions=Exceptions.OWN)
    outcome = compile_lists([again], tmp_path / "again")
    report = outcome.sources[0].report
    assert report.format == form
    assert not report.refused
    exported = Snapshot.open(outcome.path)
    names = {"x.vn", "www.x.vn", "exact.vn", "under.vn", "a.under.vn", "c.b.x.vn", "www.c.b.x.vn", "d.b.x.vn"}
    blocked = {name for name in names if exported.mask(search_key(name))}
    wanted = {
        name for name in names if (Snapshot.open(snapshot).mask(search_key(name)) & (BLOCKED | 1 << 63)) == 8
    }
    if form == "hosts":
        assert {"x.vn", "exact.vn"} <= blocked
    else:
        assert blocked == wanted


def test_names_without_room_under_the_zone_are_left(tier: Tier) -> None:
    long = ".".join(["a" * 60] * 3 + ["b" * 50, "vn"])
    left = Left()
    lines = list(
        zone_lines(
            tier.rulings(tier.compile(gambling=f"||{long}^")), ExportZone(ZONE, "t", BLOCKED), 1, HEAD, left
        )
    )
    assert left.too_long == 2
    assert not [line for line in lines if "CNAME" in line]
