"""The reference, the schemas and the examples say what the code does."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schoolguard.config import findings, load, reference, schema
from schoolguard.config.files import FILES, LISTS_FILES, FileKind, rows
from schoolguard.config.finding import Collector
from schoolguard.config.list_keys import FORMATS
from schoolguard.config.nodes import read_nodes
from schoolguard.config.types import Fields, Section
from schoolguard.lists import formats

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
TODAY = date(2026, 11, 24)
BASE = Path(__file__).parent / "base"
ALL = (*FILES, *LISTS_FILES)
KINDS = pytest.mark.parametrize("kind", ALL, ids=[kind.schema for kind in ALL])


@pytest.fixture
def readme() -> str:
    return (CONFIG / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_every_key_of_the_table(readme: str) -> None:
    assert readme == reference.filled(readme), "run: python -m schoolguard.config.reference config"


@KINDS
def test_the_readme_has_a_table_for_each_file(readme: str, kind: FileKind) -> None:
    assert f"<!-- keys: {kind.pattern} -->\n| key |" in readme


@KINDS
def test_the_kept_schema_is_the_codes(kind: FileKind) -> None:
    kept = (CONFIG / "schema" / kind.schema).read_text(encoding="utf-8")
    assert kept == schema.texts()[kind.schema], "run: python -m schoolguard.config.reference config"


@KINDS
def test_each_schema_is_a_schema_and_describes_each_key(kind: FileKind) -> None:
    made = schema.schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(made)
    assert _described(made) == [row.key.name for row in rows(kind.section)]


def _described(node: dict[str, Any]) -> list[str]:
    names = []
    for name, value in node.get("properties", {}).items():
        assert len(value["description"]) > 10
        names += [name, *_described(value), *_described(value.get("items", {}))]
    return names


@KINDS
def test_a_default_is_read_as_it_is_shown(kind: FileKind) -> None:
    for row in rows(kind.section):
        if row.key.default is None:
            continue
        out = Collector()
        node = read_nodes(f"{row.key.name}: {row.key.type.show(row.key.default)}\n", "shown", out)
        assert node is not None
        fields: Fields = Section((row.key,)).read(node, out)
        assert out.all() == ()
        assert fields.value(row.key) == row.key.default, row.path


def test_every_format_of_a_list_can_be_named() -> None:
    assert ("auto", *formats.FORMATS) == FORMATS


def _files(folder: Path) -> list[tuple[Path, FileKind]]:
    return [(path, kind) for kind in FILES for path in sorted(folder.glob(kind.pattern))]


@pytest.mark.parametrize(
    ("path", "kind"), _files(CONFIG) + _files(BASE / "config"), ids=lambda value: getattr(value, "name", "")
)
def test_every_example_fits_its_schema(path: Path, kind: FileKind) -> None:
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema.schema_of(kind)).validate(tree)


@pytest.mark.parametrize("kind", LISTS_FILES, ids=[kind.schema for kind in LISTS_FILES])
def test_what_lies_beside_the_lists_fits_its_schema(kind: FileKind) -> None:
    paths = sorted((ROOT / "blocklists").glob(kind.pattern))
    assert paths
    for path in paths:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema.schema_of(kind)).validate(tree)


@KINDS
def test_a_schema_refuses_an_unknown_key(kind: FileKind) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema.schema_of(kind)).validate({"unknown": 1})


@pytest.mark.parametrize(("path", "kind"), _files(CONFIG), ids=lambda value: getattr(value, "name", ""))
def test_every_example_names_its_schema(path: Path, kind: FileKind) -> None:
    match = re.search(
        r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert match is not None
    assert (path.parent / match[1]).resolve() == CONFIG / "schema" / kind.schema
    assert json.loads((path.parent / match[1]).read_text(encoding="utf-8"))["title"] == kind.title


def test_the_examples_load(tmp_path: Path) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 10.0.0.53\n")
    loaded = load(CONFIG, resolv_conf=resolv_conf, today=TODAY)
    assert {school.level for school in loaded.settings.schools} == {"tieu-hoc", "th-thcs", "thpt"}
    answers = {g.blocking.answer for school in loaded.settings.schools for g in school.groups}
    assert len(answers) == 5


def test_the_examples_have_no_findings(tmp_path: Path) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 10.0.0.53\n")
    found = findings(CONFIG, resolv_conf=resolv_conf, cores=1, today=TODAY)
    assert [str(finding) for finding in found] == []
