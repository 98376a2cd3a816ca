"""The ``budgets:`` of a layer: what they come to, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.config.budget_keys import BUDGETS
from schoolguard.config.budgets import ReadBudget, budgets_of, slug
from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import read_nodes
from schoolguard.config.own_categories import Table
from schoolguard.config.services import services_of
from schoolguard.config.types import Fields, Section
from schoolguard.policy.budgets import Budget
from schoolguard.policy.rule import Layer
from schoolguard.policy.services import Service

GAMES = BY_NAME["games"].mask
BLOCKLISTS = Path(__file__).resolve().parents[2] / "blocklists"
TABLE = Table(dict(BY_NAME), complete=True)
SERVICES = {
    each.id: each
    for each in (
        Service("free-fire", "Free Fire", "games", frozenset({"ff.example"})),
        Service("roblox", "Roblox", "games", frozenset({"roblox.example", "rbx.example"})),
        Service("zalo", "Zalo", "chat", frozenset({"zalo.example"})),
    )
}
TARGETS = "[category:games, service:zalo, mine.example]"
WHOLE = """
budgets:
  - name: Trò chơi
    minutes: 180
    each-service: 60
    of: [category:games, service:zalo, mine.example]
    tiers: [thcs, thpt]
    reason: Nghị định 147/2024/NĐ-CP
"""


def read(text: str, scope: str = "", layer: Layer = Layer.SCHOOL) -> tuple[tuple[ReadBudget, ...], list[str]]:
    """Return the budgets of a file's text, and what is said of it as ``LINE severity text``."""
    out = Collector()
    section = Section((BUDGETS,))
    node = read_nodes(text, "schools/a.yaml", out)
    assert node is not None
    fields = _fields(section, node, out)
    found = budgets_of(fields, layer, "Trường A", SERVICES, TABLE, out, scope)
    return found, [f"{each.line} {each.severity} {each.text}" for each in out.all()]


def _fields(section: Section, node: Any, out: Collector) -> Fields:
    try:
        return section.read(node, out)
    except Wrong as wrong:
        out.error(node.mark, wrong)
        return Fields({}, node.mark)


def test_a_budget_and_one_for_each_service() -> None:
    ((games,), said) = read(WHOLE)
    assert said == []
    assert games.name == "Trò chơi"
    assert games.tiers == {"thcs", "thpt"}
    reason = "Nghị định 147/2024/NĐ-CP"
    whole, free_fire, roblox, zalo = games.values
    assert whole == Budget(
        "tro-choi",
        "Trò chơi",
        180,
        frozenset({"mine.example", "zalo.example", "ff.example", "roblox.example", "rbx.example"}),
        GAMES,
        "Trường A",
        reason,
        Layer.SCHOOL,
    )
    assert free_fire == Budget(
        "tro-choi/free-fire", "Free Fire", 60, frozenset({"ff.example"}), 0, "Trường A", reason, Layer.SCHOOL
    )
    assert roblox.id == "tro-choi/roblox"
    assert roblox.names == {"roblox.example", "rbx.example"}
    assert zalo.id == "tro-choi/zalo"


def test_a_service_of_a_budgeted_category_uses_the_whole_budget_though_no_list_has_its_names() -> None:
    (games,), _ = read(WHOLE)
    whole = games.values[0]
    assert whole.covers("example.ff.", 0)


def test_without_each_service_there_is_one_budget_with_its_own_owner() -> None:
    (video,), said = read(
        "budgets: [{name: Video, minutes: 30, of: [category:streaming], owner: Cô Lan, reason: Buổi tối}]",
        layer=Layer.GROUP,
    )
    assert said == []
    assert [(each.id, each.owner, each.layer) for each in video.values] == [("video", "Cô Lan", Layer.GROUP)]
    assert video.tiers == frozenset()


def test_the_scope_begins_the_ids() -> None:
    (games,), _ = read(WHOLE, "th-a/Lớp 6A")
    assert [each.id for each in games.values[:2]] == [
        "th-a/Lớp 6A/tro-choi",
        "th-a/Lớp 6A/tro-choi/free-fire",
    ]


