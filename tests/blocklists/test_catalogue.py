"""The catalogue of public lists: every entry complete, and of a shape that ``lists.yaml`` would take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from schoolguard.categories import BY_NAME
from schoolguard.config.list_keys import FORMATS

CATALOGUE = Path(__file__).resolve().parents[2] / "blocklists/catalogue.yaml"
_KEYS = "id name maintainer homepage address format category licence size update note"
KEYS = set(_KEYS.split())
SIZES = {"small", "medium", "large", "huge"}


@pytest.fixture(scope="module")
def catalogue() -> list[dict[str, Any]]:
    found = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["lists"]
    assert isinstance(found, list)
    return found


def test_every_entry_has_every_key_filled(catalogue: list[dict[str, Any]]) -> None:
    for entry in catalogue:
        assert set(entry) == KEYS, entry.get("id")
        assert all(entry.values()), entry["id"]
        assert set(entry["note"]) == {"vi", "en"}, entry["id"]
        assert all(isinstance(text, str) and text.strip() for text in entry["note"].values()), entry["id"]


def test_values_are_what_the_configuration_takes(catalogue: list[dict[str, Any]]) -> None:
    for entry in catalogue:
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", entry["id"])
        assert entry["format"] in FORMATS, entry["id"]
        assert entry["category"] in BY_NAME, entry["id"]
        assert not BY_NAME[entry["category"]].sealed, entry["id"]
        assert entry["size"] in SIZES, entry["id"]
    assert len({entry["id"] for entry in catalogue}) == len(catalogue)
    assert len({entry["address"] for entry in catalogue}) == len(catalogue)


def test_addresses_are_https_without_query_or_login(catalogue: list[dict[str, Any]]) -> None:
    for entry in catalogue:
        for key in ("address", "homepage"):
            address = urlsplit(entry[key])
            assert (address.scheme, address.query, address.username) == ("https", "", None), entry["id"]
            assert "." in (address.hostname or ""), entry["id"]


@pytest.mark.parametrize(
    ("list_id", "trap"),
    [
        ("hostsvn-gambling", "CyStack"), ("cystack-gambling", "other two"), ("hagezi-gambling", "all three"),
        ("hagezi-nsfw", "vio.edu.vn"), ("chongluadao", "www.youtube.com"),
    ],
)  # fmt: skip
def test_known_traps_are_told(catalogue: list[dict[str, Any]], list_id: str, trap: str) -> None:
    (entry,) = [entry for entry in catalogue if entry["id"] == list_id]
    assert trap in entry["note"]["en"]
