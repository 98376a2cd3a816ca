"""What is published of the feed is what the reader reads: FEED.md, FEED.vi.md, the JSON Schemas."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from schoolguard.feed.documents import DOCUMENTS
from schoolguard.feed.reference import FILES, SCHEMAS, filled, lines
from schoolguard.feed.schema import schema_text, schemas

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("language", FILES)
def test_the_description_is_up_to_date(language: str) -> None:
    """``python -m schoolguard.feed.reference .`` brings it so."""
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    assert filled(text, language) == text


@pytest.mark.parametrize("language", FILES)
def test_every_member_of_every_document_is_described(language: str) -> None:
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    for format, members in DOCUMENTS.items():
        section = text.partition(f"<!-- members: {format} -->")[2].partition("<!-- end -->")[0]
        for path, _ in lines(members.members):
            assert f"| `{path}` |" in section


def test_every_member_says_something_in_both_languages() -> None:
    for members in DOCUMENTS.values():
        for path, member in lines(members.members):
            assert len(member.en) > 5, path
            assert len(member.vi) > 5, path
            assert not member.vi.isascii(), path


def test_the_published_schemas_are_up_to_date() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert published == {name: schema_text(schema) for name, schema in schemas().items()}
    assert len({json.loads(text)["$id"] for text in published.values()}) == len(published)


def test_the_package_has_the_schemas_and_the_dictionary() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["schoolguard"]
    packed = {path for pattern in patterns for path in (ROOT / "schoolguard").glob(pattern)}
    assert packed >= {*SCHEMAS.glob("*.json"), *SCHEMAS.parent.glob("*.zdict")}
