"""``diff``: two configuration folders, the names asked for, what is different for whom and when."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import mask_of
from schoolguard.cli import main
from schoolguard.config import load
from schoolguard.dns.names import search_key, to_ascii, to_wire
from schoolguard.dns.rr import RRType
from schoolguard.language import Said
from schoolguard.lists.stack import Stack
from schoolguard.node.alike import QUESTION_END
from schoolguard.node.asked import AskedNames
from schoolguard.node.coming import WEEK, Standing
from schoolguard.node.difference import Change
from schoolguard.node.differing import Side, differences
from schoolguard.node.names_tried import evenly, names_in
from schoolguard.policy.decide import decide
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.timetable import midnight
from schoolguard.resolver.special import special_answer
from schoolguard.settings import Settings
from tests.servers import free_port
from tests.site import Site

MONDAY = midnight(date(2026, 11, 30))
PROVINCE: dict[str, Any] = {
    "calendar": {
        "years": [{"name": "2026", "terms": [{"name": "I", "from": "2026-09-05", "to": "2027-05-29"}]}]
    },
    "windows": [
        {"name": "gio-hoc", "days": ["school-days"], "hours": ["07:00-11:30"]},
        {"name": "buoi-toi", "days": ["every-day"], "hours": ["19:00-21:00"]},
    ],
}
NAMES = ["bet.example", "game.example", "mxh.example", "hoc.example", "www.hoc.example", "a.onion"]


@pytest.fixture
def former(tmp_path: Path) -> Site:
    """The configuration in force, its lists compiled."""
    folder = tmp_path / "former"
    folder.mkdir()
    site = Site(folder, free_port(), free_port(), ["127.0.0.1@9"], province=json.loads(json.dumps(PROVINCE)))
    site.write()
    result = run("lists", "compile", "--config", str(site.config))
    assert result.exit_code == 0, result.output
    return site


@pytest.fixture
def new(former: Site, tmp_path: Path) -> Site:
    """A copy of it to be changed, with list files and a state of its own; ``write`` puts it on the disk."""
    folder = tmp_path / "new"
    folder.mkdir()
    site = Site(
        folder, former.port, former.metrics, former.upstreams, province=json.loads(json.dumps(PROVINCE))
    )
    return site.write()


def run(*arguments: str, language: str = "en") -> Result:
    """Run a command; a traceback fails the test."""
    result = CliRunner().invoke(main, [*arguments, "--language", language])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def diff(former: Site, new: Site, *arguments: str, names: list[str] = NAMES, language: str = "en") -> Result:
    """Run ``diff`` on a file of names."""
    file = new.folder / "names"
    file.write_text("".join(f"{name}\n" for name in names))
    both = (str(former.config), str(new.config))
    return run("diff", *both, "--names", str(file), *arguments, language=language)


def changes(former: Site, new: Site, *arguments: str) -> list[dict[str, Any]]:
    """Return the changes as JSON, each with the tier's short group name."""
    result = diff(former, new, "--json", *arguments)
    assert result.exit_code == 1, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["changes"]
    return found


def test_two_that_are_the_same(former: Site, new: Site) -> None:
    result = diff(former, new)
    assert result.exit_code == 0
    assert result.stdout.startswith("0 of 6 names")
    assert not new.state.exists()


def test_a_rule_in_a_window(former: Site, new: Site) -> None:
    new.school["rules"] = [
        {"block": ["hoc.example"], "tiers": ["thpt"], "during": ["gio-hoc"], "reason": "Thử"}
    ]
    new.write()
    found = changes(former, new)
    assert {(each["name"], each["group"]) for each in found} == {
        ("hoc.example", "Học sinh THPT"),
        ("www.hoc.example", "Học sinh THPT"),
    }
    for each in found:
        assert (each["former"]["blocked"], each["former"]["rank"]["name"]) == (False, "default")
        assert (each["new"]["blocked"], each["new"]["rank"]["name"]) == (True, "rule")
        assert each["new"]["rule"]["reason"] == "Thử"
        assert (each["always"], each["windows"]) == (False, [["gio-hoc"]])
        assert each["first"].endswith("+07:00")
    text = diff(former, new).stdout
    assert "Newly blocked (2):" in text
    assert "in gio-hoc" in text
    assert "2 of 6 names" in text
    assert text.index("hoc.example") < text.index("2 of 6 names")


def test_at_one_time_only(former: Site, new: Site) -> None:
    new.school["rules"] = [{"block": ["hoc.example"], "during": ["gio-hoc"], "reason": "Thử"}]
    new.write()
    assert diff(former, new, "--at", "2026-11-30 20:00").exit_code == 0
    result = diff(former, new, "--at", "2026-11-30 08:00")
    assert result.exit_code == 1
    assert "at 2026-11-30 08:00" in result.stdout
    assert diff(former, new, "--at", "never").exit_code == 2


