"""The folder as a whole: every file in force, every category known, the popular names said twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from schoolguard.categories import BY_NAME, SEALED
from schoolguard.lists.compile import compile_lists
from schoolguard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
BLOCKLISTS = ROOT / "blocklists"

WITHOUT_STARTER = {"illegal", "takedown", "new-domain"}
"""Categories that orders and feeds fill."""

FEW = {"malware": 3, "phishing": 1, "self-harm": 5, "violence": 25}
"""Categories with few names that are well known and stay what they are; all others hold 40 or more."""


def entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(("!", "#"))]


def test_every_file_is_in_force_and_every_list_has_its_file(shipped: Settings) -> None:
    named = {Path(source.path).relative_to(BLOCKLISTS.resolve()) for source in shipped.lists}
    found = {path.relative_to(BLOCKLISTS) for path in BLOCKLISTS.rglob("*.txt")}
    assert named == found
    assert len(named) == len(shipped.lists)


def test_each_category_has_its_starter_list_under_its_own_name() -> None:
    listed = yaml.safe_load((ROOT / "config/lists.yaml").read_text(encoding="utf-8"))["lists"]
    starters = {row["file"]: row["category"] for row in listed if row["id"].startswith("starter-")}
    assert starters == {f"{name}.txt": name for name in BY_NAME if name not in WITHOUT_STARTER}
    assert all(row["id"] == f"starter-{row['category']}" for row in listed if row["file"] in starters)


def test_lists_are_long_enough_to_be_of_use(plain_lists: Mapping[str, list[str]]) -> None:
    for name in BY_NAME.keys() - WITHOUT_STARTER:
        assert len(plain_lists[name]) >= FEW.get(name, 40), name
    assert len(plain_lists["never-block"]) >= 280
    assert len(plain_lists["allow"]) >= 390


def test_every_line_compiles(shipped: Settings, tmp_path: Path) -> None:
    outcome = compile_lists(shipped.lists, tmp_path)
    for row in outcome.sources:
        assert row.report.refused == {}, row.id
        assert row.note.message == "", row.id
        assert row.ignored == 0, row.id


def test_a_spared_name_has_one_true_category() -> None:
    folder = BLOCKLISTS / "popular"
    spared = [line.removeprefix("@@") for line in entries((folder / "spared.txt").read_text("utf-8"))]
    assert all(re.fullmatch(r"\|\|[a-z0-9.-]+\^", line) for line in spared)
    assert len(set(spared)) == len(spared)
    true = {
        path.stem: {line.removesuffix("$important") for line in entries(path.read_text("utf-8"))}
        for path in folder.glob("*.txt")
        if path.stem in BY_NAME
    }
    for line in spared:
        assert [stem for stem, lines in true.items() if line in lines], line
        assert sum(line in lines for lines in true.values()) == 1, line
    # Advertising names below a spared name are said again; nothing else may be there that is not spared.
    for stem, lines in true.items():
        rest = {line.strip("|^") for line in lines - set(spared)}
        assert not rest or stem == "ads"
        assert all(any(name.endswith("." + line.strip("|^")) for line in spared) for name in rest)


def test_no_list_of_ours_speaks_for_a_sealed_category(shipped: Settings) -> None:
    assert not any(1 << source.bit & SEALED for source in shipped.lists)
