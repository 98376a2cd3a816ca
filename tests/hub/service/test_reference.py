"""The reference and schema of ``hub.yaml`` say what the code does; the example is read without findings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schoolguard.config.files import rows
from schoolguard.config.finding import Collector
from schoolguard.config.nodes import read_nodes
from schoolguard.config.schema import schema_of
from schoolguard.config.types import Section
from schoolguard.hub.service import reference
from schoolguard.hub.service.keys import HUB
from schoolguard.hub.service.reading import FILE, findings, read_hub

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
EXAMPLE = CONFIG / "hub" / FILE
AGAIN = "run: python -m schoolguard.hub.service.reference config"


@pytest.fixture(name="example")
def _example() -> Any:
    return yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a publisher's folder with the example and the catalogue that it names."""
    shutil.copy(EXAMPLE, tmp_path)
    shutil.copy(ROOT / "blocklists" / "catalogue.yaml", tmp_path)
    return tmp_path


def test_what_is_kept_is_the_codes(example: Any) -> None:
    readme = (CONFIG / "hub" / "README.md").read_text(encoding="utf-8")
    assert "<!-- keys: hub.yaml -->\n| key |" in readme
    assert readme == reference.filled(readme, example), AGAIN
    kept = (CONFIG / "schema" / reference.KIND.schema).read_text(encoding="utf-8")
    assert kept == reference.schema_text(), AGAIN


def test_main_writes_both(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "hub").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "hub")
    (tmp_path / "hub" / "README.md").write_text("a\n<!-- keys: hub.yaml -->\nstale\n<!-- end -->\nb\n")
    reference.main(tmp_path)
    written = (tmp_path / "hub" / "README.md").read_text(encoding="utf-8")
    assert "| `safety-net` | list of file | **required** | `[never-block.txt]` |" in written
    assert "stale" not in written
    assert written.endswith("<!-- end -->\nb\n")
    assert (tmp_path / "schema" / "hub.schema.json").read_text(encoding="utf-8") == reference.schema_text()


def test_the_schema_describes_each_key_and_refuses_others(example: Any) -> None:
    made = schema_of(reference.KIND)
    jsonschema.Draft202012Validator.check_schema(made)
    assert _described(made) == [row.key.name for row in rows(HUB)]
    validator = jsonschema.Draft202012Validator(made)
    validator.validate(example)
    for wrong in ({"unknown": 1}, {}, {**example, "subscriptions": [{"id": "a"}]}):
        assert not validator.is_valid(wrong)


def _described(node: dict[str, Any]) -> list[str]:
    names = []
    for name, value in node.get("properties", {}).items():
        assert len(value["description"]) > 10
        names += [name, *_described(value), *_described(value.get("items", {}))]
    return names


def test_the_example_has_every_key(example: Any) -> None:
    assert [row.path for row in rows(HUB) if not reference.found_at(row.path.split("."), example)] == []


def test_the_example_is_read_without_findings(folder: Path) -> None:
    assert [str(finding) for finding in findings(folder)] == []


def test_what_the_example_calls_defaults_are(folder: Path) -> None:
    full = read_hub(folder)
    text = "safety-net: [never-block.txt]\nsubscriptions:\n"
    text += "- {id: a, url: 'https://mirror.example.vn/a', category: games, licence: CC-BY-4.0}\n"
    (folder / FILE).write_text(text)
    short = read_hub(folder)
    assert (full.limits, full.layers, full.feed) == (short.limits, short.layers, short.feed)
    assert full.push_size == short.push_size
    ours, theirs = full.rollout, short.rollout
    assert (ours.pace, ours.jumps) == (theirs.pace, theirs.jumps)
    assert (ours.threshold, ours.kept, ours.canaries.share) == (
        theirs.threshold,
        theirs.kept,
        theirs.canaries.share,
    )
    mirror, bare = full.subscriptions[1].wanted, short.subscriptions[0].wanted
    assert (mirror.refresh, mirror.max_size, mirror.alarm_after, mirror.member, mirror.format) == (
        bare.refresh,
        bare.max_size,
        bare.alarm_after,
        bare.member,
        bare.format,
    )


def test_a_default_is_read_as_it_is_shown() -> None:
    for row in rows(HUB):
        if row.key.default is None:
            continue
        out = Collector()
        node = read_nodes(f"{row.key.name}: {row.key.type.show(row.key.default)}\n", "shown", out)
        assert node is not None
        assert Section((row.key,)).read(node, out).value(row.key) == row.key.default, row.path
        assert out.all() == ()


def test_findings_have_warnings_and_errors(folder: Path) -> None:
    (folder / FILE).write_text(
        "safety-net: [a.txt]\nrollout: {canary-share: 0%, canary-schools: [x]}\n", encoding="utf-8"
    )
    (warning,) = findings(folder)
    assert "cannot be seen among them" in str(warning)
    assert read_hub(folder).rollout.canaries.schools == {"x"}
    (folder / FILE).write_text("lisen: x\n")
    assert len(findings(folder)) == 2