def test_a_file_without_budgets_has_none() -> None:
    assert read("{}") == ((), [])


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "minutes: 180",
            "minutes: 0",
            4,
            "this is too small or too large; found `0`; accepted: 1–1440",
        ),
        ("minutes: 180", "minutes: 1441", 4, "this is too small or too large"),
        ("minutes: 180", "minutes: 3h", 4, "error a whole number belongs here"),
        (
            "each-service: 60",
            "each-service: 181",
            5,
            "error each service cannot have more minutes",
        ),
        ("each-service", "each-servis", 5, "did you mean `each-service`?"),
        ("    reason: Nghị định 147/2024/NĐ-CP", "    owner: A", 3, "error the key `reason` is missing"),
        ("    minutes: 180\n", "", 3, "error the key `minutes` is missing"),
        ("mine.example", "service:robloks", 6, "did you mean `service:roblox`?"),
        ("mine.example", "category:game", 6, "did you mean `games`?"),
        ("mine.example", "category:games", 6, "warning: this stands twice"),
        ("mine.example", "category:illegal", 6, "warning: a sealed category is closed for everybody"),
        (
            "[category:games, service:zalo, mine.example]",
            "[a.example]",
            5,
            "warning: no service of the catalogue",
        ),
        ("[category:games, service:zalo, mine.example]", "[]", 6, "the list is empty"),
        ("thcs, thpt", "thcs, thtp", 7, "did you mean `thpt`?"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert WHOLE.count(old) == 1
    _, found = read(WHOLE.replace(old, new))
    assert [text for text in found if text.startswith(f"{line} ") and said in text], found


def test_two_budgets_of_one_name_are_told_however_it_is_spelt() -> None:
    second = "\n  - {name: TRO CHOI, minutes: 5, of: [a.example], reason: R}\n"
    found, said = read(WHOLE.rstrip() + second)
    assert [each.name for each in found] == ["Trò chơi"]
    assert said == ["9 error another budget has this name, in line 3; found `TRO CHOI`"]


def test_two_budgets_of_one_name_in_one_line_are_told() -> None:
    one = "{name: A, minutes: 5, of: [a.example], reason: R}"
    found, said = read(f"budgets: [{one}, {one}]")
    assert len(found) == 1
    assert said == ["1 error another budget has this name, in line 1; found `A`"]


@settings(max_examples=80)
@given(st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip())))
def test_every_name_has_a_slug_without_a_slash(name: str) -> None:
    found = slug(name)
    assert found
    assert "/" not in found
    assert " " not in found
    assert found == slug(name.upper().lower()) or name.upper().lower() != name.lower()


ITEMS = st.dictionaries(
    st.sampled_from(["name", "minutes", "each-service", "of", "tiers", "owner", "reason", "x"]),
    st.one_of(
        st.none(),
        st.integers(-1, 2000),
        st.text(max_size=8),
        st.lists(
            st.sampled_from(["service:zalo", "category:games", "a.example", "vn", ":", "thcs"]), max_size=3
        ),
    ),
)


@settings(max_examples=80)
@given(st.lists(ITEMS, max_size=3))
def test_whatever_stands_there_is_read_or_told(items: list[dict[str, Any]]) -> None:
    found, said = read(yaml.safe_dump({"budgets": items}, allow_unicode=True))
    assert len(found) + sum(" error " in text for text in said) >= len(items)
    ids = [budget.id for each in found for budget in each.values]
    assert len(ids) == len(set(ids))


def test_the_real_catalogue_has_games_to_give_minutes_to() -> None:
    out = Collector()
    services = services_of(BLOCKLISTS, TABLE, out)
    node = read_nodes(WHOLE, "province.yaml", out)
    assert node is not None
    fields = _fields(Section((BUDGETS,)), node, out)
    (games,) = budgets_of(fields, Layer.PROVINCE, "Sở", services, TABLE, Collector())
    ids = {each.id for each in games.values}
    assert {"tro-choi/free-fire", "tro-choi/roblox"} <= ids