def test_a_tier_opens_and_closes(former: Site, new: Site) -> None:
    new.tiers["thpt"] = ["gambling", "adult", "social", "malware"]
    new.write()
    found = {
        (each["name"], each["former"]["blocked"], each["new"]["blocked"]) for each in changes(former, new)
    }
    assert found == {("game.example", True, False), ("mxh.example", False, True)}
    text = diff(former, new).stdout
    assert text.index("Newly blocked (1):") < text.index("Newly open (1):")
    assert "always" in text


def test_lists_that_differ_are_compiled_aside(former: Site, new: Site) -> None:
    new.lists["games"] = ["hoc.example"]
    new.write()
    before = sorted((path, path.stat().st_mtime_ns) for path in former.state.rglob("*"))
    found = {(each["name"], each["new"]["blocked"]) for each in changes(former, new)}
    assert found == {("game.example", False), ("hoc.example", True), ("www.hoc.example", True)}
    assert sorted((path, path.stat().st_mtime_ns) for path in former.state.rglob("*")) == before
    assert not new.state.exists()


def test_a_list_that_is_refused_now_keeps_its_last_good_copy(former: Site, new: Site) -> None:
    (new.blocklists / "games.txt").write_text("<!DOCTYPE html><html><body>Not found</body></html>\n")
    assert diff(former, new).exit_code == 0


def test_safe_search_leads_elsewhere(former: Site, new: Site) -> None:
    source = Path(__file__).parents[2] / "blocklists" / "safe-search.yaml"
    for site in (former, new):
        shutil.copy(source, site.blocklists)
    new.school["safe-search"] = True
    new.write()
    file = new.folder / "names"
    file.write_text("www.google.com\n")
    result = run("diff", str(former.config), str(new.config), "--names", str(file), "--json")
    found = json.loads(result.stdout)["changes"]
    assert {each["new"]["redirect"] for each in found} == {"forcesafesearch.google.com"}
    assert "otherwise" in run("diff", str(former.config), str(new.config), "--names", str(file)).stdout


def test_only_the_reason_is_another(former: Site, new: Site) -> None:
    new.school["rules"] = [{"block": ["bet.example"], "reason": "Cũng chặn ở đây"}]
    new.write()
    result = diff(former, new, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["changes"], told["other_causes"]) == (0, [], 1)


def test_groups_that_come_and_go_and_move(former: Site, new: Site) -> None:
    new.groups[2]["networks"] = ["127.0.6.0/24"]
    new.groups[3]["name"] = "Phụ huynh"
    new.write()
    result = diff(former, new, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["groups_moved"] == ["thu-nghiem/Giáo viên"]
    assert (told["groups_new"], told["groups_gone"]) == (["thu-nghiem/Phụ huynh"], ["thu-nghiem/Khách"])


def test_tests_that_the_new_one_breaks(former: Site, new: Site) -> None:
    new.school["tests"] = {"must-allow": [{"groups": ["Học sinh THPT"], "names": ["bet.example"]}]}
    new.write()
    result = diff(former, new)
    assert result.exit_code == 1
    assert "schools/thu-nghiem.yaml:" in result.stdout.splitlines()[0]
    assert "bet.example" in result.stdout.splitlines()[0]


def test_days_that_the_calendar_does_not_know(former: Site, new: Site) -> None:
    new.school["rules"] = [{"block": ["hoc.example"], "during": ["gio-hoc"], "reason": "Thử"}]
    new.write()
    found = changes(former, new, "--at", "2031-03-04 23:00")
    assert {tuple(each["windows"]) for each in found} == {()}
    assert {each["new"]["blocked"] for each in found} == {True}


def test_the_names_asked_for_are_tried(former: Site, new: Site) -> None:
    new.tiers["thpt"] = ["gambling"]
    new.write()
    both = (str(former.config), str(new.config))
    empty = run("diff", *both)
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert "--names" in empty.stderr
    asked = AskedNames(former.state)
    asked.add([to_wire("game.example"), to_wire("hoc.example")], date(2026, 11, 30))
    asked.save()
    for arguments in (both, ("--config", both[0], both[1])):
        result = run("diff", *arguments)
        assert result.exit_code == 1
        assert "game.example  Học sinh THPT (thu-nghiem)" in result.stdout
        assert "1 of 2 names" in result.stdout


@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_is_wrong_is_said_and_exits_with_2(
    former: Site, new: Site, tmp_path: Path, language: str
) -> None:
    both = (str(former.config), str(new.config))
    missing = run("diff", *both, "--names", str(tmp_path / "none"), language=language)
    assert missing.exit_code == 2
    assert str(tmp_path / "none") in missing.stderr
    (tmp_path / "rubbish").write_bytes(b"\0\xff\n..\n# game.example\n")
    assert run("diff", *both, "--names", str(tmp_path / "rubbish"), language=language).exit_code == 2
    (new.config / "tiers.yaml").write_text("tiers: [")
    broken = run("diff", *both, language=language)
    assert broken.exit_code == 2
    assert f"{new.config}:" in broken.stderr
    assert "tiers.yaml" in broken.stderr
    assert run("diff", str(tmp_path / "none"), str(former.config), language=language).exit_code == 2
    assert run("diff", language=language).exit_code == 2
    assert run("diff", "a", "b", "c", language=language).exit_code == 2


def test_before_the_first_compile(former: Site, new: Site) -> None:
    result = diff(new, former)
    assert result.exit_code == 2
    assert "lists compile" in result.stderr


def test_lines_that_are_no_names_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes("hoc.example\r\nbị-cấm.example # here\nbad..name\n\n".encode() + b"\xff\xfe\n")
    notes: list[Said] = []
    names = names_in(path, notes)
    assert names == ["hoc.example", to_ascii("bị-cấm.example")]
    assert len(notes) == 1
    assert "2 lines" in str(notes[0])
    assert "line 3" in str(notes[0])


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_a_file_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "names-of-anything"
    path.write_bytes(content)
    notes: list[Said] = []
    try:
        names = names_in(path, notes)
    except Said:
        return
    assert names == sorted(set(names))
    assert all(search_key(name) for name in names)


@given(st.integers(0, 3_000), st.integers(1, 500))
def test_names_are_left_out_evenly(count: int, most: int) -> None:
    names = [str(number) for number in range(count)]
    found = evenly(names, most)
    assert len(found) == min(count, most)
    gaps = {int(after) - int(before) for before, after in itertools.pairwise(found)}
    assert max(gaps, default=1) - min(gaps, default=1) <= 1


TARGETS = [
    "hoc.example",
    "www.hoc.example",
    "a.www.hoc.example",
    "game.example",
    "category:games",
    "category:social",
]
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "layer": st.sampled_from([Layer.PROVINCE, Layer.SCHOOL, Layer.GROUP]),
            "verb": st.sampled_from(list(Verb)),
            "what": st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
            "during": st.sampled_from([None, "gio-hoc", "buoi-toi"]),
        }
    ),
    max_size=3,
)


