"""Whatever stands in the files, the only exception is ``ConfigError``."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path, PurePath

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.config import ConfigError, findings, load
from schoolguard.config.files import FILES, rows
from schoolguard.config.schema import schema_of

TODAY = date(2026, 11, 24)
BASE = Path(__file__).parent / "base"
NAMES = (
    "schoolguard.yaml",
    "tiers.yaml",
    "lists.yaml",
    "province.yaml",
    "communes/pa-tan.yaml",
    "schools/th-a.yaml",
)
KEYS = sorted(
    {part for kind in FILES for row in rows(kind.section) for part in row.path.replace("[]", "").split(".")}
)

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [*KEYS, "off", "no", "~", "thcs", "games", "10.1.0.0/24", "::1@53", "system", "5m", "1 GiB"]
    ),
    st.from_regex(r"[0-9a-f:.]{1,20}[/@%][0-9]{1,6}", fullmatch=True),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), inner, max_size=6),
    ),
    max_leaves=30,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arbitrary")


def problem(root: Path, name: str, content: bytes) -> str | None:
    """Load the right configuration with one file replaced; return what the error says, if there is one."""
    shutil.copytree(BASE, root, dirs_exist_ok=True)
    (root / "config" / name).write_bytes(content)
    try:
        load(root / "config", resolv_conf=root / "resolv.conf", today=TODAY)
    except ConfigError as error:
        return "|".join(str(finding) for finding in error.findings)
    return None


def is_told(said: str | None) -> bool:
    """Whether there was an error, in words that do no harm to a terminal."""
    return bool(said) and str(said).isprintable()


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(NAMES), content=st.binary(max_size=200))
def test_any_bytes(root: Path, name: str, content: bytes) -> None:
    assert is_told(problem(root, name, content))


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(NAMES), content=st.text(alphabet=" \n\t-:[]{},&*!|>'\"%@`#?~aé1\\", max_size=60))
def test_any_punctuation(root: Path, name: str, content: str) -> None:
    assert is_told(problem(root, name, content.encode()))


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(NAMES), tree=TREES)
def test_any_tree(root: Path, name: str, tree: object) -> None:
    content = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    assert is_told(problem(root, name, content))


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_the_right_file_with_any_value_replaced(root: Path, name: str, data: st.DataObject) -> None:
    tree = yaml.safe_load((BASE / "config" / name).read_text(encoding="utf-8"))
    spot = tree
    while True:
        places = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        place = data.draw(st.sampled_from(places))
        if isinstance(spot[place], dict | list) and spot[place] and data.draw(st.booleans()):
            spot = spot[place]
        else:
            spot[place] = data.draw(st.one_of(SCALARS, st.lists(SCALARS, max_size=3)))
            break
    text = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    said = problem(root, name, text)
    if said is None:  # what the loader accepts, an editor must not call wrong
        kind = next(kind for kind in FILES if PurePath(name).match(kind.pattern))
        jsonschema.Draft202012Validator(schema_of(kind)).validate(yaml.safe_load(text))
    else:
        assert is_told(said)


def test_a_bomb_of_aliases_is_one_short_finding(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    lines = ["a0: &a0 [lol, lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    (tmp_path / "config" / "tiers.yaml").write_text("\n".join(lines))
    found = findings(tmp_path / "config", resolv_conf=tmp_path / "resolv.conf", cores=4, today=TODAY)
    assert [(f.path, f.line) for f in found] == [("tiers.yaml", 1)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_any_depth(root: Path, opening: str) -> None:
    assert is_told(problem(root, "lists.yaml", (opening * 100_000).encode()))