def rule_of(drawn: dict[str, Any]) -> Rule:
    """Return a drawn rule."""
    names = frozenset(each for each in drawn["what"] if ":" not in each)
    categories = mask_of(each.partition(":")[2] for each in drawn["what"] if ":" in each)
    during = frozenset([drawn["during"]] if drawn["during"] else [])
    return Rule(drawn["layer"], drawn["verb"], names, categories, reason="Thử", during=during)


def side(configuration: Settings, drawn: list[dict[str, Any]]) -> Side:
    """Return a configuration whose second group has the drawn rules, and an overlay for lists."""
    (school,) = configuration.schools
    groups = list(school.groups)
    groups[1] = replace(groups[1], rules=tuple(map(rule_of, drawn)))
    masks = {"example.game.": mask_of(["games"]), "example.mxh.": mask_of(["social"])}
    changed = replace(configuration, schools=(replace(school, groups=tuple(groups)),))
    return Side(changed, Stack([], masks))


def brute_force(former: Side, new: Side, names: list[str]) -> set[tuple[str, str]]:
    """Return the names and groups that differ, every minute's plan tried for every name."""
    found = set()
    for before, after in zip(_standings(former.settings), _standings(new.settings), strict=True):
        for hour in range(7 * 24):
            now = MONDAY + hour * 3600 + 1800
            for name in names:
                seen = [_seen(side, each, name, now) for side, each in ((former, before), (new, after))]
                if seen[0] != seen[1]:
                    found.add((name, after.group.name))
    return found


def _standings(configuration: Settings) -> list[Standing]:
    (school,) = configuration.schools
    return [Standing(school, group, configuration.engines) for group in school.groups]


def _seen(side: Side, standing: Standing, name: str, now: float) -> tuple[bool, bool, str]:
    plan, key = standing.plan(now), search_key(name)
    decision = decide(plan, key, side.stack.mask(key, RRType.A))
    local = special_answer(key, to_wire(name) + QUESTION_END, plan.blocked) is not None
    return local, decision.blocked, decision.redirect


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a site with two windows."""
    site = Site(
        tmp_path_factory.mktemp("sides"), free_port(), free_port(), ["127.0.0.1@9"], province=PROVINCE
    )
    return load(site.write().config).settings


@settings(max_examples=25, deadline=None)
@given(before=RULES, after=RULES)
def test_it_finds_what_trying_everything_finds(
    configuration: Settings, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    former, new = side(configuration, before), side(configuration, after)
    tried = sorted({*TARGETS[:4], *NAMES, "game.hoc.example", "x.game.example", "other.example"})
    found = differences(former, new, tried, MONDAY, MONDAY + WEEK)
    got = {(name, change.group) for change in found.changes for name in change.names}
    assert got == brute_force(former, new, tried)
    assert _each_once(found.changes)


def _each_once(found: tuple[Change, ...]) -> bool:
    keys = [(change.group, name, change.former, change.new) for change in found for name in change.names]
    return len(keys) == len(set(keys))
